"""A model writer against the scripted server, for the tests of what it lets through."""

from typing import Any

from pydantic import JsonValue

from agent.schemas import Section
from tests.scripted_llm import MODEL, ScriptedLLM, Step, says
from tests.tools.briefs import brief
from tools.budget import Budget
from tools.llm import ChatModel
from tools.model_writer import ModelWriter


def sentence(text: str, kind: str = "fact", cites: tuple[str, ...] = ("E1",), quotes: tuple[str, ...] = ()) -> dict[str, JsonValue]:
    return {"text": text, "kind": kind, "cites": list(cites), "quotes": list(quotes)}


def told(*sentences: dict[str, JsonValue], **more: JsonValue) -> Step:
    return says({"sentences": list(sentences), **more})


async def write(step: Step, *rows: Any, **changes: Any) -> tuple[Section, ModelWriter, ScriptedLLM]:
    async with ScriptedLLM((step,)) as server, ChatModel(url=server.url, model=MODEL, budget=Budget(9, 99_000, 60)) as chat:
        writer = ModelWriter(chat)
        return await writer.section(brief(*rows, **changes)), writer, server


async def title(text: str, **changes: Any) -> tuple[str, ModelWriter, ScriptedLLM]:
    async with (
        ScriptedLLM((says({"title": text}),)) as server,
        ChatModel(url=server.url, model=MODEL, budget=Budget(9, 99_000, 60)) as chat,
    ):
        writer = ModelWriter(chat)
        return await writer.title(brief(**changes).draft), writer, server
