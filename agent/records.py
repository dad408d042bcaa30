"""How stored records become evidence: their text, their facts, their locators. `verify` reads them back the same way."""

import re
from datetime import datetime

from agent.cues import AMOUNT
from agent.ledger import sha256
from agent.schemas import Chart, ChartFact, Evidence, Fact, Lang, Locator, Picture, Post, Proposal, Request, Series


def proposal_facts(proposal: Proposal) -> tuple[Fact, ...]:
    """What the record says beside the text: status, date, tally, voters, the threshold where it is recorded."""
    rows: list[Fact] = [Fact(name="status", value=proposal.status)]
    if proposal.created is not None:
        rows.append(Fact(name="created", value=proposal.created.date().isoformat()))
    if proposal.type:
        rows.append(Fact(name="type", value=proposal.type))
    tally = proposal.tally
    if tally is not None:
        for name, value in (("for", tally.for_votes), ("against", tally.against_votes), ("abstain", tally.abstain_votes)):
            if value is not None:
                rows.append(Fact(name=name, value=_plain(value), unit=_unit(tally.unit)))
    if proposal.voters is not None:
        rows.append(Fact(name="voters", value=proposal.voters))
    required = proposal.extra.get("required_to_pass")
    if isinstance(required, int | float) and not isinstance(required, bool) and required > 0:
        rows.append(Fact(name="required_to_pass", value=_plain(float(required)), unit="VP"))
    return (*rows, *traits(proposal.body))


_TERM = re.compile(
    r"\b(?:for|over|until|within|period of|duration of|pilot of|term of)\b[^.\n]{0,30}\b(?:days?|weeks?|months?|quarters?|years?|end of|20\d\d)\b|为期|期限|截止|个月|季度",
    re.IGNORECASE,
)
_REPORT = re.compile(
    r"\b(?:quarterly|monthly|progress|final|transparency|spending) reports?\b|\breport (?:back|on)\b|\bwill (?:publish|report)\b|\bKPIs?\b|\bmilestones?\b|measure of success|"
    r"提交.{0,6}报告|公布.{0,6}报告|考核指标|里程碑|成效指标",
    re.IGNORECASE,
)
AMOUNT_ROLES = ("budget", "ask")
"""Passages whose one amount is told as a fact."""


def traits(body: str) -> tuple[Fact, ...]:
    """Whether a text names an amount, a term, and a report or measure of success: read by patterns, the same each time."""
    text = body[:20_000]
    found = {"amount": AMOUNT.search(text), "term": _TERM.search(text), "report": _REPORT.search(text)}
    return tuple(Fact(name=f"names_{name}", value="yes" if match else "no") for name, match in found.items())


_SCALE = {
    "k": 1_000,
    "m": 1_000_000,
    "mm": 1_000_000,
    "million": 1_000_000,
    "bn": 1_000_000_000,
    "billion": 1_000_000_000,
    "万": 10_000,
    "亿": 100_000_000,
}
_PARTS = re.compile(r"(?P<sign>[$€£])?\s?(?P<number>\d[\d,.’']*\d|\d)\s?(?P<scale>[A-Za-z万亿]+)?(?:\s?(?P<unit>[A-Za-z$美元枚]+))?")


def amount_fact(quote: str) -> tuple[Fact, ...]:
    """The amount of a passage that names exactly one, in its unit; nothing where it is not plain."""
    found = [match[0] for match in AMOUNT.finditer(quote)]
    parts = _PARTS.fullmatch(found[0].strip()) if len(found) == 1 else None
    if parts is None:
        return ()
    digits = re.sub(r"[,’']", "", parts["number"])
    scale, unit = (parts["scale"] or ""), parts["unit"]
    if scale.lower() not in _SCALE:
        scale, unit = "", unit or scale
    if digits.count(".") > 1 or (digits != parts["number"] and not re.fullmatch(r"\d{1,3}(?:[,’']\d{3})+(?:\.\d+)?", parts["number"])):
        return ()
    value = float(digits) * _SCALE.get(scale.lower(), 1)
    name = {"$": "USD", "€": "EUR", "£": "GBP"}.get(parts["sign"] or "", unit)
    return (Fact(name="amount", value=_plain(round(value, 6)), unit=name),) if name else ()


