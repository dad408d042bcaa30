"""Is this draft an earlier proposal again? Exact Jaccard similarity of words and shingles; the outcome is told with it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent.checks.places import concluded, finding, places
from agent.schemas import CheckResult, Draft, Evidence
from agent.text import clean, plain

SAME_TITLE = 0.6
"""Share of title words in common from which two titles ask for the same."""
SAME_TEXT = 0.5
"""Share of the shorter text's shingles that stand in the other, from which one repeats the other."""
SHINGLE = 4
"""Words (or Chinese character pairs) in a shingle."""
_WORD = re.compile(r"[a-z0-9]+(?:[.'’-][a-z0-9]+)*|[\u3400-\u9fff]")
_NUMBERING = re.compile(
    r"^\s*(?:[\[【(（][^\]】)）]{1,40}[\]】)）]\s*)+|^(?:(?:[A-Z]{1,6}[- ]?\d[\w.-]*|draft|proposal|temp(?:erature)? check|rfc|arfc|草案|提案)\s*[:：—–-]\s*)+",
    re.IGNORECASE,
)
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "that",
        "the",
        "their",
        "this",
        "to",
        "we",
        "with",
        "will",
        "should",
        "proposal",
        "proposals",
        "dao",
        "的",
        "和",
        "与",
        "在",
        "为",
    ]
)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A proposal that was made before. `text` may be any part of its body."""

    id: str
    title: str
    text: str
    status: str
    created: str = ""


def words(text: str) -> list[str]:
    """Words as they are compared: small, Chinese by character."""
    return _WORD.findall(clean(plain(text)).lower())


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared of all; 0 if either is empty."""
    return len(one & other) / len(one | other) if one and other else 0.0


def title_likeness(one: str, other: str) -> float:
    """Jaccard of the titles' content words, numbering and labels dropped; Chinese by character pairs. In [0, 1]."""
    return jaccard(_title_words(one), _title_words(other))


def _title_words(title: str) -> frozenset[str]:
    found = words(_NUMBERING.sub("", title)) or words(title)
    han = [word for word in found if len(word) == 1 and word > "\u3400"]
    pairs = {a + b for a, b in pairwise(han)}
    return frozenset(word for word in found if word not in _STOP and word not in han) | (pairs or frozenset(han))


def shingles(text: str) -> frozenset[str]:
    """Runs of four words."""
    found = words(text)
    return frozenset(" ".join(found[i : i + SHINGLE]) for i in range(max(0, len(found) - SHINGLE + 1)))


def text_likeness(one: str, other: str) -> float:
    """Share of the shorter text's shingles that stand in the other; 0 for texts of fewer than 20 words. In [0, 1]."""
    first, second = shingles(one), shingles(other)
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller >= 20 else 0.0


def near(title: str, text: str, candidates: Iterable[Earlier]) -> list[tuple[Earlier, float]]:
    """Earlier proposals whose title or text is nearly the same, most alike first."""
    found = []
    for candidate in candidates:
        by_title, by_text = title_likeness(title, candidate.title), text_likeness(text, candidate.text)
        if by_title >= SAME_TITLE or by_text >= SAME_TEXT:
            found.append((candidate, max(by_title, by_text)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0].id))


def earlier(rows: Sequence[Evidence]) -> list[Earlier]:
    """The proposals in a ledger, each with all its quotes."""
    found: dict[str, Earlier] = {}
    for row in rows:
        if row.kind != "proposal" or row.locator.id is None:
            continue
        facts = {fact.name: str(fact.value) for fact in row.facts}
        known = found.get(row.locator.id, Earlier(row.locator.id, row.title or "", "", "unknown"))
        found[row.locator.id] = Earlier(
            known.id,
            known.title or row.title or "",
            f"{known.text}\n{row.quote}",
            facts.get("status", known.status),
            facts.get("created", known.created),
        )
    return list(found.values())


def resubmission(draft: Draft, candidates: Sequence[Earlier] | None = None) -> tuple[CheckResult, ...]:
    """Flag earlier proposals that ask for the same, with their outcome; `candidates` default to those of the ledger.

    Quotations are no copying: only the draft's own title, topic and unquoted sentences are compared.
    """
    known = earlier(draft.evidence) if candidates is None else candidates
    own = "\n".join(place.sentence.text for place in places(draft) if not place.sentence.quotes)
    alike = {pair[0].id: pair for title in (draft.title, draft.topic) for pair in near(title, own, known)}
    found = []
    for one, likeness in sorted(alike.values(), key=lambda pair: -pair[1]):
        date = f" ({one.created[:10]})" if one.created else ""
        message = f"asks for nearly the same as {one.id} '{one.title}'{date}, likeness {likeness:.2f}: {_ended(one.status)}"
        found.append(
            finding("duplicate.resubmission", "advice" if one.status in ("passed", "unknown", "draft") else "warning", "title", message)
        )
    return tuple(concluded("duplicate.resubmission", found, f"unlike the {len(known)} earlier proposals compared"))


def _ended(status: str) -> str:
    return {
        "passed": "it passed; say why it is needed again",
        "failed": "it failed; say what has changed since",
        "withdrawn": "it was withdrawn; say what has changed since",
    }.get(status, "its outcome is not recorded")
