"""Walk a draft: each sentence with where it stands, what it cites, and which of its quotations are genuine."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent.schemas import CheckResult, Draft, Evidence, Level, Sentence
from agent.text import clean, is_cjk_heavy

QUOTED = re.compile(r"“([^“”]*)”|「([^「」]*)」|『([^『』]*)』|\"([^\"]*)\"")
_BLANK = re.compile(r"\[\[.+?\]\]", re.DOTALL)
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Place:
    """One sentence of a draft. `where` is "motivation[2]"; `rows` is the evidence it cites, in its order."""

    where: str
    sentence: Sentence
    rows: tuple[Evidence, ...]
    unknown: tuple[str, ...]
    """Ids it cites that the ledger does not hold."""


def places(draft: Draft) -> Iterator[Place]:
    """Every sentence in order."""
    ledger = {row.id: row for row in draft.evidence}
    for section in draft.sections:
        for index, sentence in enumerate(section.sentences):
            rows = tuple(ledger[name] for name in dict.fromkeys(sentence.cites) if name in ledger)
            unknown = tuple(name for name in sentence.cites if name not in ledger)
            yield Place(f"{section.key}[{index}]", sentence, rows, unknown)


def fold(text: str) -> str:
    """Only letters and digits, small: what quotations of titles are compared by, since titles are shown without markup."""
    return _MARKS.sub("", clean(text)).lower()


@lru_cache(maxsize=4096)
def _sayings(row: Evidence) -> str:
    texts = [row.quote, row.title or "", *(str(fact.value) for fact in row.facts)]
    return "\n".join(map(fold, texts))


def quotations(text: str) -> list[tuple[int, int, str]]:
    """(start, end, words) of what stands in quotation marks."""
    return [(m.start(), m.end(), next(filter(None, m.groups()), "")) for m in QUOTED.finditer(text)]


def genuine(place: Place) -> tuple[str, ...]:
    """Parts of the sentence that stand word for word in cited evidence: its quotes, and titles in quotation marks."""
    known = [clean(row.quote) for row in place.rows]
    found = [q for q in place.sentence.quotes if q and any(clean(q) in text for text in known)]
    sayings = [_sayings(row) for row in place.rows]
    for _, _, words in quotations(place.sentence.text):
        if fold(words) and any(fold(words) in text for text in sayings):
            found.append(words)
    return tuple(dict.fromkeys(found))


def own_words(place: Place) -> str:
    """The sentence without genuine quotations and without blanks: what the writer itself says."""
    text = place.sentence.text
    for quote in sorted(genuine(place), key=len, reverse=True):
        text = text.replace(quote, " ")
    return _BLANK.sub(" ", text)


def is_chinese(text: str) -> bool:
    """Whether a sentence is read by Chinese rules."""
    return is_cjk_heavy(text)


def finding(rule: str, level: Level, where: str, message: str) -> CheckResult:
    """One result of ours."""
    return CheckResult(rule=rule, level=level, where=where, message=message)


def concluded(rule: str, found: Sequence[CheckResult], counted: str) -> list[CheckResult]:
    """The findings, or one "pass" that says what was counted."""
    return list(found) or [finding(rule, "pass", "draft", counted)]
