"""The passage of a body that fits a query best: sentences of one paragraph, never a heading or a table."""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from agent.text import Span, sentences
from retrieval.tokens import clean, tokens

MIN_CHARS = 80
GOOD_CHARS = 160
"""A passage grows by the next sentence of its paragraph until it has this many."""
MAX_CHARS = 500
MAX_BODY = 60_000
"""Characters of a body that are cut into passages."""
KEPT = 12_000
"""Bodies whose passages stay in memory."""

_NO_PROSE = re.compile(r"^\s*(?:#|\||```|~~~|<!--|!\[|---|===|\[[^\]]+\]:)|https?://\S+\s*$")
_FRONT = re.compile(r"\A---[ \t]*\n[\s\S]*?\n---[ \t]*(?:\n|\Z)")
_BREAK = re.compile(r"\n[ \t]*\n")
_CUT = re.compile(r"[,;:，；：、)）]\s*|\s+")


@dataclass(frozen=True, slots=True)
class Passage:
    """body[start:end] and its distinct terms."""

    start: int
    end: int
    terms: frozenset[str]
    prose: bool


class Passages:
    """Passages of bodies, kept by hash. Not for several threads at once."""

    def __init__(self, kept: int = KEPT) -> None:
        self._cache: OrderedDict[str, list[Passage]] = OrderedDict()
        self._kept = kept

    def of(self, sha256: str, body: str) -> list[Passage]:
        """The passages of a body, in order; a cache hit costs nothing."""
        found = self._cache.get(sha256)
        if found is None:
            found = self._cache[sha256] = passages(body)
            if len(self._cache) > self._kept:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(sha256)
        return found

    def best(self, sha256: str, body: str, worth: Mapping[str, float], near: Span | None = None) -> Span:
        """The span whose terms are worth most; of equals one inside `near`, then the earlier. An empty body gives (0, 0)."""
        found = self.of(sha256, body)
        if not found:
            return Span(0, 0)
        top = max(found, key=lambda p: (p.prose, _score(p, worth), near is not None and near.start <= p.start < near.end, -p.start))
        return Span(top.start, top.end)


def _score(passage: Passage, worth: Mapping[str, float]) -> float:
    hits = sum(worth.get(term, 0.0) for term in passage.terms)
    return hits / (1.0 + len(passage.terms) / 60.0)


def passages(body: str) -> list[Passage]:
    """Windows of one or more sentences of a paragraph, 80 to 500 characters where the text allows."""
    front = _FRONT.match(body)
    begin = front.end() if front else 0
    spans = [span for span in sentences(body[:MAX_BODY]) if span.start >= begin and span.end > span.start]
    terms = [frozenset(tokens(body[span.start : span.end])) for span in spans]
    out: list[Passage] = []
    for i, span in enumerate(spans):
        end, words = span.end, terms[i]
        for j in range(i + 1, len(spans)):
            gap = body[end : spans[j].start]
            if end - span.start >= GOOD_CHARS or _BREAK.search(gap) or spans[j].end - span.start > MAX_CHARS:
                break
            if _is_heading(body, spans[j].start):
                break
            end, words = spans[j].end, words | terms[j]
        if end - span.start > MAX_CHARS:
            end = _cut(body, span.start, end)
            words = frozenset(tokens(body[span.start : end]))
        prose = end - span.start >= MIN_CHARS and _is_prose(body, span.start, end)
        out.append(Passage(span.start, end, words, prose))
    return out or _whole(body)


def _whole(body: str) -> list[Passage]:
    text = body.strip()
    if not text:
        return []
    start = body.index(text[0])
    end = _cut(body, start, start + len(text)) if len(text) > MAX_CHARS else start + len(text)
    return [Passage(start, end, frozenset(tokens(body[start:end])), False)]


def _is_heading(body: str, start: int) -> bool:
    line = body.rfind("\n", 0, start) + 1
    return body[line:start].lstrip().startswith(("#", "|"))


def _is_prose(body: str, start: int, end: int) -> bool:
    line = body.rfind("\n", 0, start) + 1
    text = body[start:end]
    if _NO_PROSE.match(body[line:end]) or "```" in text or text.count("|") >= 3:
        return False
    words = clean(text).strip()
    letters = sum(char.isalpha() for char in words)
    return len(words) >= 0.6 * len(text) and letters >= 0.55 * len(words)


def _cut(body: str, start: int, end: int) -> int:
    """Where a sentence that is too long may be cut: after a clause or a word."""
    cuts = [match for match in _CUT.finditer(body, start, min(end, start + MAX_CHARS)) if match.start() - start >= MIN_CHARS]
    if not cuts:
        return min(end, start + MAX_CHARS)
    return start + len(body[start : cuts[-1].end()].rstrip())
