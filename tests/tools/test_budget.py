"""What one draft may spend on the model, over real HTTP."""

import asyncio
import time

import pytest

from agent.errors import SourceError, WriterError
from tests.scripted_llm import ScriptedLLM, hangs, says, status
from tests.tools.chats import GOOD, Colour, ask, chat
from tools.budget import Budget


async def test_the_budget_of_calls_counts_retries_too() -> None:
    with pytest.raises(WriterError, match=r"budget of 2 calls is spent, raise model_calls$"):
        await ask(status(500), status(500), says(GOOD), budget=Budget(2, 10_000, 60))


async def test_the_budget_of_tokens_ends_a_draft() -> None:
    budget = Budget(60, 3000, 60)
    async with (
        ScriptedLLM(again=says(GOOD, usage={"prompt_tokens": 1400, "completion_tokens": 100})) as server,
        chat(server, budget=budget) as model,
    ):
        await model.ask("one", Colour)
        await model.ask("two", Colour)
        with pytest.raises(WriterError, match=r"budget of 3000 tokens is spent, raise model_tokens$"):
            await model.ask("three", Colour)
    assert budget.tokens_used == 3000
    assert len(server.seen) == 2


async def test_an_answer_may_not_be_longer_than_what_is_left() -> None:
    _, _, server = await ask(says(GOOD), budget=Budget(60, 1000, 60))
    room = server.seen[0].body["max_tokens"]
    assert isinstance(room, int)
    assert 500 < room < 1000


async def test_parallel_askers_share_one_budget() -> None:
    budget = Budget(calls=60, tokens=2500, seconds=60)
    async with ScriptedLLM(again=says(GOOD)) as server, chat(server, budget=budget, answer_tokens=1000) as model:
        results = await asyncio.gather(*(model.ask(f"{n}", Colour) for n in range(6)), return_exceptions=True)
    assert sum(isinstance(result, Colour) for result in results) < 6
    assert all("tokens is spent" in str(result) for result in results if not isinstance(result, Colour))
    assert budget.tokens_used <= 2500


async def test_the_budget_of_seconds_ends_a_draft_and_caps_the_last_answer() -> None:
    budget = Budget(60, 10_000, 0.2)
    started = time.perf_counter()
    with pytest.raises(SourceError, match="gave no answer within 0"):
        await ask(hangs(), says(GOOD), budget=budget, timeout=30)
    assert time.perf_counter() - started < 20
    with pytest.raises(WriterError, match=r"budget of 0\.2 seconds is spent, raise model_seconds$"):
        await ask(says(GOOD), budget=budget)
