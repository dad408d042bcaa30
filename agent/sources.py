"""The numbered list of sources under a draft: what each citation mark stands for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.escape import clean, escape, link, shorten
from agent.phrases import Phrases
from agent.schemas import Draft, Evidence, Fact, Section

_DATES = ("created", "date", "ended", "published", "last_day")
_OUTCOMES = ("status", "outcome")


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of each source is shown: None is everything."""

    quote: int | None = None
    """Characters of the quote; 0 leaves it out."""
    brief: bool = False
    """Only the mark, and the address or the name."""


def cited(sections: Iterable[Section], evidence: Sequence[Evidence]) -> list[str]:
    """Ids that sentences cite, and what those were computed from: in the ledger's order, unknown ones last."""
    by_id = {row.id: row for row in evidence}
    wanted = {name: None for section in sections for sentence in section.sentences for name in sentence.cites}
    queue = list(wanted)
    while queue:
        row = by_id.get(queue.pop())
        for ref in () if row is None or row.derivation is None else row.derivation.inputs:
            if ref.id not in wanted:
                wanted[ref.id] = None
                queue.append(ref.id)
    return [row.id for row in by_id.values() if row.id in wanted] + [name for name in wanted if name not in by_id]


def mark(names: Iterable[str]) -> str:
    """Citation marks as they stand in the text: [E1, E3]."""
    return f"[{', '.join(escape(shorten(name, 40)) for name in names)}]"


def lines(draft: Draft, ids: Sequence[str], words: Phrases, detail: Detail) -> list[str]:
    """One Markdown list item for each id; the lines below an item belong to it."""
    by_id = {row.id: row for row in draft.evidence}
    return [_item(by_id.get(name), name, draft, words, detail) for name in ids]


def _item(row: Evidence | None, name: str, draft: Draft, words: Phrases, detail: Detail) -> str:
    if row is None:
        return f"- {mark([name])} {words.unknown_source}"
    if detail.brief:
        where = link(row.url) if row.url and len(row.url) <= 300 else escape(shorten(clean(row.title or words.kinds[row.kind]), 80))
        return f"- {mark([name])} {where}"
    head = [words.kinds[row.kind], *([escape(shorten(clean(row.title), 200))] if row.title else []), *_story(row, draft, words)]
    head.append(link(row.url) if row.url else words.no_link if row.kind not in ("derived", "chart") else "")
    below = [_quoted(row, words, detail), escape(words.semicolon.join(_locator(row, words)))]
    return "\n".join([f"- {mark([name])} {' · '.join(filter(None, head))}", *(f"  - {line}" for line in below if line)])


def _story(row: Evidence, draft: Draft, words: Phrases) -> list[str]:
    """Date and outcome, where facts tell them; of a picture how surely it was read; of a computed value from what."""
    found = []
    dates = [fact for name in _DATES for fact in row.facts if fact.name == name]
    if dates:
        found.append(_text(dates[0])[:10])
    outcomes = [fact for name in _OUTCOMES for fact in row.facts if fact.name == name]
    if outcomes:
        found.append(
            next((label for status, label in words.statuses.items() if status == outcomes[0].value), shorten(_text(outcomes[0]), 60))
        )
    if row.confidence is not None:
        found.append(words.confidence.format(value=f"{row.confidence:.2f}"))
    if row.derivation is not None:
        inputs = words.separator.join(f"{ref.id} ({ref.fact})" for ref in row.derivation.inputs[:20])
        if len(row.derivation.inputs) > 20:
            inputs += " …"
        found.append(words.computed_from.format(op=words.operations[row.derivation.op], inputs=inputs))
    return [escape(text) for text in found if text]


def _text(fact: Fact) -> str:
    return clean(str(fact.value))


def _quoted(row: Evidence, words: Phrases, detail: Detail) -> str:
    quote = clean(row.quote)
    if not quote or detail.quote == 0:
        return ""
    if row.kind == "derived":
        return escape(shorten(quote, detail.quote or 600))
    return f"{words.open_quote}{escape(shorten(quote, detail.quote or 400))}{words.close_quote}"


def _locator(row: Evidence, words: Phrases) -> list[str]:
    """Where the quote stands, so that a reader can go there, and the hash of what was read."""
    at = row.locator
    if row.kind == "derived":
        return []
    picture = row.kind == "chart"
    parts = [" ".join(filter(None, (at.dao, None if picture else at.id)))]
    if at.start is not None and at.end is not None:
        parts.append(words.characters.format(start=f"{at.start:,}", end=f"{at.end:,}") + (f" ({at.field})" if at.field else ""))
    if at.tx:
        parts.append(words.transaction.format(tx=at.tx))
    if at.block is not None:
        parts.append(words.block.format(block=f"{at.block:,}"))
    if at.path and not picture:
        parts.append(at.path)
    parts.append(words.picture_hash.format(sha=at.id or row.sha256) if picture else words.hash.format(sha=shorten(row.sha256, 13)))
    parts.append(words.read_on.format(date=f"{row.retrieved_at:%Y-%m-%d}"))
    return [shorten(clean(part), 200) for part in parts if part]
