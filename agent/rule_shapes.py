"""What a rule pack is made of: sources, types, sections, rules and limits. Unknown keys are refused."""

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from agent.schemas import Fact, Lang, Level, Shape

Venue = Literal["snapshot", "governor", "forum"]
RuleLevel = Literal["error", "warning", "advice", "note"]
Layout = Literal["paragraph", "bullets", "numbered"]


def _compiles(pattern: str) -> str:
    re.compile(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]


class SourceRule(Shape):
    """Where rules were read. `mark`: A the document or code itself, B a page or thread, C second-hand, D what accepted proposals show."""

    id: Key
    title: str
    url: str | None = None
    date: dt.date
    mark: Literal["A", "B", "C", "D"]


class SectionRule(Shape):
    """A section as a DAO words it. What is None comes from the common section with the same key."""

    key: Key
    heading: str | None = None
    zh: str | None = None
    aliases: tuple[str, ...] = ()
    only: bool = False
    """The common aliases of this key do not count: the DAO's own wording is needed."""
    layout: Layout | None = None
    min_chars: int = Field(default=0, ge=0)
    max_chars: int = Field(default=4000, ge=1)
    guidance: str | None = None
    guidance_zh: str | None = None


class CommonSection(Shape):
    """A section every pack may use; `own` ones are added to each draft."""

    key: Key
    own: bool = False
    heading: str
    zh: str
    aliases: tuple[str, ...] = ()
    layout: Layout = "paragraph"
    guidance: str
    guidance_zh: str


class TypeRule(Shape):
    """A kind of proposal. `aliases` are other words for it in titles, front matter and records."""

    key: Key
    label: str
    label_zh: str
    aliases: tuple[str, ...] = ()
    prefix: str = ""
    """What its titles begin with, e.g. "[Social] "."""
    default: bool = False
    """Taken when no keyword decides."""
    keywords: tuple[str, ...] = ()
    """English; each matches at the start of a word."""
    keywords_zh: tuple[str, ...] = ()
    sections: tuple[Key, ...]
    """In the order of the DAO's format."""
    choices: tuple[str, ...] = ()
    venue: Venue | None = None

    def names(self) -> tuple[str, ...]:
        """Every word for it, lower case."""
        return tuple(dict.fromkeys(name.casefold() for name in (self.label, self.label_zh, self.key, *self.aliases)))


class _Rule(Shape):
    id: Key
    level: RuleLevel
    text: str = Field(min_length=10)
    """The rule in our own words: quotable."""
    text_zh: str = Field(min_length=4)
    source: Key
    date: dt.date
    """When the source was read or dated."""
    since: dt.date | None = None
    """Documents dated earlier are not held to it."""
    types: tuple[Key, ...] = ()
    """Types it speaks about; none means all."""
    unless: Pattern | None = None
    """Documents whose title fits are not held to it."""
    facts: tuple[Fact, ...] = ()

    def words(self, lang: Lang) -> str:
        """The rule's text."""
        return self.text_zh if lang == "zh" else self.text


class SectionNeeded(_Rule):
    """A section stands there and its text has min_chars to max_chars UTF-16 units."""

    check: Literal["section"]
    section: Key
    min_chars: int = Field(default=1, ge=0)
    max_chars: int | None = None


class SectionLength(_Rule):
    """If the section stands there, its text has min_chars to max_chars UTF-16 units."""

    check: Literal["section_length"]
    section: Key
    min_chars: int = Field(default=0, ge=0)
    max_chars: int


class TitleLength(_Rule):
    """The title has min to max UTF-16 units; a leading label in brackets does not count where `bare`."""

    check: Literal["title_length"]
    min: int = Field(default=1, ge=0)
    max: int
    bare: bool = False


class TitlePattern(_Rule):
    """The title fits the pattern (searched, case ignored)."""

    check: Literal["title_pattern"]
    pattern: Pattern


