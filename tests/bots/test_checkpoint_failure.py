"""Whichever write of a checkpoint fails, or is never reached, the run goes on from there and ends with one draft."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver

from agent.state import Event
from bots import asking
from bots.drafting import begin, resume
from bots.wiring import App

pytestmark = pytest.mark.slow

Write = Literal["aput", "aput_writes"]
Opener = Callable[[], AbstractAsyncContextManager[BaseCheckpointSaver[str]]]


def silent(event: Event) -> None:
    """No progress."""


def failing(app: App, write: Write, nth: int) -> tuple[Opener, list[int]]:
    """`App.checkpoints` whose n-th write of one kind, and every later one, fails as on a full disk; and the count of calls."""
    calls: list[int] = []

    @asynccontextmanager
    async def opener() -> AsyncIterator[BaseCheckpointSaver[str]]:
        async with App.checkpoints(app) as saver:
            real = getattr(saver, write)

            async def wrapped(*args: object, **more: object) -> object:
                calls.append(1)
                if len(calls) >= nth:
                    raise sqlite3.OperationalError("database or disk is full")
                return await real(*args, **more)

            setattr(saver, write, wrapped)
            yield saver

    return opener, calls


@pytest.mark.parametrize(("write", "step"), [("aput", 1), ("aput_writes", 5)])
async def test_a_run_goes_on_after_any_checkpoint_that_was_not_written(write: Write, step: int, harbor: App) -> None:
    request = asking.request(harbor, "creator rebates: NFT sales are falling", dao="harbor", exclude=[])
    whole = await begin(harbor, "whole", request, silent)
    for nth in range(1, 200, step):
        run = f"{write}-{nth}"
        harbor.__dict__["checkpoints"], _ = failing(harbor, write, nth)
        try:
            await begin(harbor, run, request, silent)
        except sqlite3.OperationalError:
            pass
        else:
            break
        finally:
            del harbor.__dict__["checkpoints"]
        if nth == 1 and write == "aput":
            continue  # nothing was kept: there is no run yet
        done = await resume(harbor, run, silent)
        assert [section.model_dump() for section in done.sections] == [section.model_dump() for section in whole.sections], run
        assert [row.run for row in await harbor.journal.drafts()].count(run) == 1
    assert nth > 5, "a run writes more checkpoints than that"
