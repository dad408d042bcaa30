"""Find every number-like thing of an English or Chinese text. Each digit of the text belongs to exactly one of them."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from agent import numerals, units
from agent.dates import moments
from agent.quantity import Kind, Quantity
from agent.turns import turn

_URL = re.compile(r"(?:https?|ipfs)://[^\s<>\"'“”（）。，；、\[\]]+")
_HEX = re.compile(
    r"(?<![A-Za-z0-9])0x(?:[0-9a-fA-F]{40}(?![0-9a-fA-F])|[0-9a-fA-F]{64}(?![0-9a-fA-F])|[0-9a-fA-F]+(?:…|\.{2,3})[0-9a-fA-F]*)"
)
_NAME = re.compile(r"(?<![\w.-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.eth(?![\w-])")
_PREFIX = r"(?:[A-Za-z]{0,5}(?:IP|EP|CCP|STP|CGP|RFC|ERC)|[Pp]rop(?:osal)?|PROP|提案|议案)"
_ID = re.compile(
    rf"(?<![A-Za-z0-9]){_PREFIX}[ \u00a0]?[-‑#]?[ \u00a0]?\d+(?:\.\d+)*(?:[a-z]\d+)?(?:-?[A-Z]{{1,4}}\d+)*(?![A-Za-z0-9]|[.,]\d)"
    r"|(?<![A-Za-z0-9])#\d+(?:\.\d+)*(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9‑_-])(?!(?:pre|post|mid|top|sub|sup|non|under|over|early|late|to|or|and|of|by)-)[A-Za-z][A-Za-z0-9]*(?:[-‑_][A-Za-z0-9]+){0,8}[-‑_]\d+(?:\.\d+)*[A-Za-z0-9]*(?:[-‑_][A-Za-z]*\d+)*"
    r"|(?<![A-Za-z0-9.])[vV]\d+(?:\.\d+)*(?![A-Za-z0-9])|(?<![\d.,])(?!\d{1,3}(?:\.\d{3}){2,}(?![\d.]))\d+(?:\.\d+){2,}(?![\d,])"
)
_LABELS = (
    "section|phase|tier|rule|season|round|epoch|article|step|option|block|blocks|stage|level|version|milestone|cycle|chapter|figure|table|appendix|part|line|"
    "item|batch|wave|cohort|group|type|class|layer|chain|week|day|month|year|no\\.|nr\\.|№|条款|区块|阶段|版本|第"
)
_LABEL = re.compile(
    rf"(?<![A-Za-z])(?P<l>{_LABELS})[ \u00a0]?#?(?P<n>\d[\d,]*(?:\.\d+)*)(?:\s?(?P<c>[条章节期轮届号季次个项名位批版层级页款步周天年月]|阶段|季度))?(?![A-Za-z])",
    re.IGNORECASE,
)
_MIXED = re.compile(
    r"(?<![A-Za-z0-9_])(?![0-9]+[eE][0-9]{1,3}(?![A-Za-z0-9_]))(?:[A-Za-z_]+[0-9][A-Za-z0-9_]*|[0-9]+[A-Za-z_]+[0-9][A-Za-z0-9_]*|[0-9]{1,2}[DGP](?![A-Za-z])|[0-9]{20,})(?:…[A-Za-z0-9]*)?"
)
_RATIO = re.compile(r"(?<![\d/.,-])(?P<a>\d{1,2})/(?P<b>[1-9]\d?)(?![\d/-]|[.,]\d)")
_PERCENT_HAN = re.compile(r"百分之(?P<n>\d+(?:\.\d+)?|[零〇一二三四五六七八九十百点]+)")
_TENTHS = re.compile(r"(?P<n>[一二三四五六七八九])成(?P<h>[一二三四五六七八九半])?(?![员立果功为本长就熟效交都分份型像见])")
_OF_HAN = re.compile(r"(?<!\d)(?P<b>[二三四五六七八九十百]{1,6}|\d{1,6})分之(?P<a>[一二三四五六七八九十]+|\d+)")
_NUM = (
    r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,]*,?\d)|\d{1,3}(?:[\u00a0\u202f\u2009'’]\d{3})+(?:[.,]\d+)?(?!\d)|\d{1,3}(?: \d{3})+(?:\.\d+)?(?!\d|,\d)"
    r"|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?(?!\d)|\d+\.\d+|\d+,\d{1,2}(?![\d,])|\d+)"
)
_SCALE = {
    "k": 3,
    "thousand": 3,
    "千": 3,
    "万": 4,
    "m": 6,
    "mm": 6,
    "mn": 6,
    "mln": 6,
    "mio": 6,
    "million": 6,
    "百万": 6,
    "千万": 7,
    "亿": 8,
}
_SCALE |= {"b": 9, "bn": 9, "billion": 9, "十亿": 9, "百亿": 10, "千亿": 11, "t": 12, "tn": 12, "trillion": 12, "万亿": 12}
_NUMBER = re.compile(
    rf"(?P<s>(?<![\w)\]%.,])[-−–+±](?![ \u00a0]))?(?P<c>{units.CURRENCY})?(?P<s2>(?<=[$€£])[-−])?[ \u00a0]?(?P<n>(?<![A-Za-z0-9_]){_NUM})"
    r"(?:(?P<e>[eE][-+]?\d{1,3}(?![A-Za-z0-9]))|(?P<p>(?:\^|\*\*)\d{1,3}(?!\d))|(?P<th>st|nd|rd|th)(?![A-Za-z])"
    r"|[ \u00a0]?-?(?P<w>thousand|million|billion|trillion|mln|mio)s?(?![A-Za-z])|(?P<m>[kKMBT]|mm|mn|bn|BN|tn|[mbt](?![ -]?of\b))(?![A-Za-z0-9])"
    r"|\s?(?P<h>万亿|千亿|百亿|十亿|千万|百万|亿|万|千)(?!一|分|家))?"
)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.?|some|nearly|almost|circa|ca\.?|c\.)|[~≈约近])\s*(?:US)?[$€£]?\s*$", re.IGNORECASE
)
_CODE = re.compile(r"(?<![A-Za-z])(?P<u>USD|EUR|GBP|CNY|RMB|ETH|USDC|USDT|DAI)[ \u00a0]?$")
_BETWEEN = re.compile(r"\s*[-–—~～至到]\s*")
_LOOSE = re.compile(r"\s*(?:to|and|or|或|和)\s*")
_EUROPEAN = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?!\d)|(?<![\d.,])\d+,\d{1,2}(?![\d,])|(?<![\d.,])\d{1,3}\.\d{3},\d")
_ENGLISH_STYLE = re.compile(r"(?<![\d.,])\d{1,3},\d{3}(?!\d)")
_ITEM = re.compile(r"[(（](\d{1,2})[)）]")


class _Reader:
    """Collects quantities; what one pattern took, a later one leaves alone."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.taken = bytearray(len(text))
        self.found: list[Quantity] = []
        self.european = _EUROPEAN.search(text) is not None and _ENGLISH_STYLE.search(text) is None

    def free(self, start: int, end: int) -> bool:
        return not any(self.taken[start:end])

    def mark(self, start: int, end: int) -> None:
        self.taken[start:end] = b"\x01" * (end - start)

    def add(self, kind: Kind, start: int, end: int, key: str = "", value: Decimal | None = None) -> None:
        if start < end and self.free(start, end):
            self.put(kind, start, end, key, value)

    def put(
        self, kind: Kind, start: int, end: int, key: str = "", value: Decimal | None = None, counted: units.Units = frozenset()
    ) -> None:
        self.mark(start, end)
        self.found.append(
            Quantity(kind, self.text[start:end], start, end, value, Decimal(1) if value is not None else Decimal(0), counted, key)
        )


