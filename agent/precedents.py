"""Turn found proposals into evidence: one passage for what was asked (with the record's facts), others by role."""

from collections.abc import Sequence
from datetime import datetime

from agent.passages import ADDRESSED, DIRTY, Concepts, Passage, boilerplate, fold, passages, pick, relevance
from agent.records import from_proposal
from agent.schemas import Evidence, Hit, Proposal

VERY_NEAR = 0.45
"""One precedent that names so much of the topic is enough to draft from."""
NEAR = 0.3
"""Share of the topic's concepts a proposal must name to count as a precedent."""
PLAN = (("ask", 1, 9), ("argument", 1, 5), ("specification", 1, 4), ("budget", 1, 5), ("timeline", 1, 3), ("risk", 1, 5))
"""(role, passages a proposal, how many proposals of the best may give one)."""


def nearness(proposal: Proposal, about: Concepts) -> float:
    """How much of the topic a proposal names, in [0, 1]: the title counts for two fifths, the text for the rest."""
    return 0.4 * relevance(about, proposal.title) + 0.6 * relevance(about, f"{proposal.title}\n{proposal.body[:20_000]}")


def unquotable(text: str) -> bool:
    """Links, markup, hidden characters, or words that address the reader: nothing to put before a committee."""
    return bool(DIRTY.search(text) or ADDRESSED.search(text))


def evidence(
    found: Sequence[tuple[Hit, Proposal]], about: Concepts, at: datetime, *, limit: int
) -> tuple[list[Evidence], int, float | None]:
    """Evidence of at most `limit` precedents, best first; how many were near enough; how near the nearest of all is."""
    common = boilerplate(proposal.body for _, proposal in found)
    measured = [(nearness(proposal, about), hit, proposal) for hit, proposal in found]
    near = [(hit, proposal) for share, hit, proposal in measured if share >= NEAR]
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
        for passage in pick(fresh, role, count, taken):
            taken.append((passage.start, passage.end))
            said.add(fold(proposal.body[passage.start : passage.end]))
            rows.append(from_proposal(proposal, passage.start, passage.end, role, at, record=not rows))
    if not rows:
        rows.append(from_proposal(proposal, hit.start, hit.end, "record", at, record=True))
    return rows
