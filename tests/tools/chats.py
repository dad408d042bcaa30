"""A chat client against the scripted server, for the tests of the model's adapters."""

from pydantic import BaseModel, JsonValue, SecretStr

from tests.scripted_llm import MODEL, ScriptedLLM, Step
from tools.budget import Budget
from tools.llm import ChatModel

KEY = "sk-very-secret-123"


class Colour(BaseModel):
    name: str
    red: int


GOOD: dict[str, JsonValue] = {"name": "teal", "red": 0}


class Waits:
    """A sleep that only remembers."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def chat(server: ScriptedLLM, waits: Waits | None = None, **changes: object) -> ChatModel:
    values: dict[str, object] = {
        "url": server.url,
        "model": MODEL,
        "budget": Budget(calls=60, tokens=200_000, seconds=900),
        "key": SecretStr(KEY),
        "timeout": 5.0,
        "sleep": waits or Waits(),
        "jitter": lambda: 0.0,
    }
    return ChatModel(**{**values, **changes})  # type: ignore[arg-type]


async def ask(*steps: Step, waits: Waits | None = None, **changes: object) -> tuple[Colour, ChatModel, ScriptedLLM]:
    async with ScriptedLLM(steps) as server, chat(server, waits, **changes) as model:
        return await model.ask("Which colour?", Colour), model, server
