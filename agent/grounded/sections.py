"""What each section is composed from. A function a section: the view in, sentences out."""

import re
from collections.abc import Callable, Iterator

from agent.brief import SectionSpec
from agent.grounded import facts
from agent.grounded.view import Precedent, View, fact, number, rounded, sentence, tidy
from agent.passages import concepts, relevance
from agent.schemas import Evidence, Sentence
from agent.text import is_cjk_heavy

Compose = Callable[[View, SectionSpec], Iterator[Sentence]]

_AGAINST = re.compile(
    r"\b(?:against|oppose[sd]?|object(?:s|ed|ion)?|not convinced|waste\w*|no way to|unclear|anyway|instead of|doubt\w*|sceptic\w*|too (?:much|high|early|large|vague)|"
    r"not (?:enough|fair|needed|clear|sure)|no end date|shrunk|cannot afford|can't afford|vote no|voting no)\b|反对|担心|不同意|浪费|太高|太大|不清楚|没有办法|质疑|不应",
    re.IGNORECASE,
)
_OBSERVATION = re.compile(
    r"\b(?:is|are|was|were|has|have|fell|fall|falls|falling|rose|rising|dropp\w+|declin\w+|keeps?)\b|下降|下跌|上升|上涨|减少|增加|下滑",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"\b\d+[ -](?:day|hour|week)s?\b|\b(?:three|five|seven|two)[ -](?:day|week)s?\b|\d+\s*(?:天|日|小时|周)", re.IGNORECASE
)
_OPTIONS = re.compile(r"\babstain\b|\bno change\b|弃权|不作改变|\bchoices?\b|选项", re.IGNORECASE)
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


def topic(view: View) -> str:
    """The request on one line, as it is quoted; what follows a colon as a mere observation ("sales are falling") is left to the motivation."""
    whole = " ".join(view.brief.request.topic.split())
    return ask_of(whole)


def ask_of(text: str) -> str:
    """What is asked for, without an observation behind a colon."""
    head, mark, tail = text.partition("：") if "：" in text else text.partition(": ")
    return head.strip() if mark and len(head.strip()) >= 5 and _OBSERVATION.search(tail) else text


def asks_money(view: View) -> bool:
    """Whether the type or the topic is about paying somebody."""
    text = f"{view.brief.type_key} {view.brief.type_label} {view.brief.request.topic}"
    words = r"grant|fund|budget|treasury|payment|compensat|reward|rebate|stipend|sponsor|incentive|bounty|hire|salary|spend|audit|拨款|资助|资金|预算|国库|奖励|支付|返还|返利|赞助|激励|补贴|赏金"
    return re.search(words, text, re.IGNORECASE) is not None


def asks_parameter(view: View) -> bool:
    """Whether the type or the topic is about changing a value."""
    text = view.brief.request.topic
    words = r"\bparameters?\b|\bratio|cap\b|ceiling|threshold|quorum|fee\b|fees\b|rate\b|limit|config|sccp|increase|decrease|reduce|raise|lower|adjust|onboard|参数|费率|上限|门槛|法定|调整|提高|降低"
    return re.search(words, text, re.IGNORECASE) is not None


def predecessors(view: View) -> list[Precedent]:
    """Failed or withdrawn ones that asked for nearly the same: half of the topic stands in the title (or the languages differ)."""
    about = concepts(topic(view))
    found = view.with_status("failed", "withdrawn")
    foreign = is_cjk_heavy(view.brief.request.topic)
    return [p for p in found if relevance(about, p.record.title or "") >= 0.5 or (foreign and not is_cjk_heavy(p.record.title or ""))][:2]


def request_row(view: View) -> list[str]:
    """The id of the request itself."""
    return [row.id for row in view.rows("request")[:1]]


# --- sections --------------------------------------------------------------------------------


