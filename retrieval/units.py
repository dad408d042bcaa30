"""What of a proposal gets a vector: its lead, some sections, or everything."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from retrieval.chunk import Chunk, chunks, lead, lead_chunks, plain

Depth = Literal["lead", "sections", "all"]

VERSION = 1  # raise it when the texts below change: the index is then filled anew
SECTIONS = 3  # section leads beside the lead at depth "sections"
SECTION_LEAD = 350  # characters of one
SHORTEST = 80  # characters of prose a section must have to get its own vector


@dataclass(frozen=True, slots=True)
class Span:
    """A unit without its text: what its vector is stored under, and its passage."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A text that gets a vector, and the passage body[start:end] it stands for."""

    text: str
    start: int
    end: int

    @property
    def span(self) -> Span:
        """The key is the hash of the text."""
        return Span(hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest(), self.start, self.end)


def units(title: str, body: str, depth: Depth = "lead") -> list[Unit]:
    """At least one: the lead comes first. Texts that repeat within a proposal are kept once."""
    parts = lead_chunks(title, body)
    found = [Unit(lead(title, body, parts=parts) or "-", parts[0].start if parts else 0, parts[0].end if parts else 0)]
    if depth != "lead":
        rest = chunks(title, body)
        if depth == "sections":
            rest = _openings(body, [part for part in rest if part not in parts])[:SECTIONS]
        limit = SECTION_LEAD if depth == "sections" else 10_000
        found += [Unit(_text(title, body, part, limit), part.start, part.end) for part in rest]
    return list({unit.text: unit for unit in reversed(found)}.values())[::-1]


def _openings(body: str, parts: list[Chunk]) -> list[Chunk]:
    """First passage of each headed section with enough text, in the order of the body."""
    firsts: dict[str, Chunk] = {}
    for part in parts:
        if part.heading and len(plain(body[part.start : part.end])) >= SHORTEST:
            firsts.setdefault(part.heading, part)
    return list(firsts.values())


def _text(title: str, body: str, part: Chunk, limit: int) -> str:
    head = f"{title}: {part.heading}" if part.heading else title
    return f"{head}\n{plain(body[part.start : part.end])}"[: limit + len(head)].strip()
