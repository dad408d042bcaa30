"""A body cut at its headings into passages that know their exact place, and the lead that stands for the whole."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

TARGET = 900  # characters a chunk aims at
LIMIT = 1200  # characters no chunk exceeds
LEAD = 700  # characters of a lead, title included

FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?=[\w-]+[ \t]*:)(?:(?:[\w.-]+[ \t]*:|[ \t]+\S|- |#|$)[^\n]*\n){1,200}?---[ \t]*(?:\n|\Z)", re.MULTILINE
)
BOLD_LINE = re.compile(r"(\*\*|__)(?=\S)[^*_\n]{1,80}\1:?")
HEADING = 150  # characters: what a setext line underlines beyond that is prose above a rule
BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
SENTENCE_END = re.compile(r"[.!?…]+[\"')\]»”’]*\s+|[。！？；]+[”’」』）]*\s*")
SPACE = re.compile(r"\s+")
SUMMARY = re.compile(
    r"\W*(?:[\divx]+[.)、]\s*)?(?:(?:simple|plain|executive|proposal|short|brief)\s+)*"
    r"(?:summary|abstract|tl;?\s?dr|overview|synopsis|摘要|概要|概述|总结|摘 要|提案摘要|提案概述|提案简介|简介)\b",
    re.IGNORECASE,
)
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
LABEL = re.compile(r"^[\w\s/#*_-]{1,30}[:：]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: body[start:end], in code points, no blank space at either end."""

    start: int
    end: int
    heading: str
    """Plain text of the nearest heading above; empty before the first."""


@dataclass(frozen=True, slots=True)
class _Section:
    start: int
    end: int
    heading: str


def chunks(title: str, body: str) -> list[Chunk]:
    """Passages of about TARGET and at most LIMIT characters, in order and disjoint, never across a heading.

    Headings, front matter and rules (`---`) belong to no passage; every other visible character to exactly one.
    A body whose only text is its headings gives none. `title` is dropped from a heading that merely repeats it.
    """
    found: list[Chunk] = []
    same = SPACE.sub(" ", title).strip().casefold()
    for section in _sections(body):
        heading = "" if section.heading.casefold() == same else section.heading
        found.extend(Chunk(start, end, heading) for start, end in _split(body, section.start, section.end))
    return found


def lead(title: str, body: str, limit: int = LEAD, parts: "list[Chunk] | None" = None) -> str:
    """The text that stands for a proposal in one vector: title, then its summary or else its first prose.

    Markup, links and front matter are gone; at most `limit` characters, cut at a word if it can be.
    `parts`: what `lead_chunks` gave, if it was called already.
    """
    name = SPACE.sub(" ", title).strip()
    text = ""
    for chunk in lead_chunks(title, body) if parts is None else parts:
        text = f"{text} {plain(body[chunk.start : chunk.end])}".strip()
        if len(text) >= limit:
            break
    whole = f"{name}\n{text}".strip()
    return whole if len(whole) <= limit else _cut(whole, limit)


def lead_chunks(title: str, body: str, at_least: int = 300) -> list[Chunk]:
    """The passages a lead is made of, at least one if there is any: the summary section, or prose from the start.

    Tables, code and metadata lines are passed over where there is prose. Together they hold about LEAD characters.
    """
    parts = chunks(title, body)
    summary = next((part.heading for part in parts if SUMMARY.match(part.heading) and _prose(body, part) >= 40), None)
    if summary is not None:
        start = next(i for i, part in enumerate(parts) if part.heading == summary)
        chosen = [part for part in parts[start:] if part.heading == summary]
        chosen += parts[start + len(chosen) :]
    else:
        chosen = parts
    taken: list[Chunk] = []
    size = 0
    for part in (part for part in chosen if _prose(body, part) >= 40):
        taken.append(part)
        size += _prose(body, part)
        if size >= at_least:
            break
    return taken or parts[:1]


def plain(text: str) -> str:
    """Markdown as one line of bare words: no links, pictures, tags, tables' bars, list marks or emphasis."""
    text = re.sub(r"<(?:https?|mailto)[^<>\s]*>", " ", text)
    text = re.sub(r"<!--[^>]*-->|</?[a-zA-Z][^<>]{0,300}>", " ", text)
    text = re.sub(r"!\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()]*)*(?:\s+\"[^\"]*\")?\)", r"\1", text)
    text = re.sub(r"\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()]*)*(?:\s+\"[^\"]*\")?\)", r"\1", text)
    text = re.sub(r"https?://[^\s)>\]，。；、）]+", " ", text)
    text = re.sub(r"(?m)^[ \t]*(?:[-*+]|\d+[.)]|>+|#{1,6})[ \t]+", "", text)
    text = re.sub(r"(?m)^[ \t|:=-]{3,}$", " ", text)
    text = re.sub(r"[*_~`|\\]{1,3}", " ", text)
    return SPACE.sub(" ", text).strip()


