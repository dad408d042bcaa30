"""A glossary of governance and DeFi terms, so that a question in one language finds proposals in the other."""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.corpus import Corpus

WEIGHT = 0.6
"""What a translated term counts beside one that the query itself holds."""
OTHERS = 0.5
"""What each further translation of a term counts beside its first."""


@cache
def entries() -> Mapping[str, tuple[str, ...]]:
    """Chinese term to English words, most telling first."""
    text = (files("retrieval") / "data" / "glossary.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {chinese: tuple(english.split()) for chinese, english in rows}


def chinese_terms() -> tuple[str, ...]:
    """The Chinese side, which the segmenter must keep whole."""
    return tuple(entries())


@cache
def _longest() -> int:
    return max(map(len, entries()))


@cache
def _reverse() -> Mapping[str, tuple[str, ...]]:
    from retrieval.tokens import stems

    found: dict[str, list[str]] = {}
    for chinese, english in entries().items():
        for word in stems(english[:1]):
            found.setdefault(word, []).append(chinese)
    return {word: tuple(terms[:4]) for word, terms in found.items()}


def matches(text: str) -> list[str]:
    """Glossary terms in a Chinese text, longest first at every place, without overlaps."""
    found, at = [], 0
    known = entries()
    while at < len(text):
        for size in range(min(_longest(), len(text) - at), 0, -1):
            if text[at : at + size] in known:
                found.append(text[at : at + size])
                at += size
                break
        else:
            at += 1
    return found


def to_english(text: str) -> str:
    """The English words of the Chinese terms in a text, in order; what stands there in Latin letters and digits stays."""
    known = entries()
    parts = [part for part in re.split(r"([A-Za-z0-9][A-Za-z0-9_.%$-]*)", text) if part.strip()]
    words: list[str] = []
    for part in parts:
        if part[0].isascii() and part[0].isalnum():
            words.append(part)
        else:
            words += [word for term in matches(part) for word in known[term]]
    return " ".join(words)


def expand(text: str, words: Mapping[str, float]) -> dict[str, float]:
    """The query's terms with those of the other language added at a lower weight."""
    from retrieval.tokens import has_chinese, stems, tokens

    out = defaultdict(float, {word: float(count) for word, count in words.items()})
    if has_chinese(text):
        for term in matches(text):
            for place, word in enumerate(stems(entries()[term])):
                out[word] += WEIGHT * (1.0 if place == 0 else OTHERS)
        return dict(out)
    reverse = _reverse()
    added: dict[str, float] = defaultdict(float)
    for word, count in words.items():
        for term in reverse.get(word, ()):
            for piece in tokens(term):
                added[piece] = max(added[piece], WEIGHT * min(count, 1.0))
    for piece, weight in added.items():
        out[piece] += weight
    return dict(out)


def needed(text: str, corpus: "Corpus") -> bool:
    """Whether the query and the corpus may speak different languages."""
    from retrieval.tokens import has_chinese

    return has_chinese(text) or any(head.lang == "zh" for head in corpus.heads)
