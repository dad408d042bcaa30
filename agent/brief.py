"""What a writer is given: the outline in the DAO's own format and the ledger it may cite from."""

from agent.schemas import CheckResult, Evidence, Request, Section, Shape


class SectionSpec(Shape):
    """A section to write. `key` is canonical; `heading` is the DAO's own wording in the draft's language."""

    key: str
    heading: str
    required: bool = False
    layout: str = "paragraph"
    min_chars: int = 0
    max_chars: int = 4000
    guidance: str = ""
    """What the DAO expects here, in one sentence."""
    blanks: tuple[str, ...] = ()
    """What the DAO's rules want to be named here and only the author knows."""


class DraftBrief(Shape):
    """The whole request, seen by the writer of each section."""

    request: Request
    dao_name: str
    type_key: str
    type_label: str
    title_prefix: str = ""
    title_max: int = 256
    outline: tuple[SectionSpec, ...]
    choices: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    about: tuple[tuple[str, ...], ...] = ()
    """What is asked for, in both languages: words any of which names the concept (see `agent.passages.Concepts`)."""


class SectionBrief(Shape):
    """One section, and what the checks found in its earlier version."""

    draft: DraftBrief
    spec: SectionSpec
    previous: Section | None = None
    findings: tuple[CheckResult, ...] = ()
