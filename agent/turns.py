"""Whether the words beside a number say that something rose or fell by it."""

import re

_DOWN = (
    "fell|fall(?:s|en|ing)?|drop(?:s|ped|ping)?|declin(?:e|es|ed|ing)|decreas(?:e|es|ed|ing)|down|loss(?:es)?|lost|lose[sd]?|reduc(?:e|es|ed|ing|tion)|"
    "cut(?:s|ting)?|shrank|shrunk|shrinks?|slid|sank|slump(?:s|ed)?|plunged?|lowered|lowering|minus"
)
_UP = (
    "rose|ris(?:e|es|en|ing)|grew|grow(?:s|n|ing|th)?|increas(?:e|es|ed|ing)|up(?! to\\b)|gain(?:s|ed|ing)?|climb(?:s|ed|ing)?|jump(?:s|ed)?|"
    "raised|surged?|plus|expand(?:s|ed)?"
)
_LESS, _MORE = "lower|less|fewer|down|short|below|behind|under", "higher|more|up(?! to\\b)|above"
_NOUN_DOWN, _NOUN_UP = "fall|drop|decline|decrease|loss|reduction|cut|slump|contraction", "rise|increase|growth|gain|jump|surge|expansion"
_DOWN_HAN = "下降|下跌|减少|下滑|降低|降至|跌|缩减|削减|降|减|少|低|负|亏损|回落|缩水"
_UP_HAN = "上升|上涨|增加|增长|提高|升高|涨|增|升|多出|高出|扩大|提升"
_FILL = r"(?:[ \u00a0]*(?:by|to|of|about|around|roughly|approximately|nearly|almost|some|an?|another|only|just|over|more than|less than|约|近|了|至|到|幅|达|为|超过|幅度|的)[ \u00a0]*)*"
_BEFORE = re.compile(
    rf"(?:\b(?:(?P<d>{_DOWN})|(?P<u>{_UP}))\b|(?P<dh>{_DOWN_HAN})|(?P<uh>{_UP_HAN})){_FILL}[ \u00a0]*(?:US)?[$€£−+-]?$", re.IGNORECASE
)
_AFTER = re.compile(
    r"[ \u00a0]*(?:%|％|percent|per cent|个?百分点|percentage points?|bps|basis points?)?[ \u00a0-]*"
    rf"(?:(?P<d>(?:{_LESS}|(?:(?!of |in |to |for |from |the |and |or )[A-Za-z]+ )?(?:{_NOUN_DOWN})s?))\b|(?P<u>(?:{_MORE}|(?:(?!of |in |to |for |from |the |and |or )[A-Za-z]+ )?(?:{_NOUN_UP})s?))\b"
    r"|(?P<dh>的?跌幅|的?降幅|的?下降|的?减少|的?下跌)|(?P<uh>的?涨幅|的?增幅|的?增长|的?上升|的?上涨))",
    re.IGNORECASE,
)
_ANY_DOWN = re.compile(rf"\b(?:{_DOWN}|{_LESS})\b|{_DOWN_HAN}", re.IGNORECASE)


def turn(text: str, start: int, end: int) -> int:
    """-1 if the number text[start:end] is said to be a fall, +1 a rise, 0 if neither word stands beside it."""
    before = _BEFORE.search(text[max(0, start - 36) : start])
    found = before or _AFTER.match(text[end : end + 48])
    if found is None:
        return 0
    return -1 if found["d"] or found["dh"] else 1


def falls(text: str) -> bool:
    """Whether a sentence speaks of a fall at all."""
    return _ANY_DOWN.search(text) is not None