def _plain(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _unit(unit: str | None) -> str | None:
    """ "VP (MANA-equivalent voting power)" is long; the word before the bracket says it."""
    return unit.split(" (")[0].strip() or None if unit else None


def from_proposal(proposal: Proposal, start: int, end: int, role: str, at: datetime, *, record: bool = False) -> Evidence:
    """The passage body[start:end]; `record` adds what the record says beside the text."""
    facts = (*(proposal_facts(proposal) if record else ()), *(amount_fact(proposal.body[start:end]) if role in AMOUNT_ROLES else ()))
    return Evidence(
        id="",
        kind="proposal",
        quote=proposal.body[start:end],
        url=proposal.url,
        locator=Locator(dao=proposal.dao, id=proposal.id, start=start, end=end),
        sha256=proposal.body_sha256,
        retrieved_at=at,
        title=proposal.title,
        role=role,
        facts=facts,
    )


def series_text(series: Series) -> str:
    """The stored text of a series: a line a point, "2025-03-03: 1240"."""
    return "\n".join(f"{point.time.date().isoformat()}: {_plain(point.value)}" for point in series.points)


def from_series(series: Series, first: int, last: int, at: datetime, lang: Lang = "en") -> Evidence:
    """Points first..last (inclusive) with their first, last, least and greatest values as facts.

    The hash is of the series up to the last of them: points that come later change nothing.
    """
    lines = series_text(series).split("\n")[: last + 1]
    text = "\n".join(lines)
    start = sum(len(line) + 1 for line in lines[:first])
    quote = "\n".join(lines[first : last + 1])
    points = series.points[first : last + 1]
    low, high = min(points, key=lambda p: p.value), max(points, key=lambda p: p.value)
    facts = tuple(
        Fact(name=name, value=_plain(point.value), unit=series.unit, time=point.time.date().isoformat())
        for name, point in (("first", points[0]), ("last", points[-1]), ("min", low), ("max", high))
    )
    days = (
        Fact(name="first_day", value=points[0].time.date().isoformat()),
        Fact(name="last_day", value=points[-1].time.date().isoformat()),
    )
    return Evidence(
        id="",
        kind="market",
        quote=quote,
        url=series.url,
        locator=Locator(dao=series.dao, id=series.metric, start=start, end=start + len(quote), field="series"),
        sha256=sha256(text),
        retrieved_at=at,
        title=(series.label_zh if lang == "zh" else None) or series.label,
        role="series",
        facts=(*facts, *days),
    )


def from_post(post: Post, start: int, end: int, role: str, at: datetime) -> Evidence:
    """The passage text[start:end] of a forum or chat post."""
    facts = (
        Fact(name="author", value=post.author),
        Fact(name="created", value=post.time.date().isoformat()),
        Fact(name="likes", value=post.likes),
    )
    about = (Fact(name="about", value=post.topic),) if post.topic else ()
    return Evidence(
        id="",
        kind=post.kind,
        quote=post.text[start:end],
        url=post.url,
        locator=Locator(dao=post.dao, id=post.id, start=start, end=end, field="post"),
        sha256=sha256(post.text),
        retrieved_at=at,
        title=post.author,
        role=role,
        facts=facts + about,
    )


def request_text(request: Request) -> str:
    """The member's own words: the topic and, under it, the caption of the picture."""
    return "\n".join(filter(None, (request.topic, request.caption)))


def from_request(request: Request, at: datetime) -> Evidence:
    """The request itself, so that a number in it can be cited as the asker's."""
    text = request_text(request)
    return Evidence(
        id="",
        kind="post",
        quote=text,
        locator=Locator(dao=request.dao, start=0, end=len(text), field="request"),
        sha256=sha256(text),
        retrieved_at=at,
        title=request.topic,
        role="request",
        facts=(Fact(name="asked_by", value=request.asked_by),),
    )


def chart_text(chart: Chart) -> str:
    """The stored text of a known chart: its title, its alt text and a line a fact."""
    lines = [chart.title, *([chart.title_zh] if chart.title_zh else []), chart.alt]
    return "\n".join([*lines, *(fact_line(fact) for fact in chart.facts)])


def fact_line(fact: ChartFact) -> str:
    """One value of a chart as a line, e.g. "first: 1240 sales (2025-03-03)"."""
    return f"{fact.name}: {_plain(fact.value)}{f' {fact.unit}' if fact.unit else ''}{f' ({fact.time})' if fact.time else ''}"


def from_chart(chart: Chart, picture: Picture, at: datetime) -> Evidence:
    """A picture whose series we know by the hash of its bytes: its values are recorded, not read."""
    text = chart_text(chart)
    return Evidence(
        id="",
        kind="chart",
        quote=text,
        locator=Locator(dao=chart.dao, id=picture.sha256, start=0, end=len(text), field="chart", path=picture.path),
        sha256=sha256(text),
        retrieved_at=at,
        title=chart.title,
        role="chart",
        facts=tuple(Fact(name=f.name, value=_plain(f.value), unit=f.unit, time=f.time) for f in chart.facts),
    )


def reading_text(picture: Picture, facts: tuple[ChartFact, ...]) -> str:
    """What was read from a picture, or that nothing was."""
    size = f"picture {picture.sha256[:12]}, {picture.width} x {picture.height} pixels"
    return "\n".join([size, *(fact_line(fact) for fact in facts)])


def from_picture(picture: Picture, facts: tuple[ChartFact, ...], confidence: float | None, dao: str, at: datetime) -> Evidence:
    """A picture we do not know: what a vision model read from it (marked so), or nothing but its size."""
    text = reading_text(picture, facts)
    sizes = (Fact(name="width", value=picture.width, unit="px"), Fact(name="height", value=picture.height, unit="px"))
    return Evidence(
        id="",
        kind="chart",
        quote=text,
        locator=Locator(dao=dao, id=picture.sha256, start=0, end=len(text), field="reading", path=picture.path),
        sha256=sha256(text),
        retrieved_at=at,
        title=None,
        role="picture" if facts else "picture-unread",
        facts=sizes + tuple(Fact(name=f.name, value=_plain(f.value), unit=f.unit, time=f.time) for f in facts),
        confidence=confidence,
    )