class TypeNamed(_Rule):
    """Title, front matter or the opening lines name one of the pack's types."""

    check: Literal["type_named"]
    lines: int = Field(default=12, ge=0)


class BodyLength(_Rule):
    """The body has min to max UTF-16 units."""

    check: Literal["body_length"]
    min: int = Field(default=1, ge=0)
    max: int


class Choices(_Rule):
    """The ballot: how many options, how long, and one of each group in `needed` is among them."""

    check: Literal["choices"]
    min: int = Field(default=1, ge=0)
    max: int = 1000
    max_length: int = 256
    needed: tuple[tuple[str, ...], ...] = ()
    stated: bool = False
    """A text that names no options breaks the rule; otherwise the rule is then not applied."""


class FrontMatter(_Rule):
    """Front matter (or the preamble block) holds the keys, and where a pattern is given the value fits it."""

    check: Literal["front_matter"]
    keys: tuple[str, ...]
    values: dict[str, Pattern] = {}


class Mention(_Rule):
    """Where `when` is found (always, if none), one of `any_of` and all of `all_of` are found in the title or body, or in `section`."""

    check: Literal["mention"]
    any_of: tuple[Pattern, ...]
    all_of: tuple[Pattern, ...] = ()
    when: Pattern | None = None
    section: Key | None = None
    blank: str | None = None
    """What only the author can add where a draft cannot know it; a draft leaves `[[blank]]` in `blank_section`."""
    blank_zh: str | None = None
    blank_section: Key | None = None


class Forbid(_Rule):
    """None of the patterns is found in the body."""

    check: Literal["forbid"]
    patterns: tuple[Pattern, ...]


class Note(_Rule):
    """What a text cannot show: thresholds, windows, steps. Reported as information."""

    check: Literal["note"]


Rule = Annotated[
    SectionNeeded | SectionLength | TitleLength | TitlePattern | TypeNamed | BodyLength | Choices | FrontMatter | Mention | Forbid | Note,
    Field(discriminator="check"),
]


class Limits(Shape):
    """What the venue's software takes. Lengths are UTF-16 units."""

    title: int = 256
    body: int = 10_000
    choices: int = 20
    choice: int = 256
    message: int = 100_000
    """The whole signed message, JSON."""
    actions: int | None = None
    """Calls one proposal may make; None where the venue makes none or sets no limit."""


class PackData(Shape):
    """A rule pack file. Raises pydantic.ValidationError on unknown keys and dangling references."""

    schema_: Literal["daoclerk.rules/1"] = Field(alias="schema")
    id: Key
    name: str
    name_zh: str
    aliases: tuple[str, ...] = ()
    as_of: dt.date
    venue: Venue
    note: str
    token: str | None = None
    choices: tuple[str, ...]
    limits: Limits
    sources: tuple[SourceRule, ...]
    types: tuple[TypeRule, ...]
    sections: tuple[SectionRule, ...] = ()
    rules: tuple[Rule, ...]

    @model_validator(mode="after")
    def _references(self) -> "PackData":
        sources, types = {s.id for s in self.sources}, {t.key for t in self.types}
        for group in (
            [s.id for s in self.sources],
            [t.key for t in self.types],
            [s.key for s in self.sections],
            [r.id for r in self.rules],
        ):
            if doubled := {x for x in group if group.count(x) > 1}:
                raise ValueError(f"named twice: {sorted(doubled)}")
        if sum(t.default for t in self.types) != 1:
            raise ValueError("exactly one type must be the default")
        for rule in self.rules:
            if rule.source not in sources:
                raise ValueError(f"rule {rule.id}: no source '{rule.source}'")
            if unknown := set(rule.types) - types:
                raise ValueError(f"rule {rule.id}: no type {sorted(unknown)}")
            if (rule.check == "note") != (rule.level == "note"):
                raise ValueError(f"rule {rule.id}: level note and check note go together")
        return self


def finding_level(level: RuleLevel, kept: bool) -> Level:
    """The level a check result carries."""
    return "pass" if kept or level == "note" else level
