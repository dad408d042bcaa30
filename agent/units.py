"""What numbers count: units, tokens, currencies and countable things under one name each, in English and Chinese."""

import re
from collections.abc import Mapping
from functools import lru_cache

Units = frozenset[str]
"""Names a number goes by; empty when none is given. Two numbers may be the same when their names meet, or one has none."""

_ENGLISH = """
% percent pct per-cent ％
pp percentage-point percentage-points ppt
bps bp basis-point basis-points
usd $ us$ dollar us-dollar
eur € euro
gbp £ pound
cny rmb yuan
jpy yen
eth Ξ ether
vote ballot
vp voting-power
voter participant
day d
week wk
month mo
year yr
hour h hr
minute min
second sec s
quarter
block
proposal
delegate
member
address
wallet
holder
person people
user
sale
creator
post
comment
reply
source
grant
milestone
option
choice
transaction
signer signature
seat
token
nft
contributor
steward
request
precedent
round
epoch
season
term
item
step
phase
action
position
project
team
protocol
chain
market
pool
node
validator
payment
tranche
bug audit
call
× x times
px pixel
like
report
change
reason
argument
point
network
country
session
meeting
event
company
thread
message
word
share
case
risk
way
section
sentence
file
page
party
"""
_CHINESE = {
    "个百分点": "pp",
    "百分点": "pp",
    "个基点": "bps",
    "基点": "bps",
    "美元": "usd",
    "美金": "usd",
    "刀": "usd",
    "欧元": "eur",
    "英镑": "gbp",
    "人民币": "cny",
    "元": "cny",
    "日元": "jpy",
    "以太币": "eth",
    "以太坊": "eth",
    "以太": "eth",
    "比特币": "btc",
    "票": "vote",
    "投票权": "vp",
    "投票者": "voter",
    "投票人": "voter",
    "选民": "voter",
    "天": "day",
    "日": "day",
    "周": "week",
    "星期": "week",
    "个月": "month",
    "年": "year",
    "小时": "hour",
    "分钟": "minute",
    "秒": "second",
    "季度": "quarter",
    "区块": "block",
    "提案": "proposal",
    "议案": "proposal",
    "代表": "delegate",
    "成员": "member",
    "地址": "address",
    "钱包": "wallet",
    "持有者": "holder",
    "持有人": "holder",
    "用户": "user",
    "创作者": "creator",
    "代币": "token",
    "帖子": "post",
    "评论": "comment",
    "来源": "source",
    "资助": "grant",
    "里程碑": "milestone",
    "选项": "option",
    "交易": "transaction",
    "签名": "signer",
    "席位": "seat",
    "贡献者": "contributor",
    "先例": "precedent",
    "倍": "×",
    "像素": "px",
    "人": "person",
    "讨论": "thread",
    "原因": "reason",
    "项目": "project",
    "团队": "team",
    "章节": "section",
    "阶段": "phase",
    "步骤": "step",
}
CLASSIFIERS = "个项名位份笔枚张条次种家款座组支只件篇场届期轮批份宗则"
"""Measure words: they stand between a number and what it counts and name no unit themselves."""
_TOKENS = (
    "eth weth btc usdc usdt dai susd arb op uni ens comp aave mkr sky usds snx mana hbr celo cusd lido ldo steth wsteth sol gno crv bal gtc "
    "matic pol avax bnb noun"
)
TOKENS = frozenset(_TOKENS.split())
"""Token symbols that are also known when written small; others are known by their capitals."""
NO_UNIT = frozenset(
    ["AND", "OR", "THE", "TO", "IN", "OF", "FOR", "UTC", "GMT", "AM", "PM", "DAO", "ID", "EP", "BC", "AD", "CET", "EST", "PST"]
)
"""Capitals that may follow a number and are no token."""
_ALIASES: dict[str, str] = {}
for _line in _ENGLISH.strip().splitlines():
    for _word in _line.split():
        _ALIASES[_word] = _line.split()[0]
_ALIASES |= {"people": "person", "audit": "audit", "¥": "yuan-or-yen", "￥": "yuan-or-yen", **_CHINESE}
CURRENCY = "US\\$|[$€£¥￥Ξ]"
_SPLIT = re.compile(r"\s*(?:/| per |每)\s*")
_WORD = re.compile(r"%|％|US\$|[$€£¥￥Ξ×]|[A-Za-z][A-Za-z0-9.\-]*|[\u3400-\u9fff]+")
_TOKEN = re.compile(r"[A-Z][A-Z0-9]{1,9}(?:\.[a-z]{1,3})?|[a-z]{1,3}[A-Z]{2,8}[a-z0-9]{0,4}|[A-Z][A-Z]+[a-z]{1,3}")
_CHINESE_UNIT = re.compile("|".join(sorted(map(re.escape, _CHINESE), key=len, reverse=True)))
_STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "from",
        "and",
        "or",
        "nor",
        "but",
        "than",
        "then",
        "that",
        "this",
        "these",
        "those",
        "with",
        "without",
        "against",
        "as",
        "is",
        "was",
        "were",
        "are",
        "be",
        "been",
        "has",
        "had",
        "have",
        "will",
        "would",
        "can",
        "could",
        "may",
        "must",
        "should",
        "per",
        "each",
        "every",
        "when",
        "while",
        "where",
        "which",
        "who",
        "whose",
        "if",
        "it",
        "its",
        "not",
        "more",
        "less",
        "fewer",
        "between",
        "through",
        "after",
        "before",
        "since",
        "until",
        "under",
        "over",
        "about",
        "into",
        "vs",
        "so",
        "also",
        "only",
    ]
)


