"""Pick the passages of a past proposal that are worth quoting, each with its role and its exact offsets."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import Stemmer

from agent.cues import ADDRESSED, COMMANDING, DIRTY, HEADING_LINE, cues, procedural, role_of
from agent.schemas import Proposal
from agent.text import Span, sentences

ROLES = ("ask", "gist", "argument", "specification", "budget", "timeline", "risk")

_LIST_MARK = re.compile(r"(?:[-*+•]|\d{1,3}[.)]|>)\s+")
_LEAD_IN = re.compile(r"(?:\*\*|__)[^*_\n]{2,60}(?:\*\*|__)\s*[:：.]?\s*(?=[A-Z\u4e00-\u9fff])")
_WORD = re.compile(r"[a-z0-9][a-z0-9'’]*|[\u4e00-\u9fff]", re.IGNORECASE)
_STOP_WORDS = """
a an and are as at be by can do for from has have how i if in into is it its my no not of on or our so that the their them then there these
they this to up us was we what when which who why will with you your s proposal proposals dao should would could new more
"""
_STOP = frozenset(_STOP_WORDS.split()) | {"提案"}
_stemmer = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Passage:
    """body[start:end] and what it may serve as."""

    role: str
    start: int
    end: int
    score: float


def keywords(text: str) -> frozenset[str]:
    """Content words of a text, stemmed; Chinese by character pairs. What `relevance` compares."""
    words = [word.lower().strip("'’") for word in _WORD.findall(text)]
    latin = {w for w in words if w and w not in _STOP and not "\u4e00" <= w[0] <= "\u9fff"}
    han = re.findall(r"[\u4e00-\u9fff]{2,}", text)
    pairs = {run[i : i + 2] for run in han for i in range(len(run) - 1)}
    return frozenset(_stemmer.stemWords(sorted(latin))) | pairs


Concepts = Sequence[Collection[str]]
"""What a text is about: each concept is a set of words any of which names it (a word and its translation)."""


def concepts(text: str) -> tuple[frozenset[str], ...]:
    """One concept a content word; a memory that knows a glossary adds translations."""
    return tuple(frozenset((word,)) for word in sorted(keywords(text)))


def relevance(about: Concepts, text: str) -> float:
    """Share of the concepts that the text names, in [0, 1]."""
    if not about:
        return 0.0
    words = keywords(text)
    return sum(not words.isdisjoint(group) for group in about) / len(about)


def heading_roles(body: str) -> list[tuple[int, int, str]]:
    """(start of the heading, end of the heading, role of what follows) in order; "" where no heading told a role.

    A heading that tells nothing keeps the role of the one above it only where it stands deeper.
    """
    found: list[tuple[int, int, str]] = []
    role, level = "", 0
    for match in HEADING_LINE.finditer(body):
        title = (match["atx"] or match["bold"] or "").strip(" #*_:0123456789.")
        depth = len(match[0].lstrip()) - len(match[0].lstrip().lstrip("#")) or 7
        named = role_of(title)
        if named or depth <= level:
            role, level = named, depth
        found.append((match.start(), match.end(), role))
    return found


def passages(proposal: Proposal, about: Concepts, *, common: Collection[str] = (), limit: int = 120) -> list[Passage]:
    """Sentences worth quoting, best first; `common` holds folded sentences that are boilerplate of the DAO.

    Only the first `limit` clean sentences are looked at: a quote from the far end of an appendix helps nobody.
    """
    body, marks = proposal.body, heading_roles(proposal.body)
    fences = [(m.start(), m.end()) for m in re.finditer(r"^```.*?^```", body, re.MULTILINE | re.DOTALL)]
    shunned = _addressing(body)
    found: list[Passage] = []
    ranks: dict[str, int] = {}
    seen = 0
    for place, (start, end) in enumerate(_clean(body, sentences(body[:40_000]), marks, fences)):
        text = body[start:end]
        if seen >= limit:
            break
        if fold(text) in common or procedural(text) or any(a <= start < b for a, b in shunned):
            continue
        seen += 1
        role = _role_at(marks, start)
        ranks[role] = ranks.get(role, -1) + 1
        found += _classify(text, start, end, role, relevance(about, text), place, ranks[role])
    return sorted(found, key=lambda p: (-p.score, p.start))


def _addressing(body: str) -> list[tuple[int, int]]:
    """Paragraphs in which a sentence addresses the reader or the software: nothing of them is quoted."""
    blocks = ((m.start(), m.end()) for m in re.finditer(r"(?:[^\n]|\n(?!\s*\n))+", body[:40_000]))
    return [(a, b) for a, b in blocks if COMMANDING.search(body, a, b)] + [
        (s.start, s.end) for s in sentences(body[:40_000]) if ADDRESSED.search(body, s.start, s.end)
    ]


def fold(text: str) -> str:
    """A sentence as it is compared with others: small letters and digits only, one space between words."""
    return " ".join(re.findall(r"[\w%$.]+", text.lower().replace("’", "").replace("'", "")))


def boilerplate(bodies: Iterable[str]) -> frozenset[str]:
    """Folded sentences that stand in more than one of the bodies."""
    counts: dict[str, int] = {}
    for body in bodies:
        for span in {fold(body[s.start : s.end]) for s in sentences(body[:40_000])}:
            counts[span] = counts.get(span, 0) + 1
    return frozenset(text for text, count in counts.items() if count > 1 and len(text) > 30)


def pick(found: Sequence[Passage], role: str, count: int, taken: Collection[tuple[int, int]] = ()) -> list[Passage]:
    """The best `count` passages of a role that do not stand where another already taken one stands."""
    chosen: list[Passage] = []
    for passage in found:
        if passage.role != role or any(a < passage.end and passage.start < b for a, b in taken):
            continue
        if not any(p.start < passage.end and passage.start < p.end for p in chosen):
            chosen.append(passage)
        if len(chosen) == count:
            break
    return chosen


def _clean(
    body: str, spans: Sequence[Span], marks: Sequence[tuple[int, int, str]], fences: Sequence[tuple[int, int]]
) -> Iterable[tuple[int, int]]:
    for span in spans:
        start, end = _trim(body, span.start, span.end)
        text = body[start:end]
        cjk = sum("\u4e00" <= c <= "\u9fff" for c in text)
        if not ((18 <= cjk <= 160 and len(text) <= 200) or 45 <= len(text) <= 420):
            continue
        if DIRTY.search(text) or "\n\n" in text or text.count("\n") > 4 or text.count("*") + text.count("_") > 4 or text.count('"') % 2:
            continue
        if (
            any(a < end and start < b for a, b, _ in marks)
            or any(a <= start < b for a, b in fences)
            or re.search(r"\n\s*(?:[-*+•]|\d+[.)])\s", text)
        ):
            continue
        if not (text[0].isalnum() or text[0] in "“\"'$*`《「") or sum(c.isalpha() for c in text) < 0.6 * len(text.replace(" ", "")):
            continue
        if cjk < 18 and text.rstrip("*_")[-1] not in '.!”")' and not text[-1].isalnum():
            continue
        yield start, end


def _trim(body: str, start: int, end: int) -> tuple[int, int]:
    while start < end and body[start].isspace():
        start += 1
    while (mark := _LIST_MARK.match(body, start, end)) is not None:
        start = mark.end()
    if (lead := _LEAD_IN.match(body, start, end)) is not None:
        start = lead.end()
    for wrap in ("**", "__", "*", "_"):
        if (
            body.startswith(wrap, start)
            and body.endswith(wrap, start, end)
            and end - start > 2 * len(wrap)
            and wrap not in body[start + len(wrap) : end - len(wrap)]
        ):
            start, end = start + len(wrap), end - len(wrap)
            break
    while end > start and body[end - 1].isspace():
        end -= 1
    return start, end


def _role_at(marks: Sequence[tuple[int, int, str]], offset: int) -> str:
    role = ""
    for start, _, name in marks:
        if start > offset:
            break
        role = name
    return role


def _classify(text: str, start: int, end: int, section: str, overlap: float, place: int, rank: int) -> list[Passage]:
    """A passage for each role the sentence may serve, with how well; none from sections that are never quoted."""
    if section == "skip":
        return []
    seen, near, early = cues(text), overlap >= 0.3, max(0.0, 0.5 - place / 60)
    whole = seen.ended and not seen.leaning and "**" not in text and "__" not in text
    base = 1.2 * overlap - 0.4 * ("\n" in text) - 0.2 * ("`" in text) - 0.3 * (len(text) > 300) - 0.3 * text.endswith((":", "?"))
    base -= 1.5 * seen.leaning + 0.8 * (not seen.ended) + 0.5 * text[0].islower() + 0.6 * ("**" in text or "__" in text)
    scores: dict[str, float] = {}
    if whole and ((section == "ask" and rank == 0 and seen.opens_asking) or (seen.asks and (section == "ask" or place < 15))):
        scores["ask"] = (
            base / 2 + (1.6, 1.0, 0.6, 0.3, 0.0)[min(rank, 4)] * (section == "ask") + early + 0.9 * seen.asks + 0.2 * seen.amount
        )
    if whole and rank == 0 and section in ("ask", "argument", ""):
        scores["gist"] = base / 2 + 1.0 + 0.6 * (section == "ask") + early
    if whole and (section == "argument" or (seen.reasons and section not in ("budget", "timeline", "specification", "risk"))):
        scores["argument"] = base + 1.0 * (section == "argument") + 0.4 * seen.reasons + early / 2
    if seen.finite and section not in ("argument", "risk"):
        scores["specification"] = base + 1.0 * (section == "specification") + 0.4 * seen.specifies
    if seen.amount and seen.money and (section == "budget" or near or seen.asks):
        scores["budget"] = base + 1.0 + 0.8 * (section == "budget") + 0.5 * (not seen.ended and section == "budget")
    if seen.planned and not seen.past and (section == "timeline" or near):
        scores["timeline"] = base + 0.8 + 0.8 * (section == "timeline")
    if whole and (section == "risk" or (seen.risky and near)):
        scores["risk"] = base + 1.0 * (section == "risk") + 0.8 * seen.risky
    return [Passage(role, start, end, round(score, 4)) for role, score in scores.items() if score > 0.35]
