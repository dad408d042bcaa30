"""Read a proposal's Markdown as people write it: front matter, title, headings of every style, tables, links, options.

Offsets count code points of `Document.text`, which is the input with NUL removed and CRLF or CR turned into LF.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from agent.errors import DataError
from agent.headings import PAIR, PARTS, TAG, Heading, find_headings, line_starts, normal, span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,2}[.)、])[ \t]+(.+?)[ \t]*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINK = re.compile(r"(?<![A-Za-z])https?://[^\s<>\"'\]}|\\^`，。；、）】」]+", re.IGNORECASE)
_LABEL = re.compile(r"[\[【]([^\]】\n]{1,60})[\]】]")
_OPTIONS = frozenset({"options", "voting options", "choices", "vote options", "voting choices", "poll options", "投票选项", "选项"})


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as written, without emphasis marks stripped; text[start:end] is the whole table."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """An address in the text: text[start:end] == url."""

    url: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """A proposal's text and what could be read from it."""

    text: str
    name: str = "document"
    front: dict[str, str] = field(default_factory=dict)
    """Keys of the front matter in lower case; a list's items are joined by ", "."""
    front_known: bool = True
    """False where front matter was cut off before we saw the text, so that nothing can be said about it."""
    body_start: int = 0
    title: str | None = None
    headings: tuple[Heading, ...] = ()
    tables: tuple[Table, ...] = ()
    links: tuple[Anchor, ...] = ()
    choices: tuple[str, ...] = ()
    created: date | None = None

    @property
    def body(self) -> str:
        """The text after the front matter."""
        return self.text[self.body_start :]

    @property
    def labels(self) -> tuple[str, ...]:
        """What the title carries in brackets: "EP5.1", "Social"."""
        return tuple(label.strip() for label in _LABEL.findall(self.title or ""))

    def find(self, names: Sequence[str]) -> Heading | None:
        """The section under one of these names: the first with any text in it, exact names before partial ones."""
        wanted = {normal(name) for name in names} - {""}
        exact = [heading for heading in self.headings if heading.name in wanted]
        loose = [heading for heading in self.headings if heading.kind not in ("lead", "plain") and wanted & set(PARTS.split(heading.name))]
        return next((heading for heading in (*exact, *loose) if self.under(heading)), None) or next(iter((*exact, *loose)), None)

    def under(self, heading: Heading) -> str:
        """A section's text, trimmed; its subsections belong to it."""
        return self.text[heading.end : heading.until].strip().lstrip(":：").strip()


