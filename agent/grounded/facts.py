"""Sentences about measured series, pictures and counts: numbers with the evidence they stand in."""

from collections.abc import Iterator
from datetime import date

from agent.grounded.view import Precedent, View, fact, number, rounded, sentence, tidy
from agent.ledger import show
from agent.passages import concepts, relevance
from agent.schemas import Evidence, Sentence

SAME_SERIES = 0.6
"""Share of a series' name that a picture's title must hold for both to speak of one thing."""
STALE_DAYS = 730
"""Age of the newest precedent from which a draft says that views may have changed."""
GROUPS = ("passed", "failed", "withdrawn", "open")
"""How earlier proposals ended; where all ended alike the one count is also the total."""


def headline(view: View) -> Iterator[Sentence]:
    """What the author's picture shows, or how the nearest series moved: one sentence, if anything was measured."""
    for row in view.rows("chart"):
        yield _chart(view, row)
        return
    for row in [r for r in view.rows("series") if not (r.locator.id or "").startswith("treasury")][:1]:
        yield movement(view, row)


def movement(view: View, row: Evidence) -> Sentence:
    """A series from its first to its last value in the window, with the computed change."""
    first, last, change = fact(row, "first"), fact(row, "last"), view.change_of(row)
    values = {
        "label": label(view, row),
        "first": number(row, "first"),
        "last": number(row, "last"),
        "unit": (first.unit if first else None) or "",
        "start": (first.time if first else None) or "",
        "end": (last.time if last else None) or "",
    }
    moved = fact(change, "change_pct")
    if moved is None or change is None or isinstance(moved.value, str) or moved.value == 0:
        return sentence(view.say("series-flat", **values), "fact", [row.id])
    key = "series-rose" if moved.value > 0 else "series-fell"
    return sentence(view.say(key, change=rounded_change(moved.value), **values), "fact", [row.id, change.id])


def rounded_change(value: float) -> str:
    """The size of a change in percent as it was computed, without its sign: the verb says the direction."""
    return f"{abs(value):,.1f}".removesuffix(".0")


def label(view: View, row: Evidence) -> str:
    """What a person calls the series."""
    return tidy(row.title or row.locator.id or "")


def extremes(view: View, row: Evidence) -> Sentence:
    """Highest and lowest value of a series in its window, with their days."""
    high, low = fact(row, "max"), fact(row, "min")
    text = view.say(
        "series-range",
        max=number(row, "max"),
        min=number(row, "min"),
        unit=(high.unit if high else None) or "",
        **{"max-day": (high.time if high else None) or "", "min-day": (low.time if low else None) or ""},
    )
    return sentence(text, "fact", [row.id])


def level(view: View, row: Evidence) -> Sentence:
    """The last value of a series, for scale."""
    last = fact(row, "last")
    text = view.say(
        "budget-treasury",
        label=label(view, row),
        last=number(row, "last"),
        unit=(last.unit if last else None) or "",
        end=(last.time if last else None) or "",
    )
    return sentence(text, "fact", [row.id])


def pictures(view: View) -> Iterator[Sentence]:
    """What is known of the author's picture, said with how it is known."""
    for row in view.rows("chart"):
        yield _chart(view, row)
    for row in view.rows("picture"):
        names = {"first": "value-first", "last": "value-last", "min": "value-min", "max": "value-max", "change_pct": "value-change"}
        said = [
            view.say(names[f.name], value=f"{rounded(f.value)}{f' {f.unit}' if f.unit and f.name != 'change_pct' else ''}")
            for f in row.facts
            if f.name in names
        ]
        yield sentence(view.say("picture-read", values=view.say("list-separator").join(said)), "fact", [row.id])
    for row in view.rows("picture-unread"):
        yield sentence(view.say("picture-unread", width=number(row, "width"), height=number(row, "height")), "fact", [row.id])


