"""The shapes that cross a line: proposals, evidence, drafts, checks. Frozen; unknown fields are refused."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, NewType

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

DRAFT_SCHEMA = "daoclerk.draft/1"

DaoId = NewType("DaoId", str)
ProposalId = NewType("ProposalId", str)
RunId = NewType("RunId", str)

Lang = Literal["en", "zh"]
Status = Literal["passed", "failed", "withdrawn", "draft", "unknown"]
EvidenceKind = Literal["proposal", "chain", "market", "forum", "post", "chart", "rule", "derived"]
SentenceKind = Literal["fact", "inference", "opinion", "boilerplate"]
Level = Literal["pass", "advice", "warning", "error"]
WriterName = Literal["grounded", "model"]
ExportFormat = Literal["md", "json", "snapshot", "governor", "discourse"]


def utc(value: object) -> object:
    """Read an ISO date or time as an instant in UTC; a bare date is its first instant.

    Raises ValueError (pydantic turns it into its own error) if the text is no date.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    return value


Instant = Annotated[datetime, BeforeValidator(utc)]


class Shape(BaseModel):
    """Base of our own data."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- the world -------------------------------------------------------------------------------


class Link(Shape):
    """An address a proposal names, and what it points to (snapshot, discourse, github, ...)."""

    url: str
    kind: str = "link"


class Tally(Shape):
    """Votes as recorded. `unit` says what is counted ("ENS", "VP", "votes (MKR)", ...)."""

    for_votes: float | None = None
    against_votes: float | None = None
    abstain_votes: float | None = None
    unit: str | None = None


class Proposal(Shape):
    """One version of a proposal as it was ingested. Offsets everywhere count code points of `body`."""

    dao: DaoId
    id: ProposalId
    title: str
    body: str
    """Markdown, exactly as stored: NUL removed, CRLF and CR turned into LF, nothing else changed."""
    status: Status
    status_raw: str | None = None
    author: str | None = None
    created: Instant | None = None
    type: str | None = None
    lang: str = "en"
    links: tuple[Link, ...] = ()
    tally: Tally | None = None
    choices: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    voters: int | None = None
    url: str | None = None
    source: str | None = None
    """Where the row came from, e.g. "ensdomains/docs:src/pages/dao/proposals/0.1.mdx@abc123"."""
    licence: str | None = None
    licence_clear: bool = False
    extra: dict[str, JsonValue] = {}
    sha256: str
    """Hash of the whole version (title, body, status, votes, dates, ...): what makes it a new version."""
    body_sha256: str
    """Hash of `body` in UTF-8: what evidence quotes are checked against."""


class Point(Shape):
    """One value of a series."""

    time: Instant
    value: float


class Series(Shape):
    """A measured quantity of a DAO over time, oldest first."""

    dao: DaoId
    metric: str
    label: str
    """What a person calls it, e.g. "Weekly NFT sales on Harbor Market"."""
    label_zh: str | None = None
    unit: str
    source: str
    url: str | None = None
    points: tuple[Point, ...]


class Post(Shape):
    """What somebody wrote in a forum or a chat."""

    dao: DaoId
    id: str
    kind: Literal["forum", "post"] = "forum"
    author: str
    """A pseudonym."""
    time: Instant
    text: str
    lang: str = "en"
    url: str | None = None
    likes: int = 0
    topic: str | None = None
    """The proposal id or thread it speaks about, if known."""


class ChartFact(Shape):
    """One number of a chart: first, last, change_pct, min, max, ..."""

    name: str
    value: float
    unit: str | None = None
    time: str | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)
    """Of a value that was read off a picture; a known chart's values have none."""


class Chart(Shape):
    """A picture whose series we know, by the hash of its bytes."""

    dao: DaoId
    sha256: str
    metric: str
    title: str
    title_zh: str | None = None
    alt: str
    facts: tuple[ChartFact, ...]


class Picture(Shape):
    """An uploaded picture, checked and stored: PNG, JPEG or WebP."""

    sha256: str
    media_type: Literal["image/png", "image/jpeg", "image/webp"]
    width: int
    height: int
    path: str
    """File under DAOCLERK_HOME that holds the bytes."""


# --- search ----------------------------------------------------------------------------------


class Query(Shape):
    """What to look for among past proposals, and where not to."""

    text: str
    dao: DaoId | None = None
    before: Instant | None = None
    """Only proposals created at or before this instant (a bare date is its first instant); the undated only where a numbered neighbour bounds them."""
    exclude: tuple[ProposalId, ...] = ()
    status: tuple[Status, ...] = ()
    type: str | None = None
    lang: str | None = None
    k: int = Field(default=10, ge=1, le=1000)


class Hit(Shape):
    """A proposal that was found and the passage that fits best: body[start:end] == quote."""

    dao: DaoId
    id: ProposalId
    title: str
    status: Status
    created: Instant | None
    score: float
    quote: str
    start: int
    end: int
    url: str | None = None
    body_sha256: str


# --- evidence --------------------------------------------------------------------------------