def decode(data: bytes, name: str = "document") -> str:
    """Bytes as text. Raises DataError if they are no UTF-8 (a byte order mark is allowed) or hold what no text holds."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise DataError(f"{name}: not UTF-8 text (byte {wrong.start}), save it as UTF-8 Markdown") from None
    if "\0" in text:
        raise DataError(f"{name}: a binary file, not Markdown text")
    return text


def read_document(
    markdown: str | bytes,
    *,
    name: str = "document",
    title: str | None = None,
    choices: Sequence[str] = (),
    created: date | None = None,
    front_known: bool = True,
) -> Document:
    """Read a text; title, options and date given here go before what the text says. Only bytes can raise (DataError)."""
    raw = decode(markdown, name) if isinstance(markdown, bytes) else markdown
    text = raw.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    matter = _FRONT.match(text)
    front = pairs(matter[1]) if matter else {}
    start = matter.end() if matter else 0
    lines = line_starts(text)
    tokens = _tokens(_blanked(text, start))
    headings = find_headings(text, lines, tokens, start)
    document = Document(text=text, name=name, front=front, front_known=front_known, body_start=start, headings=headings)
    front = front or _preamble(document, tokens)
    return replace(
        document,
        front=front,
        title=title or front.get("title") or _first_title(document),
        tables=tuple(_tables(lines, tokens)),
        links=tuple(Anchor(url, at, at + len(url)) for at, url in _links(text)),
        choices=tuple(choices) or _choices(document),
        created=created or _day(front),
    )


def pairs(block: str) -> dict[str, str]:
    """`key: value` lines as a mapping, keys in lower case; the items of a list under a key are joined by ", "."""
    found: dict[str, str] = {}
    key = ""
    for line in block.split("\n"):
        if (item := _ITEM.match(line)) and key:
            found[key] = ", ".join(part for part in (found[key], _unquoted(item[1])) if part)
        elif pair := PAIR.match(line):
            key = " ".join(pair[1].casefold().split())
            found.setdefault(key, _unquoted(pair[2]))
    return found


def _unquoted(value: str) -> str:
    value = value.strip().strip("`")
    if value[:1] == "[" and value[-1:] == "]" and len(value) > 1 and "](" not in value:
        return ", ".join(part.strip().strip("\"'") for part in value[1:-1].split(","))
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value


def _blanked(text: str, start: int) -> str:
    """The text with front matter and HTML comments turned into spaces, so that offsets stay."""
    text = re.sub(r"[^\n]", " ", text[:start]) + text[start:]
    return _COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment[0]), text)


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("table").disable(["html_block", "inline", "text_join", "reference"])


def _tokens(text: str) -> "list[Token]":
    return _parser().parse(text)


def _tables(lines: list[int], tokens: "list[Token]") -> Iterator[Table]:
    rows: list[tuple[str, ...]] = []
    cells: list[str] = []
    where = (0, 0)
    for token, following in pairwise([*tokens, *tokens[-1:]]):
        if token.type == "table_open":
            rows, where = [], (token.map[0], token.map[1]) if token.map else (0, 0)
        elif token.type == "tr_open":
            cells = []
        elif token.type in ("th_open", "td_open"):
            cells.append(following.content.strip())
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        elif token.type == "table_close" and rows:
            yield Table(rows[0], tuple(rows[1:]), *span(lines, *where))


def _links(text: str) -> Iterator[tuple[int, str]]:
    for found in _LINK.finditer(text):
        url = found[0].rstrip(".,;:!?*_~")
        while url.endswith(")") and url.count(")") > url.count("("):
            url = url[:-1].rstrip(".,;:!?*_~")
        yield found.start(), url


def _first_title(document: Document) -> str | None:
    """The only first-level heading, if nothing but short lines stands before it."""
    tops = [heading for heading in document.headings if heading.level == 1]
    if len(tops) != 1 or len(document.text[document.body_start : tops[0].start].strip()) > 200:
        return None
    return TAG.sub("", tops[0].text).strip("*_ ") or None


def _preamble(document: Document, tokens: "list[Token]") -> dict[str, str]:
    """The pairs of a fenced block under "Preamble", or of the lines there."""
    heading = next((heading for heading in document.headings if heading.name.split(": ")[-1] == "preamble"), None)
    if heading is None:
        return {}
    lines = line_starts(document.text)
    first, last = bisect_right(lines, heading.end), bisect_right(lines, heading.until)
    fences = [
        token.content for token in tokens if token.type == "fence" and token.map and first <= token.map[0] + 1 and token.map[0] < last
    ]
    return pairs(fences[0] if fences else document.under(heading))


def _choices(document: Document) -> tuple[str, ...]:
    """Options named in the front matter or listed in a section on voting options."""
    if listed := document.front.get("choices"):
        return tuple(part.strip() for part in listed.split(",") if part.strip())
    heading = next((heading for heading in document.headings if heading.name in _OPTIONS), None)
    if heading is None:
        return ()
    items = [item[1] for line in document.under(heading).split("\n") if (item := _ITEM.match(line))]
    return tuple(re.split(r"[:：]\s|\s[-–—]\s|[:：]$", re.sub(r"\*\*|__|`", "", item), maxsplit=1)[0].strip() for item in items)


def _day(front: dict[str, str]) -> date | None:
    """The first date among the usual keys."""
    for key in ("created", "date", "date-created", "date proposed", "start"):
        if found := re.match(r"\d{4}-\d{2}-\d{2}", front.get(key, "")):
            try:
                return date.fromisoformat(found[0])
            except ValueError:
                continue
    return None
