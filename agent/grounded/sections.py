"""What each section is composed from. A function a section: the view in, sentences out."""

import re
from collections.abc import Callable, Iterator

from agent.brief import SectionSpec
from agent.grounded import facts
from agent.grounded.asks import predecessors, request_row, topic, wanted
from agent.grounded.view import HEADS, Precedent, View, fact, number, rounded, sentence, tidy
from agent.schemas import Evidence, Sentence

Compose = Callable[[View, SectionSpec], Iterator[Sentence]]

_AGAINST = re.compile(
    r"\b(?:against|oppose[sd]?|object(?:s|ed|ion)?|not convinced|waste\w*|no way to|unclear|anyway|instead of|doubt\w*|sceptic\w*|too (?:much|high|early|large|vague)|"
    r"not (?:enough|fair|needed|clear|sure)|no end date|shrunk|cannot afford|can't afford|vote no|voting no)\b|反对|担心|不同意|浪费|太高|太大|不清楚|没有办法|质疑|不应",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"\b\d+[ -](?:day|hour|week)s?\b|\b(?:three|five|seven|two)[ -](?:day|week)s?\b|\d+\s*(?:天|日|小时|周)", re.IGNORECASE
)
_OPTIONS = re.compile(r"\bballot\b|\babstain\b|\bno change\b|(?<!放)弃权(?!利)|不作改变", re.IGNORECASE)
_CONFLICT = re.compile(r"conflict|disclos|利益|披露", re.IGNORECASE)


TELLING = frozenset({"quote-argument", "quote-budget"})
"""Wordings that tell the outcome; where none is recorded the plain wording is used."""


def _quote(view: View, key: str, precedent: Precedent, row: Evidence, turn: int = 0, *, variants: int = 1) -> Sentence:
    """A passage of a precedent in one of the wordings of `key`; cites the passage and, where the outcome is told, the record."""
    settled = precedent.status in ("passed", "failed", "withdrawn")
    name = f"{key}-plain" if key in TELLING and not settled else key if turn % variants == 0 else f"{key}-{turn % variants + 1}"
    text = view.say(name, name=precedent.name(view.lang), outcome=precedent.outcome(view.lang), quote=row.quote)
    told = precedent.outcome(view.lang) in text.replace(row.quote, "")
    return sentence(text, "fact", [row.id, *([precedent.record.id] if told else [])], [row.quote])


def _blank(view: View, key: str, **values: str) -> Sentence:
    return sentence(view.say(key, **values), "boilerplate")


# --- sections --------------------------------------------------------------------------------


