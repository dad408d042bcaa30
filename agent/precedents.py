"""Turn found proposals into evidence: one passage for what was asked (with the record's facts), others by role."""

from collections.abc import Sequence
from datetime import datetime

from agent.cues import ADDRESSED, DIRTY
from agent.passages import Concepts, Passage, boilerplate, fold, passages, pick, relevance
from agent.records import from_proposal
from agent.schemas import Evidence, Hit, Proposal

VERY_NEAR = 0.5
"""One precedent that names so much of the topic is enough to draft from."""
NEAR = 0.34
"""Nearness from which a proposal counts as a precedent..."""
NEAR_TITLE = 0.25
"""...or this, if its title names something of the topic."""
READ = 10_000
"""Characters of a body that nearness is measured on."""
PLAN = (("ask", 1, 9), ("argument", 1, 6), ("specification", 1, 4), ("budget", 1, 5), ("timeline", 1, 3), ("risk", 1, 9))
"""(role, passages a proposal, how many proposals of the best may give one)."""


def nearness(proposal: Proposal, about: Concepts) -> float:
    """How much of the topic a proposal names, in [0, 1]: the title counts for two fifths, its best paragraph for the rest."""
    title = relevance(about, proposal.title)
    paragraphs = (part for part in proposal.body[:READ].split("\n\n") if part.strip())
    best = max((relevance(about, f"{proposal.title}\n{part}") for part in paragraphs), default=title)
    return 0.4 * title + 0.6 * best


def _near(proposal: Proposal, about: Concepts, share: float) -> bool:
    return share >= NEAR or (share >= NEAR_TITLE and relevance(about, proposal.title) > 0)


def _order(shares: Sequence[float]) -> list[int]:
    """Places in the search's list, by its order and by nearness in equal parts (reciprocal ranks, as in rank fusion)."""
    by_nearness = sorted(range(len(shares)), key=lambda at: (-round(shares[at], 2), at))
    rank = {at: place for place, at in enumerate(by_nearness)}
    return sorted(rank, key=lambda at: (-(1 / (10 + at) + 1 / (10 + rank[at])), at))


def unquotable(text: str) -> bool:
    """Links, markup, hidden characters, or words that address the reader: nothing to put before a committee."""
    return bool(DIRTY.search(text) or ADDRESSED.search(text))


def evidence(
    found: Sequence[tuple[Hit, Proposal]], about: Concepts, at: datetime, *, limit: int
) -> tuple[list[Evidence], int, float | None]:
    """Evidence of at most `limit` precedents, best first; how many were near enough; how near the nearest of all is."""
    common = boilerplate(proposal.body for _, proposal in found)
    measured = [(nearness(proposal, about), hit, proposal) for hit, proposal in found]
    order = _order([share for share, _, _ in measured])
    near, titles = [], set[str]()
    for _, hit, proposal in (measured[at] for at in order if _near(measured[at][2], about, measured[at][0])):
        if fold(proposal.title) not in titles:  # the same text put up twice is one precedent
            titles.add(fold(proposal.title))
            near.append((hit, proposal))
    rows: list[Evidence] = []
    said: set[str] = set()
    for rank, (hit, proposal) in enumerate(near[:limit]):
        rows += _of_one(hit, proposal, passages(proposal, about, common=common), rank, said, at)
    return rows, len(near), max((round(share, 2) for share, _, _ in measured), default=None)


def _of_one(hit: Hit, proposal: Proposal, found: Sequence[Passage], rank: int, said: set[str], at: datetime) -> list[Evidence]:
    taken: list[tuple[int, int]] = []
    rows: list[Evidence] = []
    for role, count, until in PLAN:
        if rank >= until:
            continue
        fresh = [p for p in found if fold(proposal.body[p.start : p.end]) not in said]
        for passage in pick(fresh, role, count, taken) or (pick(fresh, "gist", 1, taken) if role == "ask" else []):
            taken.append((passage.start, passage.end))
            said.add(fold(proposal.body[passage.start : passage.end]))
            rows.append(from_proposal(proposal, passage.start, passage.end, passage.role, at, record=not rows))
    if not rows:
        rows.append(from_proposal(proposal, hit.start, hit.end, "record", at, record=True))
    return rows
