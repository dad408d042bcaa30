"""What flows through the drafting graph (State), and what its nodes may use (Deps)."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, TypedDict

from agent.brief import DraftBrief, SectionBrief
from agent.ports import ChartReader, Journal, Memory, Records, Writer
from agent.rules import RulePack
from agent.schemas import CheckResult, Draft, Evidence, LookedFor, Request, Section, Shape


class Question(Shape):
    """One thing to find out, and where."""

    order: int
    source: Literal["request", "picture", "precedents", "failed", "rules", "series", "posts", "model"]
    text: str
    k: int = 8


class Gathered(Shape):
    """What one question brought back."""

    order: int
    evidence: tuple[Evidence, ...] = ()
    looked: LookedFor | None = None


class Pending(Shape):
    """A section to write, and why again."""

    key: str
    findings: tuple[CheckResult, ...] = ()


class Written(Shape):
    """One section in one revision; `revision` 0 is the first writing."""

    revision: int
    section: Section


class Verdict(Shape):
    """What a reviewer said of the exact bytes `sha256`. `comments`: section key -> what to change."""

    decision: Literal["approve", "reject", "changes"]
    by: str
    sha256: str
    reason: str = ""
    comments: dict[str, str] = {}


class State(TypedDict, total=False):
    """Keys are written by the node named behind them; lists grow by parallel branches."""

    run: str
    request: Request
    questions: tuple[Question, ...]  # plan
    gathered: Annotated[list[Gathered], operator.add]  # gather, in parallel
    evidence: tuple[Evidence, ...]  # ledger
    looked_for: tuple[LookedFor, ...]  # ledger
    enough: bool  # ledger
    brief: DraftBrief  # outline
    title: str  # outline
    written: Annotated[list[Written], operator.add]  # write, in parallel
    struck: Annotated[list[CheckResult], operator.add]  # check: sentences that failed and were sent back, as findings
    pending: tuple[Pending, ...]  # outline, check, review: what to write next
    revision: int  # check, review: how often sections were written again, all in all
    tries: int  # check: ...and since a person last spoke
    version: int  # review
    draft: Draft  # check
    verdict: Verdict  # review
    exported: tuple[str, ...]  # export


class GatherTask(TypedDict):
    """What one parallel gather branch is sent."""

    run: str
    request: Request
    question: Question


class WriteTask(TypedDict):
    """What one parallel write branch is sent."""

    brief: SectionBrief
    revision: int


@dataclass(frozen=True, slots=True)
class Event:
    """One step of progress: `phase` is start, done or note."""

    node: str
    phase: Literal["start", "done", "note"]
    detail: str = ""


class Exporter(Protocol):
    """Writes the approved draft's files; returns their paths. Doing it twice gives the same files."""

    async def export(self, draft: Draft, approved_by: str) -> tuple[str, ...]: ...


class Gatherer(Protocol):
    """Lets a model choose typed look-ups within its budget; what comes back is evidence like any other."""

    async def gather(self, request: Request) -> tuple[Evidence, ...]: ...


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything a node may use, built by the composition root."""

    memory: Memory
    records: Records
    journal: Journal
    writer: Writer
    chart_reader: ChartReader
    pack: RulePack
    exporter: Exporter
    gatherer: Gatherer | None = None
    revisions: int = 2
    progress: Callable[[Event], None] = lambda event: None
    software: str = "daoclerk"