def is_han(char: str) -> bool:
    """Whether a character is a Chinese ideograph of the common blocks."""
    return "\u3400" <= char <= "\u9fff"


def alias(word: str) -> str | None:
    """The one name of a unit word ("votes" and "ballots" are "vote"), or None if it names no unit we know."""
    small = word.lower().strip(".-")
    if small in _ALIASES:
        return _ALIASES[small]
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if small.endswith(ending) and len(small) > len(ending) + 2 and small[: -len(ending)] + instead in _ALIASES:
            return _ALIASES[small[: -len(ending)] + instead]
    if small in TOKENS or (_TOKEN.fullmatch(word) and word not in NO_UNIT):
        return small
    return None


@lru_cache(maxsize=4096)
def of_fact(unit: str | None) -> Units:
    """The names of a fact's unit: "votes (MKR)" gives vote and mkr, "ETH/day" gives eth. An unknown word stands for itself."""
    if not unit or not unit.strip():
        return frozenset()
    counted = _SPLIT.split(unit.strip(), maxsplit=1)[0]
    found = set()
    for word in _WORD.findall(counted):
        name = alias(word)
        if name is None and "\u3400" <= word[0] <= "\u9fff":
            name = next((_CHINESE[m[0]] for m in _CHINESE_UNIT.finditer(word)), None)
        if name is not None or word.lower() not in _STOP:
            found.add(name or word.lower().rstrip("s"))
    return frozenset(found)


_LEAD = re.compile(r"[ \u00a0\u202f\t-]{0,2}(?:[" + CLASSIFIERS + r"][ \u00a0]?(?!月|百分点|基点))?")
_SYMBOL = re.compile(r"%|％|‰|[$€£Ξ](?![\dA-Za-z])|[×x](?![A-Za-z])")
_PHRASE = re.compile(r"(?:percentage|basis)[ -]points?|per ?cent|pct|voting power|us dollars?", re.IGNORECASE)
_NEXT = re.compile(r"[ \u00a0\u202f\n-]?\$?([A-Za-z][A-Za-z0-9]*(?:\.[a-z]{1,3}(?![a-z]))?)")
_PHRASES: Mapping[str, str] = {"voting power": "vp", "us dollar": "usd", "us dollars": "usd"}


@lru_cache(maxsize=16384)
def after(rest: str) -> tuple[Units, int]:
    """Units named right after a number (`rest` begins where the number ends), and how many characters name them.

    A percent sign or a word for it stands alone; a token may be followed by what is counted ("40 ENS votes");
    up to three plain words may stand between the number and the thing counted ("12 earlier similar proposals").
    """
    lead = _LEAD.match(rest)
    at = lead.end() if lead else 0
    if symbol := _SYMBOL.match(rest, at):
        return frozenset([_ALIASES.get(symbol[0], symbol[0])]), symbol.end()
    if phrase := _PHRASE.match(rest, at):
        small = phrase[0].lower()
        name = _PHRASES.get(small) or ("pp" if small.startswith("percentage") else "bps" if small.startswith("basis") else "%")
        return frozenset([name]), phrase.end()
    if chinese := _CHINESE_UNIT.match(rest, at):
        return frozenset([_CHINESE[chinese[0]]]), chinese.end()
    return _words(rest, at)


def _words(rest: str, at: int) -> tuple[Units, int]:
    found: list[str] = []
    end = 0
    for step in range(4):
        word = _NEXT.match(rest, at)
        if word is None or word[1].lower() in _STOP:
            break
        name = alias(word[1]) if step == 0 or len(word[1]) > 2 else None
        at = word.end()
        if name is not None:
            found.append(name)
            end = at
            if name not in TOKENS and not word[1].isupper():
                break
        elif word[1][0].isupper() and step > 0:
            break
    if found and (chinese := _CHINESE_UNIT.match(rest, at)):
        found.append(_CHINESE[chinese[0]])
    return frozenset(found), end


def meet(stated: Units, known: Units) -> bool:
    """Whether a sentence's unit may be the evidence's. A percentage must be one; points may state a difference of percentages."""
    if "%" in stated:
        return "%" in known
    if "pp" in stated:
        return bool(known & {"pp", "%"})
    return not stated or not known or bool(stated & known)
