"""An entailment judge: a chat model says whether evidence supports a sentence, and ALCE's recall and precision from its answers.

Beside the lexical and numeric test of `agent.checks.support`; strangers' text reaches the model only inside tags.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

import prompts
from agent.checks.places import Place, places
from agent.checks.support import Alce
from agent.schemas import Draft, Evidence
from tools.llm import ChatModel
from tools.model_writer import ledger

AT_ONCE = 8
"""Questions that are open at a time."""
SENTENCE_SHOWN = 4000


class Ruling(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    supported: bool
    why: str = Field(max_length=2000)


class Judge(Protocol):
    """Whoever can say whether evidence supports a sentence."""

    async def supports(self, sentence: str, evidence: Sequence[Evidence]) -> bool:
        """Whether the evidence, taken together, supports the sentence."""
        ...


class ModelJudge:
    """Satisfies Judge over an OpenAI-compatible endpoint, one question a call, within the chat's own budget."""

    def __init__(self, chat: ChatModel) -> None:
        self.chat = chat

    async def supports(self, sentence: str, evidence: Sequence[Evidence]) -> bool:
        """False without evidence, unasked.

        Raises SourceError or RateLimitError (the endpoint failed), WriterError (no usable answer, or the budget is spent).
        """
        return bool(evidence) and (await self.rule(sentence, evidence)).supported

    async def rule(self, sentence: str, evidence: Sequence[Evidence]) -> Ruling:
        """The same with the model's reason."""
        prompt = prompts.render("judge", sentence=prompts.quote(sentence[:SENTENCE_SHOWN]), evidence=ledger(evidence))
        return await self.chat.ask(prompt, Ruling, purpose="judge")


async def judged_alce(draft: Draft, judge: Judge, at_once: int = AT_ONCE) -> Alce:
    """`agent.checks.support.alce`, with the judge's word for support; never more than `at_once` questions open.

    The same sentence with the same evidence is asked once. Raises what the judge raises; the questions still open are dropped.
    Source: Gao et al., "Enabling Large Language Models to Generate Text with Citations", 2023, section 4.2.
    """
    claims = [place for place in places(draft) if place.sentence.kind in ("fact", "inference")]
    hearing = _Hearing(judge, at_once)
    relevant = await _together([_relevant(place, hearing) for place in claims])
    total, cited = len(claims), sum(len(place.rows) + len(place.unknown) for place in claims)
    supported = sum(found is not None for found in relevant)
    good = sum(found or 0 for found in relevant)
    return Alce(supported / total if total else 1.0, good / cited if cited else 1.0, total, cited)


async def _relevant(place: Place, hearing: "_Hearing") -> int | None:
    """How many citations of a claim are not irrelevant; None if together they do not support it."""
    if not place.rows or not await hearing.ask(place.sentence.text, place.rows):
        return None
    found = 0
    for row in place.rows:
        others = tuple(other for other in place.rows if other is not row)
        found += await hearing.ask(place.sentence.text, (row,)) or not await hearing.ask(place.sentence.text, others)
    return found


class _Hearing:
    """Asks each question once, a bounded number at a time."""

    def __init__(self, judge: Judge, at_once: int) -> None:
        self._judge = judge
        self._seats = asyncio.Semaphore(at_once)
        self._locks: dict[tuple[str, tuple[str, ...]], asyncio.Lock] = {}
        self._known: dict[tuple[str, tuple[str, ...]], bool] = {}

    async def ask(self, sentence: str, rows: Sequence[Evidence]) -> bool:
        """The judge's answer; whoever asks the same meanwhile waits for it."""
        if not rows:
            return False
        key = (sentence, tuple(row.id for row in rows))
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._known:
                async with self._seats:
                    self._known[key] = await self._judge.supports(sentence, rows)
        return self._known[key]


async def _together(work: Sequence[Coroutine[None, None, int | None]]) -> list[int | None]:
    """All results in order; the first failure ends the rest and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]