def _prose(body: str, part: Chunk) -> int:
    """Characters of running text: lines that are no table, code, address, picture or `Label: value`."""
    size = 0
    fenced = False
    for line in body[part.start : part.end].split("\n"):
        if FENCE.match(line):
            fenced = not fenced
            continue
        bare = line.strip()
        if fenced or bare.startswith(("|", "![", "<")) or (LABEL.match(bare) and len(bare) < 80):
            continue
        size += len(re.sub(r"https?://\S+", "", bare))
    return size


def _cut(text: str, limit: int) -> str:
    """At most `limit` characters, ending at a space if one stands in the last fifth."""
    space = text.rfind(" ", limit - limit // 5, limit)
    return text[: space if space > 0 else limit].rstrip()


# --- sections --------------------------------------------------------------------------------


@cache
def _parser() -> "MarkdownIt":
    """Blocks only: inline text is never looked at, so a long body costs little."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20})
    parser.disable(["inline", "text_join", "reference"])
    return parser


def _sections(body: str) -> Iterator[_Section]:
    """Stretches between headings and rules."""
    front = FRONT_MATTER.match(body)
    position = front.end() if front else 0
    heading = ""
    starts = _line_starts(body)
    base = bisect_right(starts, position) - 1 if position < len(body) else len(starts) - 1
    for token, first, last, name in _breaks(body[position:]):
        begin, finish = starts[base + first], starts[min(base + last, len(starts) - 1)]
        yield _Section(position, max(position, begin), heading)
        position = finish
        heading = name if token == "heading_open" else heading
    yield _Section(position, len(body), heading)


def _line_starts(body: str) -> list[int]:
    """Offsets of each line, and the end of the text."""
    starts = [0]
    starts.extend(match.end() for match in re.finditer("\n", body))
    if starts[-1] != len(body):
        starts.append(len(body))
    return starts


def _breaks(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Top-level headings and rules: kind, first line, line after the last, plain heading text.

    A line that is nothing but bold counts as a heading; a long paragraph that `---` underlines does not, and `---` is then a rule.
    """
    tokens: list[Token] = _parser().parse(text)
    for i, token in enumerate(tokens):
        if token.level or token.map is None:
            continue
        first, last = token.map
        if token.type == "hr":
            yield token.type, first, last, ""
        elif token.type == "heading_open":
            content = tokens[i + 1].content
            if token.markup.startswith("#") or (len(content) <= HEADING and "\n" not in content):
                yield token.type, first, last, plain(content[: 2 * HEADING])
            else:
                yield "hr", last - 1, last, ""
        elif token.type == "paragraph_open" and BOLD_LINE.fullmatch(tokens[i + 1].content.strip()):
            yield "heading_open", first, last, plain(tokens[i + 1].content).rstrip(":")


# --- splitting -------------------------------------------------------------------------------


def _split(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut one section: whole paragraphs while they fit TARGET, a long one at sentence ends, else at LIMIT."""
    for first, last in _packed(list(_pieces(body, start, end))):
        trimmed = _trim(body, first, last)
        if trimmed[0] < trimmed[1]:
            yield trimmed


def _trim(body: str, start: int, end: int) -> tuple[int, int]:
    while start < end and body[start].isspace():
        start += 1
    while start < end and body[end - 1].isspace():
        end -= 1
    return start, end


def _packed(pieces: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join neighbouring pieces up to TARGET; a last crumb joins the one before if LIMIT allows."""
    packed: list[tuple[int, int]] = []
    for first, last in pieces:
        if packed and last - packed[-1][0] <= TARGET:
            packed[-1] = (packed[-1][0], last)
        else:
            packed.append((first, last))
    if len(packed) > 1 and packed[-1][1] - packed[-2][0] <= LIMIT:
        tail = packed.pop()
        packed[-1] = (packed[-1][0], tail[1])
    yield from packed


def _pieces(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Paragraphs (blank lines part them), and the sentences or lines of those above TARGET."""
    for first, last in _at(BLANK_LINES, body, start, end):
        if last - first <= TARGET:
            yield first, last
            continue
        for one, two in _lines(body, first, last):
            yield from _hard(body, one, two)


def _lines(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Lines; those above TARGET in sentences. A table or code block is so cut between its rows."""
    position = start
    while position < end:
        newline = body.find("\n", position, end)
        stop = end if newline < 0 else newline + 1
        if stop - position <= TARGET:
            yield position, stop
        else:
            yield from _at(SENTENCE_END, body, position, stop)
        position = stop


def _at(pattern: re.Pattern[str], body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces that each end behind a match."""
    position = start
    for match in pattern.finditer(body, start, end):
        yield position, match.end()
        position = match.end()
    if position < end:
        yield position, end


def _hard(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of at most LIMIT: at a space near TARGET if there is one, else right there."""
    while end - start > LIMIT:
        space = body.rfind(" ", start + TARGET // 2, start + TARGET)
        stop = space + 1 if space > 0 else start + TARGET
        yield start, stop
        start = stop
    yield start, end
