"""Headings of every style people use, with the text that stands under them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from markdown_it.token import Token

HeadingKind = Literal["atx", "setext", "html", "bold", "lead", "plain"]
BOLD, LEAD = 7, 8
"""Levels of what only looks like a heading: a bold line; a bold or plain lead-in ("**Budget:** 5 ETH", "Budget:")."""


PAIR = re.compile(r"^[ \t]*[*_`]*([A-Za-z\u4e00-\u9fff][^:：\n]{0,40}?)[*_`]*[:：][*_`]*[ \t]*(.*?)[ \t]*$")
TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_HTML_HEADING = re.compile(
    r"<h([1-6])(?:\s[^<>]{0,200})?>([^<>]{0,300}(?:<(?!/?h[1-6])[^<>]{0,100}>[^<>]{0,300}){0,6})</h\1\s*>", re.IGNORECASE
)
_BOLD_LINE = re.compile(r"^\s{0,3}(?:\d{1,2}[.)、]\s*)?(\*\*|__)(?=\S)(.{1,120}?)(?<=\S)\1\s*[:：]?\s*$")
_LEAD = re.compile(r"^\s{0,3}(?:\d{1,2}[.)、]\s*)?(\*\*|__)(?=\S)([^*_\n]{1,80}?)(?<=\S)\1\s*[:：]?")
_PLAIN = re.compile(r"^\s{0,3}((?:\d{1,2}[.)、]\s*)?[^\W_][^:：\n]{0,58})([:：]?)\s*$")
_NUMBERING = re.compile(
    r"^\d+(?:\.\d+)*\s+|^(?:(?:section|part|step)\s+)?(?:\d+(?:\.\d+)*[a-z]?|[ivx]{1,4}|[a-h])(?:\s*[.):、]+\s*|\s*[-–—]\s+)"
    r"|^第?[一二三四五六七八九十]+[章节部分]*[、.：:)）]\s*|^[（(][一二三四五六七八九十\d]+[)）]\s*",
    re.IGNORECASE,
)
_DECORATION = re.compile(r"!?\]\([^)]*\)|[*_`~#\[\]\"“”'’]")
_EDGE = re.compile(r"^[\W_]+|[^\w)）]+$")
PARTS = re.compile(r"\s*(?:[:：/|&+,，、–—]|\s-\s|\band\b|与|和|及)\s*")
"""What separates the parts of a heading such as "Motivation & Background"."""


@dataclass(frozen=True, slots=True)
class Heading:
    """text[start:end] is the heading as written; its section's text is text[end:until]."""

    text: str
    level: int
    start: int
    end: int
    until: int
    kind: HeadingKind

    @property
    def name(self) -> str:
        """Without numbering, emoji, emphasis, case and a closing colon."""
        return normal(self.text)


@lru_cache(maxsize=8192)
def normal(heading: str) -> str:
    """A heading's words alone: "## 1. 🚀 **Abstract:**" and "Abstract" give "abstract"."""
    words = _DECORATION.sub("", TAG.sub("", unescape(heading))).strip()
    words = _NUMBERING.sub("", _EDGE.sub("", words), count=1)
    return " ".join(_EDGE.sub("", words).casefold().split())


def line_starts(text: str) -> list[int]:
    """Offset of each line, and one past the end for the line after the last."""
    return [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]


def span(lines: list[int], first: int, last: int) -> tuple[int, int]:
    """Offsets of the lines first..last (last not included), without the closing line end."""
    top = len(lines) - 1
    begin, end = lines[min(first, top)], lines[min(last, top)] - 1
    return min(begin, lines[-1] - 1), max(end, begin)


def find_headings(text: str, lines: list[int], tokens: "list[Token]", start: int) -> tuple[Heading, ...]:
    """All headings from offset `start` on, in order, each with the end of its section."""
    return _closed(sorted(_found(text, lines, tokens, start), key=lambda heading: heading.start), len(text))


def _found(text: str, lines: list[int], tokens: "list[Token]", start: int) -> Iterator[Heading]:
    for opening, inside in pairwise(tokens):
        if opening.map is None or opening.level not in (0, 2):
            continue
        if opening.type == "heading_open" and opening.level == 0 and inside.content.strip():
            begin, end = span(lines, *opening.map)
            shown = inside.content.strip().strip("#").strip()
            yield Heading(shown, int(opening.tag[1]), begin, end, end, "setext" if opening.markup in ("=", "-") else "atx")
        elif opening.type == "paragraph_open":
            found = _lookalikes(text, lines, *opening.map)
            yield from (heading for heading in found if opening.level == 0 or heading.kind == "bold")  # "1. **Budget**" in a list
    for tag in _HTML_HEADING.finditer(text, start):
        if shown := TAG.sub("", tag[2]).strip():
            yield Heading(shown, int(tag[1]), tag.start(), tag.end(), tag.end(), "html")


def _lookalikes(text: str, lines: list[int], first: int, last: int) -> Iterator[Heading]:
    """Bold lines, bold lead-ins and short lines alone or with a colon, within one paragraph."""
    for row in range(first, min(last, len(lines) - 1)):
        begin, end = span(lines, row, row + 1)
        line = text[begin:end]
        if "<h" in line.lower() and _HTML_HEADING.search(line):
            continue
        if found := _BOLD_LINE.match(line):
            yield Heading(found[2], BOLD, begin, end, end, "bold")
        elif found := _LEAD.match(line):
            yield Heading(found[2], LEAD, begin, begin + found.end(), end, "lead")
        elif (found := _PLAIN.match(line)) and (found[2] or (last - first == 1 and found[1][-1] not in ".!?。！？；")):
            yield Heading(found[1], LEAD, begin, end, end, "plain")
        elif (pair := PAIR.match(line)) and row == first and len(pair[1]) <= 40 and pair[2] and not pair[2].startswith("//"):
            yield Heading(pair[1], LEAD, begin, begin + pair.start(2), end, "lead")


def _closed(found: list[Heading], length: int) -> tuple[Heading, ...]:
    """Each heading with the end of its section: where the next of its level or above begins."""
    open_: list[int] = []
    until = [length] * len(found)
    for place, heading in enumerate(found):
        while open_ and found[open_[-1]].level >= heading.level:
            until[open_.pop()] = heading.start
        open_.append(place)
    return tuple(Heading(h.text, h.level, h.start, h.end, max(until[i], h.end), h.kind) for i, h in enumerate(found))