def abstract(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """Purpose, what was measured, the record, the closest precedent; a format with a summary has the purpose there."""
    keys = {other.key for other in view.brief.outline}
    if spec.key == "summary" or not {"summary", "abstract"} <= keys:
        cites = request_row(view)
        yield sentence(
            view.say("abstract-purpose", dao=view.brief.dao_name, topic=topic(view)), "opinion", cites, [topic(view)] if cites else []
        )
    if spec.key == "summary" and "abstract" in keys:
        return
    yield from facts.headline(view)
    yield from facts.record(view)
    for precedent in view.precedents[:1]:
        yield facts.verdict(view, precedent, "abstract-closest")
    yield _blank(view, "abstract-blanks" if wanted(view) == "money" else "abstract-blanks-social")


def motivation(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """Measured facts first, then the reasons earlier authors gave, then members' words."""
    told = {s.text for s in facts.headline(view)}
    measured = [s for s in facts.pictures(view) if s.text not in told or "abstract" not in {o.key for o in view.brief.outline}]
    for row in view.rows("series"):
        if fact(row, "last") is not None and not (row.locator.id or "").startswith("treasury"):
            measured.append(facts.movement(view, row))
    yield from measured
    yield from facts.differences(view)
    for turn, (precedent, row) in enumerate(view.quoted("argument")[:3]):
        yield _quote(view, "quote-argument", precedent, row, turn, variants=3)
    for row in [r for r in view.rows("opinion") if not _AGAINST.search(r.quote)][:2]:
        yield _post(view, row, "quote-opinion")
    if not measured and not told:
        yield _blank(view, "motivation-author")


def _said_of(view: View, precedent: Precedent) -> Evidence | None:
    """The most liked words of a member about that proposal, where some were found."""
    rows = [r for r in view.rows("said") if (about := fact(r, "about")) is not None and about.value == precedent.record.locator.id]
    return next(iter(rows), None)


def _post(view: View, row: Evidence, key: str) -> Sentence:
    likes = fact(row, "likes")
    liked = key in ("quote-opinion", "said-of") and likes is not None and int(likes.value) > 0
    values: dict[str, str | int] = {"author": tidy(row.title or "", 40), "date": number(row, "created"), "quote": row.quote}
    if liked and likes is not None:
        values["likes"] = int(likes.value)
    return sentence(view.say(f"{key}-liked" if liked else key, **values), "fact", [row.id], [row.quote])


def rationale(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """What passed before and why, what the outcomes have in common, and the author's own reason."""
    used = {row.id for _, row in view.quoted("argument")[:3]}
    rest = [(p, r) for p, r in view.quoted("argument", statuses=("passed", "unknown")) if r.id not in used]
    for turn, (precedent, row) in enumerate(rest[:2]):
        yield _quote(view, "quote-argument", precedent, row, turn + 1, variants=3)
    yield from facts.traits(view)
    yield _blank(view, "rationale-author")


def precedents(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """Each with date, outcome, margin, and what it asked, in its own words; under it the most liked words about it."""
    for precedent in view.precedents:
        outcome, cites = precedent.outcome_share(view.lang)
        ask, name = precedent.rows.get("ask") or precedent.rows.get("gist"), precedent.name(view.lang, dated=True)
        if ask is None:
            yield sentence(view.say("precedent", name=name, outcome=outcome), "fact", cites)
        else:
            key = "precedent-ask" if ask.role == "ask" else "precedent-says"
            yield sentence(view.say(key, name=name, outcome=outcome, quote=ask.quote), "fact", [*cites, ask.id], [ask.quote])
        said = _said_of(view, precedent)
        if said is not None:
            yield _post(view, said, "said-of")


def specification(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The terms with their blanks, and terms of earlier ones to keep or drop."""
    kind, cites = wanted(view), request_row(view)
    adopt = {"money": "spec-adopt", "position": "spec-adopt-social"}.get(kind, "spec-adopt-change")
    yield sentence(view.say(adopt, dao=view.brief.dao_name, topic=topic(view)), "opinion", cites, [topic(view)] if cites else [])
    terms = {
        "money": ("spec-pay", "spec-report"),
        "swap": ("spec-swap",),
        "asset": ("spec-asset",),
        "parameter": ("spec-parameter",),
        "position": (),
    }
    for key in terms[kind]:
        yield sentence(view.say(key), "opinion")
    shown = {row.id for _, row in view.quoted("argument")[:5]}
    found = [(p, r) for p, r in view.quoted("specification") if r.id not in shown][:3]
    if found:
        yield _blank(view, "spec-like")
    for turn, (precedent, row) in enumerate(found):
        yield _quote(view, "quote-specification", precedent, row, turn, variants=2)


def actions(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """In words: what would be executed. Only a plain poll says that nothing would be."""
    keys = {"money": "actions-transfer", "parameter": "actions-parameter", "swap": "actions-open", "asset": "actions-open"}
    poll = re.search(r"poll|social|signal|temp|投票|社会|意见", f"{view.brief.type_key} {view.brief.type_label}", re.IGNORECASE)
    yield _blank(view, keys.get(wanted(view), "actions-none" if poll else "actions-open"))


def budget(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """What earlier ones asked for and cost, the treasury for scale, the blank for this one."""
    if wanted(view) != "money":
        yield _blank(view, "budget-none")
    else:
        yield _blank(view, "budget-blank")
        quoted = view.quoted("budget")[:4]
        for turn, (precedent, row) in enumerate(quoted):
            yield _quote(view, "quote-budget", precedent, row, turn, variants=2)
        told = {p.record.id for p, _ in quoted}
        for precedent, row in [(p, r) for p, r in view.quoted("ask") if p.record.id not in told and fact(r, "amount")][:3]:
            amount = fact(row, "amount")
            values = {"amount": number(row, "amount"), "unit": (amount.unit if amount else None) or ""}
            text = view.say("budget-asked", name=precedent.name(view.lang), outcome=precedent.outcome(view.lang), **values)
            yield sentence(text, "fact", [row.id, precedent.record.id])
    low, high, middle = view.row("amount-min"), view.row("amount-max"), view.row("amount-median")
    if wanted(view) == "money" and low and high and middle:
        unit = fact(low, "amount")
        spread = {"min": number(low, "amount"), "max": number(high, "amount"), "median": number(middle, "amount")}
        yield sentence(
            view.say("budget-range", unit=(unit.unit if unit else None) or "", **spread), "inference", [low.id, high.id, middle.id]
        )
    for row in view.rows("series"):
        if (row.locator.id or "").startswith("treasury") and wanted(view) in ("money", "swap"):
            yield facts.level(view, row)


def timeline(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The author's dates, the DAO's own windows, the schedules of earlier ones."""
    yield _blank(view, "timeline-start")
    for row in [r for r in view.rows("rule") if _WINDOW.search(r.quote)][:1]:
        yield sentence(view.say("timeline-rule", dao=view.brief.dao_name, quote=row.quote), "fact", [row.id], [row.quote])
    for turn, (precedent, row) in enumerate(view.quoted("timeline")[:2]):
        yield _quote(view, "quote-timeline", precedent, row, turn, variants=2)


def risks(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """What earlier authors warned of, that such requests failed before, how old the record is, and the author's own."""
    for turn, (precedent, row) in enumerate(view.quoted("risk")[:3]):
        yield _quote(view, "quote-risk", precedent, row, turn, variants=3)
    for precedent in [p for p in predecessors(view) if p.status == "failed"][:1]:
        yield facts.verdict(view, precedent, "risk-failed")
    yield from facts.staleness(view)
    yield _blank(view, "risk-author")


def dissent(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The case against: members' objections, votes cast against near precedents, warnings not shown under Risks."""
    said = False
    for row in [r for r in view.rows("opinion") if _AGAINST.search(r.quote)][:3]:
        said = True
        yield _post(view, row, "dissent-post")
    opposed = [(p, votes) for p in view.precedents if (votes := fact(p.record, "against")) is not None and float(votes.value) > 0]
    opposed.sort(key=lambda pair: pair[0].status != "failed")
    for precedent, votes in [(p, v) for p, v in opposed if p.status in ("passed", "failed") and v.unit != HEADS][:2]:
        said = True
        values = {"against": rounded(votes.value), "unit": votes.unit or "", "outcome": precedent.outcome(view.lang)}
        key = "dissent-vote" if precedent.status == "failed" else "dissent-vote-passed"
        yield sentence(view.say(key, name=precedent.name(view.lang), **values), "fact", [precedent.record.id])
    for precedent, row in view.quoted("risk")[3:5]:
        said = True
        yield _quote(view, "dissent-quote", precedent, row)
    if not said:
        yield _blank(view, "dissent-none")
    yield _blank(view, "dissent-author")


def conflicts(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The declaration, and the DAO's rule about it where there is one."""
    yield _blank(view, "conflicts-author")
    for row in [r for r in view.rows("rule") if _CONFLICT.search(r.quote)][:1]:
        yield sentence(view.say("quote-rule", dao=view.brief.dao_name, quote=row.quote), "fact", [row.id], [row.quote])


def options(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The ballot in the DAO's words, in a Chinese draft with their meaning."""
    meaning = {"for": "赞成", "yes": "赞成", "against": "反对", "no": "反对", "abstain": "弃权", "no change": "维持现状"}
    zh = view.lang == "zh"
    choices = " · ".join(f"{c}（{meaning[c.lower()]}）" if zh and c.lower() in meaning else c for c in view.brief.choices)
    yield sentence(view.say("options-are", choices=choices), "boilerplate")
    if {c.lower() for c in view.brief.choices} >= {"for", "against"}:
        yield _blank(view, "options-meaning")
    for row in [r for r in view.rows("rule") if _OPTIONS.search(r.quote)][:1]:
        yield sentence(view.say("quote-rule", dao=view.brief.dao_name, quote=row.quote), "fact", [row.id], [row.quote])


def changes(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """For each failed predecessor: how it ended, what was said, and what the author must say is different."""
    for precedent in predecessors(view):
        yield facts.verdict(view, precedent, "changes-failed")
        ident = precedent.record.locator.id
        for row in [r for r in view.rows("said", "opinion") if (about := fact(r, "about")) is not None and about.value == ident][:2]:
            yield sentence(
                view.say("changes-post", author=tidy(row.title or "", 40), date=number(row, "created"), quote=row.quote),
                "fact",
                [row.id],
                [row.quote],
            )
        yield sentence(view.say("changes-author", name=precedent.name(view.lang)), "boilerplate", [precedent.record.id])


def references(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The precedents by name."""
    if view.precedents:
        names = view.say("list-separator").join(p.name(view.lang) for p in view.precedents[:5])
        yield sentence(view.say("references", names=names), "fact", [p.record.id for p in view.precedents[:5]])


def copyright_(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """CC0 where the DAO's template asks for it; the author decides."""
    yield _blank(view, "copyright")


def generic(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """A section of the DAO's own that only the author can write: its guidance as a blank."""
    guidance = spec.guidance.rstrip(".。").replace("[[", "").replace("]]", "")
    if any(c.isdigit() for c in guidance):  # a limit is the rule pack's to say; a blank states no number
        yield _blank(view, "blank", what=spec.heading)
        return
    yield _blank(view, "generic-blank", heading=spec.heading, guidance=guidance)


COMPOSE: dict[str, Compose] = {
    "summary": abstract,
    "abstract": abstract,
    "motivation": motivation,
    "rationale": rationale,
    "precedents": precedents,
    "specification": specification,
    "actions": actions,
    "budget": budget,
    "timeline": timeline,
    "risks": risks,
    "dissent": dissent,
    "conflicts": conflicts,
    "options": options,
    "changes": changes,
    "references": references,
    "copyright": copyright_,
}
