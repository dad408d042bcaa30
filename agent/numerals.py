"""Numbers written as words, in English and Chinese."""

import re
from decimal import Decimal

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = dict(zip(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], range(20, 100, 10), strict=True))
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
VALUES: dict[str, int] = {word: value for value, word in enumerate(_SMALL)} | _TENS | {"dozen": 12}
ORDINALS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"], 1
    )
}
_WORD = "|".join([*VALUES, *_SCALES])
ENGLISH = re.compile(rf"\b(?:(?:a|{_WORD})(?:[ -](?:and )?(?:{_WORD}))+|(?:{'|'.join(VALUES)}))\b", re.IGNORECASE)

DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
CHINESE = re.compile(r"[零〇一二三四五六七八九十百千万亿两]{1,24}(?:点[零〇一二三四五六七八九]{1,12})?")


def english(text: str) -> Decimal | None:
    """ "twenty-five" is 25, "three hundred and two thousand" 302000; None if the words make no number."""
    total = current = 0
    last = 0
    for word in re.split(r"[ -]+", text.lower()):
        if word in ("and", "a"):
            current = 1 if word == "a" else current
        elif word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = (current or 1) * 100
            else:
                total += (current or 1) * scale
                current = 0
            last = 0
        elif word == "dozen":
            current = (current or 1) * 12
        elif word in VALUES:
            value = VALUES[word]
            if last and not (last >= 20 and value < 10):
                return None
            current += value
            last = value
        else:
            return None
    return Decimal(total + current)


def chinese(text: str) -> Decimal | None:
    """ "一百二十三" is 123, "三千五百万" 35000000, "二〇二四" 2024, "三点五" 3.5; None if the signs make no number."""
    whole, _, part = text.partition("点")
    value = _chinese_whole(whole)
    if value is None or (part and any(char not in DIGITS for char in part)):
        return None
    if not part:
        return Decimal(value)
    return Decimal(f"{value}.{''.join(str(DIGITS[char]) for char in part)}")


def _chinese_whole(text: str) -> int | None:
    if text and all(char in DIGITS for char in text):
        return int("".join(str(DIGITS[char]) for char in text))
    total = section = digit = 0
    seen = False
    for char in text:
        if char in DIGITS:
            digit, seen = DIGITS[char], True
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit, seen = 0, True
        elif char in "万亿":
            if not seen:
                return None
            total = (total + section + digit) * 10**8 if char == "亿" else total + (section + digit) * 10**4
            section = digit = 0
        else:
            return None
    return total + section + digit if seen else None