@lru_cache(maxsize=8192)
def extract(text: str) -> tuple[Quantity, ...]:
    """Every number-like thing in order of appearance; linear in the length of the text.

    Spelled numbers count from two on; "one" only before a unit or thing we know ("one proposal", "one of the three");
    spelled ordinals only before such a thing; the Chinese 一 before a measure word is an article unless 只有, 仅, 共 or 第
    stands before it.
    """
    reader = _Reader(text)
    for step in (_exact, _dated, _named, _fractions, _numbers, _english, _chinese, _rest):
        step(reader)
    return tuple(_ranges(text, sorted(reader.found, key=lambda q: (q.start, q.end))))


def claims(text: str) -> tuple[Quantity, ...]:
    """What of a sentence needs evidence: everything but the markers of a list that counts up from (1)."""
    items = [(int(m[1]), m.start(1)) for m in _ITEM.finditer(text)]
    counted = [number for number, _ in items] == list(range(1, len(items) + 1)) and len(items) > 1
    skipped = {at for _, at in items} if counted else set()
    return tuple(q for q in extract(text) if q.start not in skipped)


def identifier(text: str) -> str:
    """Normal form of an id: small letters, no separators before digits, no leading zeros: "[EP-5.2]" is "ep5.2"."""
    small = re.sub(r"[\s#‑_-]+", "-", text.lower().strip("[]() \t"))
    small = re.sub(r"(?<=[a-z\u3400-\u9fff])-(?=\d)|^-", "", small)
    return re.sub(r"(?<!\d)0+(?=\d)", "", small)


