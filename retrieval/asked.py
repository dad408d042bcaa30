"""A query, cut up once for every field it is looked up in."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from retrieval import glossary
from retrieval.tokens import bigrams, grams, has_chinese, tokens

LEAD_TERMS = 120
SHORT_TERMS = 40
"""Terms below which a query is a topic and not a text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, cut up once: terms with what each counts."""

    text: str
    words: Mapping[str, float] = field(repr=False)
    title_words: Mapping[str, float] = field(repr=False)
    lead_words: Mapping[str, float] = field(repr=False)
    pairs: Mapping[str, float] = field(repr=False)
    grams: Mapping[str, float] = field(repr=False)

    @classmethod
    def of(cls, text: str, translate: bool = False) -> "Asked":
        """The first line that holds a word is taken as the title. `translate` adds the glossary's other language."""
        title = next((line.strip(" #*\t") for line in text.splitlines() if any(char.isalnum() for char in line)), "")[:300]
        words, title_words = tokens(text), tokens(title)
        plain, plain_title = words, title
        if translate and has_chinese(text):
            plain, plain_title = tokens(glossary.to_english(text)), glossary.to_english(title)
        other: Callable[[str, Mapping[str, float]], Mapping[str, float]] = glossary.expand if translate else _same
        return cls(
            text=text,
            words=other(text, Counter(words)),
            title_words=other(title, Counter(title_words)),
            lead_words=other(text[: LEAD_TERMS * 6], Counter(words[:LEAD_TERMS])),
            pairs=Counter(bigrams(plain)),
            grams=Counter(grams(plain_title)),
        )

    @property
    def short(self) -> bool:
        """A topic rather than a text."""
        return sum(self.words.values()) < SHORT_TERMS


def _same(_: str, words: Mapping[str, float]) -> Mapping[str, float]:
    return words
