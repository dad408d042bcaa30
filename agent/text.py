"""Text as the checks see it: sentences with exact offsets, lengths, plain words. English and Chinese, linear time."""

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_ABBREVIATIONS = (
    "e.g i.e etc vs cf al approx est no nos vol fig figs eq ref refs sec ch pp ca resp incl excl min max avg inc ltd co corp dept "
    "mr mrs ms dr prof st jr sr jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m u.s u.k u.n"
)
_BEFORE_NUMBER = "no nos vol fig figs eq ref refs sec ch pp p ca approx est jan feb mar apr jun jul aug sep sept oct nov dec"
_MAY_END = "etc inc ltd co corp a.m p.m min max avg st no al sat sun sec mar ch dec"
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
FOLLOWED_BY_NUMBER = frozenset(_BEFORE_NUMBER.split())
"""Abbreviations that end no sentence when a number follows; the others end none before a lower-case word or a name."""
MAY_END = frozenset(_MAY_END.split())
"""Abbreviations (or words spelled alike) that may also close a sentence: they do when a capital follows."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,4}[.)、])(?:[ \t]+|$)")
_QUOTE = re.compile(r" {0,3}(?:>[ \t]?)+")
_PROTECTED = re.compile(r"`[^`\n]+`|https?://[^\s<>）。，；]+|\]\([^()\s]*\)")
_END = re.compile(r"(?<![.!?])[.!?]++[\"'”’)\]*_»]*+(?=\s|$)|(?<![。！？；])[。！？；]++[”’」』）)\]*_»]*+|(?<!…)…++[”’」』）)]*+(?=\s|$)")
_LAST_WORD = re.compile(r"[A-Za-z](?:[A-Za-z.]*[A-Za-z])?$")


class Span(NamedTuple):
    """Half-open: text[start:end]. Counts code points."""

    start: int
    end: int


def sentences(text: str) -> list[Span]:
    """The sentences of a text or of Markdown, in order, without surrounding white space or line markers.

    A heading, a list item and a table row end where their block ends; a fenced block of code is one sentence;
    rules and table dividers are none. Paragraph lines wrapped by hand stay together.
    """
    return [span for start, end in _blocks(text) for span in _split(text, start, end)]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Regions that no sentence crosses, in order. A fence's region includes its marker lines."""
    opened: int | None = None
    fence = ""
    code = -1
    for start, end in _lines(text):
        line = text[start:end]
        mark = _FENCE.match(line)
        if code >= 0:
            if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not line[mark.end() :].strip():
                yield code, end
                code = -1
            continue
        quoted = _QUOTE.match(line)
        offset = quoted.end() if quoted else 0
        head = _HEADING.match(line, offset)
        item = None if head else _ITEM.match(line, offset)
        blank = _is_blank(line[offset:])
        row = not blank and line[offset:].lstrip().startswith("|")
        if opened is not None and (blank or mark or head or item or row or quoted):
            yield opened, start
            opened = None
        if mark:
            code, fence = start, mark[1]
        elif head or row:
            yield start + (head.end() if head else offset), end
        elif not blank and opened is None:
            opened = start + (item.end() if item else offset)
    if code >= 0:
        yield code, len(text)
    elif opened is not None:
        yield opened, len(text)


def _is_blank(line: str) -> bool:
    """Whether a line holds no words: white space, a rule or the divider of a table."""
    signs = set(line) - {" ", "\t", "\r"}
    if not signs:
        return True
    if len(signs) == 1 and signs <= set("-=_*"):
        return len(line) - line.count(" ") - line.count("\t") >= 3
    return "-" in signs and signs <= set("|:-") and ("|" in signs or "--" in line)


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    if _FENCE.match(text, start):
        yield _trim(text, start, end)
        return
    guards = iter(_PROTECTED.finditer(text, start, end))
    guard = next(guards, None)
    begin = start
    for mark in _END.finditer(text, start, end):
        while guard is not None and guard.end() <= mark.start():
            guard = next(guards, None)
        if guard is not None and guard.start() < mark.start() < guard.end() - 1:
            continue
        if mark[0][0] in ".…" and not _ends(text, begin, mark.start(), mark.end(), end):
            continue
        span = _trim(text, begin, mark.end())
        if span.start < span.end:
            yield span
        begin = mark.end()
    span = _trim(text, begin, end)
    if span.start < span.end:
        yield span