def differences(view: View) -> Iterator[Sentence]:
    """Where a picture and the stored series of the same name give one day two values, both are shown and the series is used."""
    for row in view.rows("chart", "picture"):
        title = row.quote.split("\n", 1)[0]
        alike = [(relevance(concepts(label(view, s)), title), s) for s in view.rows("series")]
        share, series = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if series is None or share < SAME_SERIES:
            continue
        points = dict(line.split(": ", 1) for line in series.quote.split("\n") if ": " in line)
        for found in row.facts:
            measured = points.get(found.time or "")
            if measured is None or isinstance(found.value, str) or found.name == "change_pct" or float(measured) == float(found.value):
                continue
            values = {
                "picture": number(row, found.name),
                "series": show(float(measured)),
                "unit": found.unit or "",
                "day": found.time or "",
            }
            yield sentence(view.say("picture-differs", **values), "fact", [row.id, series.id])
            break


def _chart(view: View, row: Evidence) -> Sentence:
    first, last, moved = fact(row, "first"), fact(row, "last"), fact(row, "change_pct")
    lines = row.quote.split("\n")
    title = lines[1] if view.lang == "zh" and len(lines) > 1 and any("\u4e00" <= c <= "\u9fff" for c in lines[1]) else lines[0]
    values = {
        "title": tidy(title),
        "first": number(row, "first"),
        "last": number(row, "last"),
        "unit": (first.unit if first else None) or "",
        "start": (first.time if first else None) or "",
        "end": (last.time if last else None) or "",
    }
    if moved is None or isinstance(moved.value, str) or moved.value == 0:
        return sentence(view.say("picture-known", **values), "fact", [row.id])
    key = "picture-fell" if moved.value < 0 else "picture-rose"
    return sentence(view.say(key, change=rounded_change(moved.value), **values), "fact", [row.id])


def record(view: View) -> Iterator[Sentence]:
    """How many earlier proposals were found and how they ended, by computed counts."""
    total = next(iter(view.rows("count-total", *(f"count-{group}" for group in GROUPS))), None)
    if total is None:
        return
    parts, cites = [], [total.id]
    for role in GROUPS:
        row = view.row(f"count-{role}")
        if row is not None:
            parts.append(view.say(f"part-{role}", n=number(row, "count")))
            cites.append(row.id)
    count = fact(total, "count")
    text = view.say(
        "abstract-record", total=int(count.value) if count else 0, dao=view.brief.dao_name, parts=view.say("list-separator").join(parts)
    )
    yield sentence(text, "fact", cites)


def traits(view: View) -> Iterator[Sentence]:
    """What those that passed mention more often than those that failed: an inference from few cases, told only where it shows."""
    passed, failed = view.row("count-passed"), view.row("count-failed")
    if passed is None or failed is None or min(_count(passed), _count(failed)) < 3:
        return
    for trait in ("report", "term", "amount"):
        with_it, without = view.row(f"trait-{trait}-passed"), view.row(f"trait-{trait}-failed")
        if with_it is None or without is None or abs(_count(with_it) / _count(passed) - _count(without) / _count(failed)) < 0.25:
            continue
        values = {"passed": number(passed, "count"), "with": number(with_it, "count"), "trait": view.say(f"trait-{trait}")}
        text = view.say("trait-compare", failed=number(failed, "count"), without=number(without, "count"), **values)
        yield sentence(text, "inference", [passed.id, with_it.id, failed.id, without.id])
        return


def _count(row: Evidence) -> int:
    found = fact(row, "count")
    return int(found.value) if found else 0


def staleness(view: View) -> Iterator[Sentence]:
    """That the newest precedent is more than two years older than the day the draft looks from, if it is."""
    dated = [p for p in view.precedents if p.created]
    if not dated:
        return
    newest = max(dated, key=lambda p: p.created)
    seen_from = view.brief.request.before or max(row.retrieved_at for row in view.brief.evidence)
    if (seen_from.date() - date.fromisoformat(newest.created)).days > STALE_DAYS:
        yield sentence(view.say("risk-stale", date=newest.created), "fact", [newest.record.id])


def verdict(view: View, precedent: Precedent, key: str, **values: str) -> Sentence:
    """A sentence that names a precedent and its outcome with the share of votes."""
    outcome, cites = precedent.outcome_share(view.lang)
    return sentence(view.say(key, name=precedent.name(view.lang, dated=True), outcome=outcome, **values), "fact", cites)