class Fact(Shape):
    """A typed value. Numbers are numbers; dates are ISO text; everything else is text."""

    name: str
    value: int | float | str
    unit: str | None = None
    time: str | None = None


class Locator(Shape):
    """Where a quote stands. A proposal: dao, id, start, end (offsets into the ingested body)."""

    dao: str | None = None
    id: str | None = None
    start: int | None = None
    end: int | None = None
    field: str | None = None
    """What the offsets count in, if it is not the body."""
    url: str | None = None
    tx: str | None = None
    block: int | None = None
    path: str | None = None


class FactRef(Shape):
    """A fact of another piece of evidence."""

    id: str
    fact: str


Op = Literal["sum", "difference", "share", "change_pct", "ratio", "product", "count", "median", "mean", "min", "max", "days"]


class Derivation(Shape):
    """How a computed value came about; `agent.ledger.compute` is its only interpreter.

    sum: of all inputs. difference: first minus second. share: 100 * first / sum of all.
    change_pct: 100 * (second - first) / |first|. ratio: first / second. product: of all.
    count: number of inputs (of any type). median, mean, min, max: of all. days: second date minus first date.
    """

    op: Op
    inputs: tuple[FactRef, ...]
    digits: int = Field(default=1, ge=0, le=12)
    """Decimals the result is rounded to (half up)."""


class Evidence(Shape):
    """One piece of the ledger. The writer may only cite its id; code resolves it."""

    id: str
    """E1, E2, ... within a draft; empty until `agent.ledger` numbers it."""
    kind: EvidenceKind
    quote: str
    """Verbatim from the source at `locator`; of `derived` evidence the formula with its numbers."""
    url: str | None = None
    locator: Locator
    sha256: str
    """Hash of the source text the quote was taken from (UTF-8): a proposal's body, a rule's text, a post, the picture's bytes, the formula."""
    retrieved_at: Instant
    title: str | None = None
    role: str | None = None
    """Why it was gathered: precedent, ask, argument, risk, budget, timeline, outcome, rule, series, opinion, picture, tally, ..."""
    facts: tuple[Fact, ...] = ()
    derivation: Derivation | None = None
    confidence: float | None = Field(default=None, ge=0, le=1)
    """Of a value read from a picture; nothing else has one."""


# --- the draft -------------------------------------------------------------------------------


class Sentence(Shape):
    """One sentence. `quotes` are verbatim parts of it, each standing in the quote of a cited piece of evidence.

    A blank that only the author can fill is written `[[what is missing]]` in the text; `Draft.blanks` lists them.
    """

    text: str
    kind: SentenceKind
    cites: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()


class Section(Shape):
    """A heading of the DAO's own format. `key` is the canonical name (abstract, motivation, ...)."""

    key: str
    heading: str
    layout: Literal["paragraph", "bullets", "numbered"] = "paragraph"
    sentences: tuple[Sentence, ...] = ()


class Blank(Shape):
    """What only the author can know."""

    id: int
    section: str
    what: str


class CheckResult(Shape):
    """What one rule found at one place. `where` is "motivation[2]" (section key, sentence index from 0), "title", "draft", ..."""

    rule: str
    level: Level
    where: str
    message: str
    source: str = "daoclerk"
    """Who asks for it: "daoclerk", or a rule pack's source with its date."""


class LookedFor(Shape):
    """A search that was made, for the honest short answer."""

    what: str
    where: str
    searched: int
    found: int
    nearest: float | None = None
    """How much of the topic the nearest find names, 0 to 1; None where that was not asked."""


class Provenance(Shape):
    """What a person's disclosure duties ask for."""

    software: str
    writer: WriterName
    writer_note: str
    """E.g. "grounded writer 1.0: no language model; composed from quotes and recorded facts"."""
    model: str | None = None
    prompts_sha256: str
    evidence_sha256: str
    created: Instant
    approved_by: tuple[str, ...] = ()


class Draft(Shape):
    """What a run ends with. `sha256` is the hash of `agent.ledger.canonical(draft)`."""

    schema_: Literal["daoclerk.draft/1"] = Field(default="daoclerk.draft/1", alias="schema")
    run: str
    version: int = 1
    answered: bool
    """False: too little evidence; `sections` hold the short answer and `looked_for` what was searched."""
    title: str
    type: str | None = None
    dao: DaoId
    lang: Lang
    topic: str
    writer: WriterName
    sections: tuple[Section, ...]
    choices: tuple[str, ...] = ()
    blanks: tuple[Blank, ...] = ()
    evidence: tuple[Evidence, ...]
    checks: tuple[CheckResult, ...] = ()
    looked_for: tuple[LookedFor, ...] = ()
    provenance: Provenance
    sha256: str = ""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Request(Shape):
    """What a member asked for."""

    topic: str
    dao: DaoId
    lang: Lang = "en"
    before: Instant | None = None
    exclude: tuple[ProposalId, ...] = ()
    picture: Picture | None = None
    caption: str | None = None
    writer: WriterName = "grounded"
    asked_by: str = "cli"
