"""What the core asks of the world and of memory, as Protocols. Adapters satisfy them by shape."""

from collections.abc import Sequence
from typing import Protocol

from agent.brief import DraftBrief, SectionBrief
from agent.schemas import (
    Chart,
    ChartFact,
    CheckResult,
    DaoId,
    Draft,
    Evidence,
    Hit,
    Instant,
    Picture,
    Post,
    Proposal,
    ProposalId,
    Query,
    Request,
    RunId,
    Section,
    Series,
)


class Memory(Protocol):
    """Past proposals. Raises StoreError if the store cannot be read."""

    async def search(self, query: Query) -> list[Hit]: ...

    async def proposal(self, dao: DaoId, proposal_id: ProposalId) -> Proposal | None: ...

    async def proposals(self, dao: DaoId, before: Instant | None = None) -> int:
        """How many proposals of the DAO a search could have found."""
        ...

    def concepts(self, text: str) -> tuple[frozenset[str], ...]:
        """What a text is about: sets of stemmed words, any of which names the concept, in every language known."""
        ...


class Records(Protocol):
    """Measured series, posts and known pictures of a DAO."""

    async def series(self, dao: DaoId) -> list[Series]: ...

    async def posts(self, dao: DaoId, text: str, before: Instant | None, k: int) -> list[Post]: ...

    async def said_of(self, dao: DaoId, proposal_id: ProposalId, before: Instant | None) -> list[Post]:
        """Posts about one proposal, most liked first."""
        ...

    async def chart(self, sha256: str) -> Chart | None: ...


class ChartReader(Protocol):
    """Reads numbers from a picture. Raises SourceError; returns nothing where it cannot read."""

    async def read(self, picture: Picture) -> list[ChartFact]: ...


class Journal(Protocol):
    """Append-only decisions. Writing the same thing twice stores it once."""

    async def begin(self, run: RunId, request: Request) -> None: ...

    async def evidence(self, run: RunId, rows: Sequence[Evidence]) -> None: ...

    async def draft(self, draft: Draft) -> None: ...

    async def checks(self, draft_sha256: str, rows: Sequence[CheckResult]) -> None: ...

    async def review(self, draft_sha256: str, reviewer: str, verdict: str, reason: str) -> None: ...


class Writer(Protocol):
    """Turns evidence into text. It may only cite ids that the brief holds."""

    name: str
    note: str
    model: str | None

    async def title(self, brief: DraftBrief) -> str: ...

    async def section(self, brief: SectionBrief) -> Section:
        """Write (or, when the brief carries findings, rewrite) one section. Raises WriterError."""
        ...