def _exact(reader: _Reader) -> None:
    for match in _URL.finditer(reader.text):
        url = match[0].rstrip(".,;:!?)*_")
        if any(char.isdigit() for char in url):
            reader.add("url", match.start(), match.start() + len(url), url)
        else:
            reader.mark(match.start(), match.start() + len(url))
    for match in _HEX.finditer(reader.text):
        reader.add(
            "hash" if len(match[0]) == 66 else "address",
            match.start(),
            match.end(),
            match[0].lower().replace("...", "…").replace("..", "…"),
        )
    for match in _NAME.finditer(reader.text):
        reader.add("name", match.start(), match.end(), match[0].lower())


def _dated(reader: _Reader) -> None:
    last = (-1, -1)
    for kind, start, end, key in moments(reader.text):
        if (start, end) == last or reader.free(start, end):
            reader.put("date" if kind == "date" else "time", start, end, key)
            last = (start, end)


def _named(reader: _Reader) -> None:
    for match in _ID.finditer(reader.text):
        reader.add("id", match.start(), match.end(), identifier(match[0]))
    for match in _LABEL.finditer(reader.text):
        word = (match["c"] if match["l"] == "第" else None) or match["l"].lower().rstrip("s.")
        value = Decimal(match["n"].rstrip(",").replace(",", "")) if match["n"].count(".") < 2 else None
        end = match.end("c") if match["c"] else match.start("n") + len(match["n"].rstrip(","))
        reader.add("label", match.start(), end, f"{word}{match['n'].rstrip(',').replace(',', '')}", value)
    for match in _MIXED.finditer(reader.text):
        reader.add("id", match.start(), match.end(), identifier(match[0]))


_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5, "tenth": 10, "tenths": 10}
_PART = re.compile(
    r"\b(?:(?P<a>one|two|three|four|five|seven|nine)[ -](?P<b>thirds?|quarters?|fifths?|tenths?|half|halves)(?! of (?:20|a year))"
    r"|(?P<a1>a) (?P<b1>third|quarter|fifth|tenth)(?= of (?:the|all|its|their|those|votes|voters))|(?P<b2>half)(?= (?:of|the)\b))\b",
    re.IGNORECASE,
)
_MULTIPLE = {"double": 2, "triple": 3, "quadruple": 4, "halve": 0, "翻倍": 2, "翻一番": 2, "翻番": 2, "减半": 0, "一半": 0, "半数": 0}
_TIMES = re.compile(
    r"\b(?P<w>doubl|tripl|quadrupl|halv)(?:e|es|ed|ing)\b|\b(?P<t>twice|thrice)\b|(?P<c>翻倍|翻一番|翻番|减半|一半|半数)", re.IGNORECASE
)


def _fractions(reader: _Reader) -> None:
    """Shares written out: their value is in percent, exact."""
    for match in _RATIO.finditer(reader.text):
        above, below = Decimal(match["a"]), Decimal(match["b"])
        reader.add("fraction", match.start(), match.end(), f"{above}/{below}", 100 * above / below if above <= below else None)
    for match in _PERCENT_HAN.finditer(reader.text):
        _percent(reader, match.start(), match.end(), match["n"])
    for match in _TENTHS.finditer(reader.text):
        rest = "5" if match["h"] == "半" else str(numerals.DIGITS[match["h"]]) if match["h"] else "0"
        _percent(reader, match.start(), match.end(), f"{numerals.DIGITS[match['n']]}{rest}")
    for match in _OF_HAN.finditer(reader.text):
        whole, part = (Decimal(match[n]) if match[n].isascii() else numerals.chinese(match[n]) for n in "ba")
        if whole and part:
            reader.add("fraction", match.start(), match.end(), f"{part}/{whole}", 100 * part / whole)
    for match in _PART.finditer(reader.text):
        whole = Decimal(_PARTS[(match["b"] or match["b1"] or match["b2"]).lower()])
        part = numerals.english(match["a"]) if match["a"] else Decimal(1)
        if part:
            reader.add("fraction", match.start(), match.end(), f"{part}/{whole}", 100 * part / whole)
    for match in _TIMES.finditer(reader.text):
        word = (match["w"] or match["t"] or match["c"]).lower()
        times = {"doubl": 2, "tripl": 3, "quadrupl": 4, "twice": 2, "thrice": 3}.get(word) or _MULTIPLE.get(word, 0)
        reader.add("fraction", match.start(), match.end(), f"{times}×" if times else "1/2", Decimal(100 * times or 50))