def _ends(text: str, begin: int, dot: int, after: int, end: int) -> bool:
    """Whether the full stop at `dot` closes a sentence."""
    follow = after
    while follow < end and text[follow].isspace():
        follow += 1
    following = text[follow] if follow < end else ""
    if not following:
        return True
    if following.islower() or following in ",;:)":
        return False
    word = _LAST_WORD.search(text, max(begin, dot - 12), dot)
    if word is None:
        return dot - begin > 6 or not text[begin:dot].strip(" \t(*_|").isdigit()
    known = word[0].lower()
    if following.isdigit() and known in FOLLOWED_BY_NUMBER:
        return False
    if len(known) == 1 and word[0].isupper():
        return word.start() > begin and not text[word.start() - 1].isspace()
    return known not in ABBREVIATIONS or known in MAY_END


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)


def utf16_len(text: str) -> int:
    """Length in UTF-16 units, as JavaScript counts: an emoji beyond the basic plane is 2."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """For comparing: NFC, each run of white space one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_map(text: str) -> tuple[str, list[int]]:
    """`clean(text)` and, for each of its characters, the offset in `text` it came from; one more entry for the end."""
    out: list[str] = []
    offsets: list[int] = []
    pending = -1
    for start, piece in _pieces(text):
        if piece.isspace():
            pending = start if pending < 0 else pending
            continue
        if pending >= 0 and out:
            out.append(" ")
            offsets.append(pending)
        pending = -1
        whole = unicodedata.normalize("NFC", piece)
        out.append(whole)
        offsets.extend([start] * len(whole))
    offsets.append(len(text.rstrip()))
    return "".join(out), offsets


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """Runs of characters that NFC may join, with their offsets; joined they give the text."""
    start = 0
    for at in range(1, len(text)):
        if ord(text[at]) < 0x300 or text[at].isspace() or not _joins(text[start], text[max(start, at - 4) : at], text[at]):
            yield start, text[start:at]
            start = at
    if text:
        yield start, text[start:]


def _joins(first: str, tail: str, char: str) -> bool:
    """Whether NFC may change `char` or join it to what stands before it."""
    if unicodedata.combining(char):
        return not first.isspace()
    before = unicodedata.normalize("NFC", tail)
    return unicodedata.normalize("NFC", before + char) != before + unicodedata.normalize("NFC", char)


_MARKUP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?m)^ {0,3}(?:`{3,}|~{3,})[^\n]*$"), ""),
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)"), r"\1"),
    (re.compile(r"!?\[([^\[\]\n]+)\]\[[^\[\]\n]*\]"), r"\1"),
    (re.compile(r"<(https?://[^<>\s]+)>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>]{0,500}>"), " "),
    (re.compile(r"(?m)^(?:[ \t]{0,3}>[ \t]?)+"), ""),
    (re.compile(r"(?m)^ {0,3}#{1,6}[ \t]+"), ""),
    (re.compile(r"(?m)^[ \t|:=_*-]+$"), ""),
    (re.compile(r"(?m)^[ \t]*(?:[-*+•]|\d{1,4}[.)])[ \t]+"), ""),
    (re.compile(r"`+"), ""),
    (re.compile(r"\*{2,}|~~|(?<![\s\d])\*(?![\d])|(?<![\d*])\*(?![\s\d])"), ""),
    (re.compile(r"(?<!\w)_{1,3}(?=\S)|(?<=[^\s_])_{1,3}(?!\w)"), ""),
    (re.compile(r"[ \t]?(?<!\\)\|[ \t]?"), " "),
    (re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~$])"), r"\1"),
)


def plain(markdown: str) -> str:
    """The words a reader sees: links by their text, no emphasis, markers, fences, tables' bars or tags; lines stay lines."""
    text = _without_comments(markdown)
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return html.unescape(text).strip()


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return " ".join([*kept, text[at:]])


def is_cjk(char: str) -> bool:
    """Whether one character is a Chinese ideograph (also used in Japanese and Korean)."""
    point = ord(char)
    return 0x4E00 <= point <= 0x9FFF or 0x3400 <= point <= 0x4DBF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x323AF


def is_cjk_heavy(text: str) -> bool:
    """Whether at least a quarter of the letters are ideographs: such a text is read by Chinese rules."""
    letters = [char for char in text if char.isalpha()]
    return bool(letters) and sum(map(is_cjk, letters)) * 4 >= len(letters)
