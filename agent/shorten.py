"""Make a draft fit a limit: decide what is left out, in a stated order, and never half a sentence."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from agent.schemas import Section
from agent.sources import Detail

OPTIONAL = ("references", "key_terms", "next_steps", "precedents", "rationale", "timeline", "changes")
"""Keys of sections that go first, in this order; those of unknown keys follow, last one first."""
KEPT = frozenset(
    ("summary", "abstract", "motivation", "specification", "actions", "budget", "risks", "dissent", "conflicts", "options", "copyright")
)
"""Sections that stay until only single sentences are left to go: what is asked, what it costs and what speaks against it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What is missing from a shortened text."""

    limit: int
    sections: tuple[str, ...] = ()
    """Headings."""
    sentences: int = 0
    """Of sections that are still there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What of a draft is shown, and how much of its sources."""

    sections: tuple[Section, ...]
    detail: Detail = field(default_factory=Detail)
    cut: Cut | None = None
    room: int = 0
    """UTF-16 units for the list of sources, if it is capped."""
    small: bool = False


def fit(sections: Sequence[Section], text: Callable[[Plan], str], size: Callable[[str], int], limit: int) -> str:
    """The first text within the limit along the order of `markdown`'s docstring.

    The last plan shows no section and a capped list; a text that is longer even then is a fault of the caller.
    """
    whole = Plan(tuple(sections))
    short = replace(whole, cut=Cut(limit), room=limit // 4)
    brief = replace(short, detail=Detail(quote=0, brief=True))
    for plan in (whole, *(replace(short, detail=Detail(quote=quote)) for quote in (160, 80, 0)), brief):
        found = text(plan)
        if size(found) <= limit:
            return found
    order = _drops(sections)
    fewer = _first(lambda count: text(_without(brief, frozenset(order[:count]))), len(order), size, limit)
    if fewer is not None:
        return fewer
    bare = replace(_without(brief, frozenset(order)), small=True)
    goes = _order(bare.sections)
    least = _first(lambda count: text(_trimmed(bare, goes[:count])), len(goes), size, limit)
    return text(_trimmed(bare, goes)) if least is None else least


def _first(text: Callable[[int], str], most: int, size: Callable[[str], int], limit: int) -> str | None:
    """The text with the smallest number (0 to `most`) of things left out that is within the limit; None if none is."""
    low, high, best = 0, most, None
    while low <= high:
        middle = (low + high) // 2
        found = text(middle)
        if size(found) <= limit:
            best, high = found, middle - 1
        else:
            low = middle + 1
    return best


def _drops(sections: Sequence[Section]) -> list[int]:
    """Places of sections that may go, in the order in which they go."""
    known = [place for key in OPTIONAL for place, section in enumerate(sections) if section.key == key]
    other = [place for place, section in enumerate(sections) if section.key not in KEPT and section.key not in OPTIONAL]
    return [*known, *reversed(other)]


def _without(plan: Plan, places: frozenset[int]) -> Plan:
    gone = tuple(section.heading for place, section in enumerate(plan.sections) if place in places and section.sentences)
    left = tuple(section for place, section in enumerate(plan.sections) if place not in places)
    assert plan.cut is not None
    return replace(plan, sections=left, cut=replace(plan.cut, sections=gone))


def _order(sections: Sequence[Section]) -> list[int]:
    """Places of sections, one for each sentence that goes: always the last one of the section that is longest by then."""
    left = [[len(sentence.text) + 20 for sentence in section.sentences] for section in sections]
    heap = [(-sum(sizes), -place) for place, sizes in enumerate(left) if sizes]
    heapq.heapify(heap)
    order = []
    while heap:
        total, place = heapq.heappop(heap)
        order.append(-place)
        total += left[-place].pop()
        if left[-place]:
            heapq.heappush(heap, (total, place))
    return order


def _trimmed(plan: Plan, order: Sequence[int]) -> Plan:
    counts = [0] * len(plan.sections)
    for place in order:
        counts[place] += 1
    kept = [
        section.model_copy(update={"sentences": section.sentences[: len(section.sentences) - gone]})
        for section, gone in zip(plan.sections, counts, strict=True)
    ]
    assert plan.cut is not None
    emptied = tuple(section.heading for section, gone in zip(plan.sections, counts, strict=True) if gone == len(section.sentences) and gone)
    missing = sum(gone for section, gone in zip(plan.sections, counts, strict=True) if gone < len(section.sentences))
    return replace(
        plan,
        sections=tuple(section for section in kept if section.sentences),
        cut=replace(plan.cut, sections=plan.cut.sections + emptied, sentences=missing),
    )