def _percent(reader: _Reader, start: int, end: int, text: str) -> None:
    value = Decimal(text) if text.isascii() else numerals.chinese(text)
    if value is not None and reader.free(start, end):
        reader.mark(start, end)
        reader.found.append(_quantity(reader.text, start, end, value, Decimal(1).scaleb(min(0, _exponent(value))), frozenset("%")))


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


def _quantity(text: str, start: int, end: int, value: Decimal, step: Decimal, counted: units.Units, sign: int = 0) -> Quantity:
    if "bps" in counted:
        value, step, counted = value / 100, step / 100, (counted - {"bps"}) | {"%"}
    return Quantity("number", text[start:end], start, end, value, step, counted, "", sign, turn(text, start, end))


def _numbers(reader: _Reader) -> None:
    for match in _NUMBER.finditer(reader.text):
        if not reader.free(match.start("n"), match.end()):
            continue
        if match["th"]:
            reader.put("ordinal", match.start("n"), match.end(), "", Decimal(match["n"].replace(",", "")))
            continue
        reader.mark(match.start("n"), match.end())
        reader.found.append(_number(reader, match))


def _number(reader: _Reader, match: re.Match[str]) -> Quantity:
    text = reader.text
    value, step = _value(match["n"], reader.european)
    scale = (match["w"] or match["m"] or match["h"] or "").lower()
    power = _SCALE.get(scale, 0) + (int(match["e"][1:]) if match["e"] else 0)
    value, step = value.scaleb(power), step.scaleb(power)
    if match["p"]:
        value, step = value ** min(int(match["p"].lstrip("^*")), 80), Decimal(1)
    counted, length = units.after(text[match.end() : match.end() + 80])
    before = text[max(0, match.start() - 16) : match.start()]
    code = _CODE.search(before)
    if symbol := match["c"]:
        counted = (counted & {"token"}) | {units.alias(symbol) or symbol}
    elif before.endswith(("%", "％")) and not counted and not before[:-1].rstrip().endswith(tuple("0123456789")):
        counted = frozenset("%")
    elif code is not None and not counted:
        counted = frozenset([code["u"].lower()])
    if _ABOUT.search(before) or text.startswith("左右", match.end() + length):
        step = max(step, Decimal(1).scaleb(_zeros(value)))
    sign = match["s"] or match["s2"]
    direction = 0 if sign in (None, "±") else 1 if sign == "+" else -1
    return _quantity(text, match.start("n"), match.end(), -value if direction < 0 else value, step, counted, direction)


def _value(written: str, european: bool) -> tuple[Decimal, Decimal]:
    """The value of digits as written and the place of the last one. A point is decimal unless the text counts the European way."""
    digits = re.sub(r"[\s'’\u00a0\u202f\u2009]", "", written)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?", digits) or (european and re.fullmatch(r"\d+(?:\.\d{3})*(?:,\d+)?", digits)):
        digits = digits.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", digits):
        digits = digits.replace(",", ".")
    else:
        digits = digits.replace(",", "")
    return Decimal(digits), Decimal(1).scaleb(_exponent(Decimal(digits)))


def _zeros(value: Decimal) -> int:
    """How many noughts a whole number ends with; 0 for others."""
    digits = f"{abs(value):f}"
    return len(digits) - len(digits.rstrip("0")) if "." not in digits and value else 0


