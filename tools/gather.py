"""The model chooses look-ups from a closed list; code validates, runs and records each one."""

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

import prompts
from agent.errors import DaoclerkError, SourceError, WriterError
from agent.schemas import Evidence, Request
from tools.answers import Asked, Misfit, strict_schema
from tools.llm import ChatModel, user

RESULT_SHOWN = 6000
"""Characters of one result that the model sees."""
_ANY: TypeAdapter[object] = TypeAdapter(object)


class Tool(NamedTuple):
    """What may be called: the arguments' schema (closed enumerations as Literal), a description the model reads, the function."""

    args: type[BaseModel]
    description: str
    call: Callable[..., Awaitable[object]]
    """Takes the validated arguments, returns pydantic models or JSON."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call the model asked for. `refused`: told why; `skipped`: ignored after having been told; `failed`: the source failed."""

    name: str
    arguments: JsonValue
    outcome: Literal["ok", "failed", "refused", "skipped"]
    seconds: float
    result_sha256: str
    """Hash of `result` in UTF-8."""
    result: str
    """JSON of the value, or why there is none."""
    value: object = None
    """What the function returned, for code."""


async def gather(
    chat: ChatModel, request: Request, tools: Mapping[str, Tool], budget: int, *, record: list[ToolCall] | None = None, dao_name: str = ""
) -> list[ToolCall]:
    """Let the model look things up at most `budget` times. Every call is appended to `record` as it happens.

    What comes back is shown to the model as quoted data; neither it nor the model can add to `tools`.
    Raises SourceError or WriterError if the endpoint fails; what was found until then is in `record`.
    """
    done = [] if record is None else record
    session = _Session(dict(tools), done)
    offered: list[JsonValue] = [_offer(name, tool) for name, tool in tools.items()]
    topic = prompts.quote(f"{request.topic}\n{request.caption or ''}".strip())
    messages = [user(prompts.render("gather", dao_name=prompts.quote(dao_name or request.dao), calls=budget, topic=topic))]
    left = budget
    while left > 0 and offered:
        choice, _ = await chat.turn(messages, {"tools": offered, "tool_choice": "auto"}, purpose="gather")
        asked = [
            one.model_copy(update={"id": one.id or f"call_{len(done)}_{at}"})
            for at, one in enumerate((choice.message.tool_calls or ())[:left])
        ]
        if not asked:
            break
        messages.append({"role": "assistant", "content": None, "tool_calls": [_echo(one) for one in asked]})
        for one in asked:
            left -= 1
            call = await session.run(one)
            done.append(call)
            text = f'<result tool="{prompts.quote(call.name)}">\n{prompts.quote(call.result[:RESULT_SHOWN])}\n</result>'
            messages.append({"role": "tool", "tool_call_id": one.id, "content": f"{text}\n{left} look-ups left."})
    return done


class _Session:
    """Which tools exist, what was asked already, and who has been told off."""

    def __init__(self, tools: Mapping[str, Tool], done: list[ToolCall]) -> None:
        self.tools, self.done = tools, done
        self.told: set[str] = set()
        self.asked: set[str] = set()

    async def run(self, asked: Asked) -> ToolCall:
        name = asked.function.name[:80]
        raw = asked.function.arguments
        tool = self.tools.get(name)
        if tool is None:
            return self._refuse(name, raw, f"there is no tool of that name; there are {', '.join(self.tools)}")
        try:
            arguments = _arguments(raw, tool.args)
        except Misfit as misfit:
            return self._refuse(name, raw, str(misfit))
        shown = arguments.model_dump(mode="json")
        key = f"{name} {json.dumps(shown, sort_keys=True)}"
        if key in self.asked:
            return _call(name, shown, "skipped", "this was asked before")
        self.asked.add(key)
        started = time.monotonic()
        try:
            value = await tool.call(arguments)
        except DaoclerkError as error:
            return _call(name, shown, "failed", str(error), started)
        return _call(name, shown, "ok", _ANY.dump_json(value).decode(), started, value)

    def _refuse(self, name: str, raw: JsonValue, why: str) -> ToolCall:
        """Told once a tool name, then skipped."""
        outcome: Literal["refused", "skipped"] = "skipped" if name in self.told else "refused"
        self.told.add(name)
        return _call(name, raw if len(str(raw)) <= 2000 else str(raw)[:2000], outcome, why if outcome == "refused" else "skipped")


def _call(
    name: str,
    arguments: JsonValue,
    outcome: Literal["ok", "failed", "refused", "skipped"],
    result: str,
    started: float | None = None,
    value: object = None,
) -> ToolCall:
    seconds = 0.0 if started is None else time.monotonic() - started
    return ToolCall(name, arguments, outcome, seconds, hashlib.sha256(result.encode()).hexdigest(), result, value)


def _arguments(raw: JsonValue, schema: type[BaseModel]) -> BaseModel:
    """Validate; unknown fields are refused whatever the schema says. Raises Misfit with one line for the model."""
    try:
        given = json.loads(raw) if isinstance(raw, str) else raw
        return schema.model_validate(given or {}, extra="forbid")
    except ValidationError as error:
        rows = error.errors(include_input=False, include_url=False, include_context=False)[:5]
        raise Misfit("; ".join(f"{'/'.join(str(part)[:40] for part in row['loc'])}: {row['msg'][:120]}" for row in rows)) from error
    except (ValueError, RecursionError) as error:
        raise Misfit("the arguments are no JSON object") from error


def _offer(name: str, tool: Tool) -> JsonValue:
    return {
        "type": "function",
        "function": {"name": name, "description": tool.description, "parameters": strict_schema(tool.args), "strict": True},
    }


def _echo(asked: Asked) -> JsonValue:
    arguments = asked.function.arguments
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": asked.id, "type": "function", "function": {"name": asked.function.name[:80], "arguments": text[:4000]}}


class ModelGatherer:
    """Satisfies Gatherer: the evidence among what the tools returned. `calls` and `problem` say what happened."""

    def __init__(self, chat: ChatModel, tools: Mapping[str, Tool], budget: int = 8) -> None:
        self.chat, self.tools, self.budget = chat, dict(tools), budget
        self.calls: list[ToolCall] = []
        self.problem: str | None = None

    async def gather(self, request: Request) -> tuple[Evidence, ...]:
        """What was found, also when the endpoint failed on the way; then `problem` says why."""
        record: list[ToolCall] = []
        try:
            await gather(self.chat, request, self.tools, self.budget, record=record)
        except (SourceError, WriterError) as error:
            self.problem = str(error)
        self.calls += record
        found = [row for call in record for row in _rows(call.value)]
        return tuple({(row.kind, row.sha256, row.quote): row for row in found}.values())


def _rows(value: object) -> list[Evidence]:
    rows = value if isinstance(value, Iterable) and not isinstance(value, (str, bytes, BaseModel, Mapping)) else [value]
    return [row for row in rows if isinstance(row, Evidence)]
