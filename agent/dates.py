"""Dates and times of day in English and Chinese prose, as keys: 2024-03-03, 2024-03, 2024, --03-03, --03, 2024-Q3, 19:00."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from agent.numerals import chinese

_MONTHS = "January February March April May June July August September October November December"
_NAMES = _MONTHS.split()
_MONTH = (
    "(?P<{0}>"
    + "|".join(f"{name}|{name[:3]}\\.?" if name != "May" else name for name in _NAMES).replace("Sep\\.?", "Sept?\\.?")
    + ")(?![a-z])"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:19|20)\d\d(?!\d)"
_TH = r"(?:st|nd|rd|th)?"
_HAN = r"[零〇一二三四五六七八九十]"
_NOT = r"(?<![\w.,/-])"

_ISO = re.compile(r"(?<![\w.])(?P<y>(?:19|20)\d\d)(?P<s>[-/.])(?P<m>0?[1-9]|1[0-2])(?P=s)(?P<d>" + _DAY + r")(?![\d-])(?:T(?=\d\d:))?")
_ISO_MONTH = re.compile(r"(?<![\w.])(?P<y>(?:19|20)\d\d)-(?P<m>0[1-9]|1[0-2])(?![\d-])")
_SLASH = re.compile(_NOT + r"(?P<a>\d{1,2})(?P<s>[/.])(?P<b>\d{1,2})(?P=s)(?P<y>(?:19|20)\d\d)(?!\d)")
_DAY_FIRST = re.compile(
    _NOT + r"(?:(?P<e>" + _DAY + ")" + _TH + r"\s*(?:[-–—]|to|and)\s*)?(?P<d>" + _DAY + ")" + _TH + r"(?: of)?[ \u00a0]"
    + _MONTH.format("m") + r"(?:,?[ \u00a0](?P<y>" + _YEAR + "))?"
)  # fmt: skip
_MONTH_FIRST = re.compile(
    r"\b" + _MONTH.format("m") + r"[ \u00a0](?P<d>" + _DAY + r")(?!\d|[.,]\d)" + _TH + r"(?:\s*(?:[-–—]|to|and)\s*(?P<e>" + _DAY + r")(?!\d|[.,]\d)" + _TH
    + r"(?![ \u00a0]" + _MONTH.format("n") + r"))?(?:,?[ \u00a0](?P<y>" + _YEAR + "))?"
)  # fmt: skip
_MONTH_YEAR = re.compile(r"\b" + _MONTH.format("m") + r"(?: of)?[,’']?[ \u00a0]?(?P<y>" + _YEAR + ")")
_MONTH_ALONE = re.compile(r"\b(?:in|since|until|from|between|during|by|early|late|mid|of)[ -]" + _MONTH.format("m"))
_CHINESE = re.compile(
    rf"(?P<y>(?:19|20)\d\d|[零〇一二三四五六七八九]{{4}})\s?年(?:\s?(?P<m>1[0-2]|0?[1-9]|{_HAN}{{1,2}})\s?月(?:份|\s?(?P<d>{_DAY}|{_HAN}{{1,3}})\s?[日号])?)?"
)
_CHINESE_DAY = re.compile(rf"(?<![\d.])(?P<m>1[0-2]|0?[1-9]|{_HAN}{{1,2}})\s?月(?:份|\s?(?P<d>{_DAY}|{_HAN}{{1,3}})\s?[日号])?")
_QUARTER = re.compile(
    r"\b(?P<p>[QH])(?P<q>[1-4])[ \u00a0,/-]{0,2}(?P<y>" + _YEAR + r")|(?P<y2>(?:19|20)\d\d)[ /-]?(?P<p2>[QH])(?P<q2>[1-4])(?!\d)"
    r"|(?P<y3>(?:19|20)\d\d)\s?年第?(?P<q3>[一二三四1-4])季度"
)  # fmt: skip
_CLOCK = re.compile(
    r"(?<![\d:.])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d)(?:\.\d+)?)?(?![\d:])(?:\s?(?P<p>[ap])\.?m\b\.?)?(?:Z\b|[+-]\d\d:?\d\d(?!\d))?",
    re.IGNORECASE,
)
_HOUR = re.compile(r"(?<![\w.,])(?P<h>1[0-2]|[1-9])\s?(?P<p>[ap])\.?m\b\.?", re.IGNORECASE)
_HAN_CLOCK = re.compile(
    r"(?P<p>上午|早上|凌晨|中午|下午|晚上|傍晚)\s?(?P<h>\d{1,2})\s?[点时](?:(?P<m>\d{1,2})分|(?P<half>半))?|(?P<h2>\d{1,2})\s?[点时](?P<m2>\d{1,2})分"
)


class Moment(NamedTuple):
    """text[start:end] says `key`; `kind` is date or time."""

    kind: str
    start: int
    end: int
    key: str


def moments(text: str) -> Iterator[Moment]:
    """Dates and times in the order of certainty; later ones may overlap earlier ones, which then win."""
    for match in _QUARTER.finditer(text):
        year, part, index = (
            (match["y"] or match["y2"] or match["y3"]),
            (match["p"] or match["p2"] or "Q"),
            match["q"] or match["q2"] or match["q3"],
        )
        yield Moment("date", match.start(), match.end(), f"{year}-{part}{chinese(index) if index in '一二三四' else index}")
    for pattern in (_ISO, _ISO_MONTH):
        for match in pattern.finditer(text):
            yield Moment("date", match.start(), match.end(), key(match["y"], match["m"], match.groupdict().get("d")))
    for match in _SLASH.finditer(text):
        day, month = int(match["a"]), int(match["b"])
        if 1 <= month <= 12 and 1 <= day <= 31:
            other = f"|{key(match['y'], match['a'], match['b'])}" if day <= 12 and day != month else ""
            yield Moment("date", match.start(), match.end(), key(match["y"], match["b"], match["a"]) + other)
        elif 1 <= day <= 12 and month <= 31:
            yield Moment("date", match.start(), match.end(), key(match["y"], match["a"], match["b"]))
    yield from _chinese(text)
    yield from _named(text)
    yield from _times(text)


def key(year: str | None, month: str | None, day: str | None) -> str:
    """2024-03-03, 2024-03 or 2024; without a year --03-03 or --03."""
    head = year or "-"
    return "-".join([head, *([f"{int(month):02d}"] if month else []), *([f"{int(day):02d}"] if day else [])])


def _number(text: str | None) -> str | None:
    return None if text is None else text if text.isascii() else str(chinese(text))


def _chinese(text: str) -> Iterator[Moment]:
    for pattern in (_CHINESE, _CHINESE_DAY):
        for match in pattern.finditer(text):
            year, month, day = (_number(match.groupdict().get(name)) for name in "ymd")
            if int(month or 1) <= 12 and int(day or 1) <= 31:
                yield Moment("date", match.start(), match.end(), key(year, month, day))


def _named(text: str) -> Iterator[Moment]:
    for pattern in (_DAY_FIRST, _MONTH_FIRST):
        for match in pattern.finditer(text):
            month = _month(match["m"])
            yield Moment("date", match.start(), match.end(), key(match["y"], month, match["d"]))
            if match["e"]:
                yield Moment("date", match.start(), match.end(), key(match["y"], month, match["e"]))
    for match in _MONTH_YEAR.finditer(text):
        yield Moment("date", match.start(), match.end(), key(match["y"], _month(match["m"]), None))
    for match in _MONTH_ALONE.finditer(text):
        yield Moment("date", match.start("m"), match.end(), key(None, _month(match["m"]), None))


def _month(name: str) -> str:
    return str(next(index for index, full in enumerate(_NAMES, 1) if full.startswith(name[:3])))


def _times(text: str) -> Iterator[Moment]:
    for match in _CLOCK.finditer(text):
        seconds = match["s"] if match["s"] not in (None, "00") else None
        yield Moment("time", match.start(), match.end(), _clock(int(match["h"]), match["m"], match["p"], seconds))
    for match in _HOUR.finditer(text):
        yield Moment("time", match.start(), match.end(), _clock(int(match["h"]), "00", match["p"], None))
    for match in _HAN_CLOCK.finditer(text):
        hour, minute = int(match["h"] or match["h2"]), "30" if match["half"] else (match["m"] or match["m2"] or "00")
        yield Moment(
            "time", match.start(), match.end(), _clock(hour, minute, "p" if match["p"] in ("下午", "晚上", "傍晚") else None, None)
        )


def _clock(hour: int, minute: str, half: str | None, second: str | None) -> str:
    if half is not None and half.lower() == "p" and hour < 12:
        hour += 12
    elif half is not None and half.lower() == "a" and hour == 12:
        hour = 0
    return f"{hour:02d}:{int(minute):02d}{f':{second}' if second else ''}"


def agrees(claim: str, known: str) -> bool:
    """Whether a stated date holds of a known one, at the precision it is stated. Either may list readings with "|"."""
    return any(_agrees(one, other) for one in claim.split("|") for other in known.split("|"))


def _agrees(claim: str, known: str) -> bool:
    if claim == known:
        return True
    if claim.startswith("--"):
        return known[4:].startswith(claim[1:]) if not known.startswith("--") else known.startswith(claim)
    if claim[5:6] in ("Q", "H"):
        month = known[5:7]
        span = 3 if claim[5] == "Q" else 6
        return known[:4] == claim[:4] and month.isdigit() and (int(month) - 1) // span + 1 == int(claim[6])
    return known.startswith(f"{claim}-")