def abstract(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """Purpose, what was measured, the record, the closest precedent."""
    yield sentence(
        view.say("abstract-purpose", dao=view.brief.dao_name, topic=topic(view)),
        "opinion",
        request_row(view),
        [topic(view)] if request_row(view) else [],
    )
    yield from facts.headline(view)
    if spec.key == "summary" and any(other.key == "abstract" for other in view.brief.outline):
        return
    yield from facts.record(view)
    for precedent in view.precedents[:1]:
        yield facts.verdict(view, precedent, "abstract-closest")
    yield _blank(view, "abstract-blanks" if asks_money(view) else "abstract-blanks-social")


def motivation(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """Measured facts first, then the reasons earlier authors gave, then members' words."""
    told = {s.text for s in facts.headline(view)}
    measured = [s for s in facts.pictures(view) if s.text not in told or "abstract" not in {o.key for o in view.brief.outline}]
    for row in view.rows("series"):
        if fact(row, "last") is not None and not (row.locator.id or "").startswith("treasury"):
            measured.append(facts.movement(view, row))
    yield from measured
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
    """Each with date, outcome, margin, and what it asked, in its own words."""
    for precedent in view.precedents:
        outcome, cites = precedent.outcome_share(view.lang)
        ask = precedent.rows.get("ask") or precedent.rows.get("specification") or precedent.rows.get("argument")
        name = precedent.name(view.lang, dated=True)
        said = _said_of(view, precedent)
        if ask is None:
            yield sentence(view.say("precedent", name=name, outcome=outcome), "fact", cites)
        else:
            key = "precedent-ask" if ask.role == "ask" else "precedent-says"
            yield sentence(view.say(key, name=name, outcome=outcome, quote=ask.quote), "fact", [*cites, ask.id], [ask.quote])
        if said is not None:
            yield _post(view, said, "said-of")


def specification(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The terms with their blanks, and terms of earlier ones to keep or drop."""
    cites, quotes = request_row(view), [topic(view)] if request_row(view) else []
    if asks_money(view):
        yield sentence(view.say("spec-adopt", dao=view.brief.dao_name, topic=topic(view)), "opinion", cites, quotes)
        yield sentence(view.say("spec-pay"), "opinion")
        yield sentence(view.say("spec-report"), "opinion")
    elif asks_parameter(view):
        yield sentence(view.say("spec-adopt-social", dao=view.brief.dao_name, topic=topic(view)), "opinion", cites, quotes)
        yield sentence(view.say("spec-parameter"), "opinion")
    else:
        yield sentence(view.say("spec-adopt-social", dao=view.brief.dao_name, topic=topic(view)), "opinion", cites, quotes)
    found = view.quoted("specification")[:3]
    if found:
        yield _blank(view, "spec-like")
    for turn, (precedent, row) in enumerate(found):
        yield _quote(view, "quote-specification", precedent, row, turn, variants=2)


def actions(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """In words: what would be executed."""
    yield _blank(view, "actions-transfer" if asks_money(view) else "actions-parameter" if asks_parameter(view) else "actions-none")


def budget(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """What earlier ones cost, the treasury for scale, the blank for this one."""
    if not asks_money(view):
        yield _blank(view, "budget-none")
        return
    yield _blank(view, "budget-blank")
    for turn, (precedent, row) in enumerate(view.quoted("budget")[:4]):
        yield _quote(view, "quote-budget", precedent, row, turn, variants=2)
    low, high, middle = view.row("amount-min"), view.row("amount-max"), view.row("amount-median")
    if low and high and middle:
        unit = fact(low, "amount")
        text = view.say(
            "budget-range",
            unit=(unit.unit if unit else None) or "",
            min=number(low, "amount"),
            max=number(high, "amount"),
            median=number(middle, "amount"),
        )
        yield sentence(text, "inference", [low.id, high.id, middle.id])
    for row in view.rows("series"):
        if (row.locator.id or "").startswith("treasury"):
            yield facts.level(view, row)


def timeline(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The author's dates, the DAO's own windows, the schedules of earlier ones."""
    yield _blank(view, "timeline-start")
    for row in [r for r in view.rows("rule") if _WINDOW.search(r.quote)][:1]:
        yield sentence(view.say("timeline-rule", dao=view.brief.dao_name, quote=row.quote), "fact", [row.id], [row.quote])
    for turn, (precedent, row) in enumerate(view.quoted("timeline")[:2]):
        yield _quote(view, "quote-timeline", precedent, row, turn, variants=2)


def risks(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """What earlier authors warned of, that such requests failed before, and the author's own."""
    for turn, (precedent, row) in enumerate(view.quoted("risk")[:3]):
        yield _quote(view, "quote-risk", precedent, row, turn, variants=3)
    for precedent in [p for p in predecessors(view) if p.status == "failed"][:1]:
        yield facts.verdict(view, precedent, "risk-failed")
    yield _blank(view, "risk-author")


def dissent(view: View, spec: SectionSpec) -> Iterator[Sentence]:
    """The case against: votes cast against, members' objections, points that cut the other way."""
    said = False
    for row in [r for r in view.rows("opinion") if _AGAINST.search(r.quote)][:3]:
        said = True
        yield _post(view, row, "dissent-post")
    for precedent in view.with_status("failed")[:2]:
        votes = fact(precedent.record, "against")
        if votes is not None and not isinstance(votes.value, str) and votes.value > 0:
            said = True
            text = view.say(
                "dissent-vote",
                name=precedent.name(view.lang),
                outcome=precedent.outcome(view.lang),
                against=rounded(votes.value),
                unit=votes.unit or "",
            )
            yield sentence(text, "fact", [precedent.record.id])
    for precedent, row in view.quoted("risk")[3:5] or view.quoted("risk", statuses=("failed", "withdrawn"))[:1]:
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
    """The ballot in the DAO's words."""
    choices = " · ".join(view.brief.choices)
    yield sentence(view.say("options-are", choices=choices), "boilerplate")
    if len(view.brief.choices) in (2, 3):
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