def _english(reader: _Reader) -> None:
    text = reader.text
    for match in numerals.ENGLISH.finditer(text):
        value = numerals.english(match[0])
        if value is None or not reader.free(match.start(), match.end()):
            continue
        counted, _ = units.after(text[match.end() : match.end() + 80])
        if (
            value <= 1
            and not counted
            and not re.match(r" (?:out )?of (?:the|these|those|them|all|its|\d)", text[match.end() : match.end() + 12])
        ):
            continue
        reader.mark(match.start(), match.end())
        reader.found.append(_quantity(text, match.start(), match.end(), value, Decimal(1), counted))
    for match in _SPELLED_ORDINAL.finditer(text):
        if units.after(text[match.end() : match.end() + 40])[0]:
            reader.add("ordinal", match.start(), match.end(), "", Decimal(numerals.ORDINALS[match[0].lower()]))


_SPELLED_ORDINAL = re.compile(rf"\b(?:{'|'.join(numerals.ORDINALS)})\b", re.IGNORECASE)
_ARTICLE_ONLY = re.compile(r"(?:只有|仅|仅有|共|共有|唯|第)$")
_FALSE_HAN = re.compile(
    r"万一|十分(?!之|钟)|千万(?=[不别要])|一旦|统一|一些|一般|一致|一定|一样|一直|一起|一方|进一步|之一|四处|三方|一切|一体|一系列|千方百计|百姓|七大|三思"
)
_HAN_BEFORE = re.compile(r"[第共仅]$")
_MEASURED = re.compile(rf"\s?(?:[{units.CLASSIFIERS}]|%|％)")


def _chinese(reader: _Reader) -> None:
    text = reader.text
    if not any(units_char in text for units_char in "零〇一二三四五六七八九十百千万亿两"):
        return
    for match in _FALSE_HAN.finditer(text):
        if reader.free(match.start(), match.end()):
            reader.mark(match.start(), match.end())
    for match in numerals.CHINESE.finditer(text):
        value = numerals.chinese(match[0])
        if value is None or not reader.free(match.start(), match.end()):
            continue
        rest = text[match.end() : match.end() + 80]
        before = text[max(0, match.start() - 3) : match.start()]
        counted, _ = units.after(rest)
        classified = _MEASURED.match(rest) is not None
        if before.endswith("第"):
            kind = rest[:1] if rest[:1] in "条章节期轮届号季次个项名位批版层级页款步周天年月" else ""
            reader.put("label", match.start(), match.end(), f"{kind or '第'}{value}", value)
        elif match[0] == "一" and classified and not _ARTICLE_ONLY.search(before):
            continue
        elif counted or classified or (len(match[0]) > 1 and value > 10):
            reader.mark(match.start(), match.end())
            reader.found.append(_quantity(text, match.start(), match.end(), value, Decimal(1), counted))


def _rest(reader: _Reader) -> None:
    """Any digit that nothing has claimed: the run of signs it stands in, to be found word for word."""
    text, taken = reader.text, reader.taken
    for at, char in enumerate(text):
        if taken[at] or not (char.isdigit() or char in "½⅓⅔¼¾"):
            continue
        start, end = at, at + 1
        while start > 0 and not taken[start - 1] and _in_run(text[start - 1]):
            start -= 1
        while end < len(text) and not taken[end] and _in_run(text[end]):
            end += 1
        reader.put("token", start, end, text[start:end].lower())


def _in_run(char: str) -> bool:
    return (char.isalnum() and not units.is_han(char)) or char in "_./-"


def _ranges(text: str, found: list[Quantity]) -> Iterator[Quantity]:
    """In "2–4 million ETH" the first number takes the second's unit, and its scale where it has none."""
    for index, one in enumerate(found):
        two = found[index + 1] if index + 1 < len(found) else None
        if (
            one.kind != "number"
            or two is None
            or two.kind != "number"
            or one.value is None
            or two.value is None
            or not two.units
            or one.units
        ):
            yield one
            continue
        gap = text[one.end : two.start]
        tight = _BETWEEN.fullmatch(gap) is not None
        if not tight and _LOOSE.fullmatch(gap) is None:
            yield one
            continue
        value, step = one.value, one.step
        if tight and two.step >= 1000 and step == 1 and value < 1000:
            value, step = value * two.step, two.step
        if two.units == {"%"} and "%" not in two.text and re.search(r"bps|basis|基点", text[two.end : two.end + 14]):
            value, step = value / 100, step / 100
        yield Quantity("number", one.text, one.start, one.end, value, step, two.units, "", one.sign, one.turn)
