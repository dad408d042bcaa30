"""Patterns that tell what a heading introduces and what a sentence may serve as, in English and Chinese."""

import re
from typing import NamedTuple

I = re.IGNORECASE  # noqa: E741


def _heading(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{pattern})", I)


_RISK_HEADING = (
    r"^(?:key |potential |main |known |possible )?(?:risks?(?: (?:and|&|assessment|analysis|considerations?|mitigations?|factors?).*)?|drawbacks?.*|downsides?.*|"
    r"concerns?|security (?:considerations?|risks?|implications)|caveats?|cons|trade-?offs?|counter-?arguments?|arguments? against)\W*$|风险|缺点|顾虑|反对意见"
)
HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("risk", re.compile(_RISK_HEADING, I)),
    (
        "skip",
        _heading(
            r"outcome|results?$|copyright|licen[cs]e|references?$|resources|useful links|links?$|disclaimer|test cases|authors?\b|about (?:us|the team)|team$|"
            r"vot(?:e|ing)\b|next steps|considerations?$|changelog|appendix|版权|参考|作者|投票"
        ),
    ),
    ("budget", _heading(r"budget|costs?\b|funding|compensation|payment|grant size|amount|financ|fees?$|预算|费用|成本|资金|金额")),
    ("timeline", _heading(r"timeline|roadmap|milestone|schedule|duration|deadline|时间|路线图|里程碑|期限")),
    (
        "argument",
        _heading(
            r"motivation|rationale|background|problem|why\b|context|benefits?|reason|justification|purpose|impact|introduction|动机|背景|理由|原因|问题|目的"
        ),
    ),
    ("ask", _heading(r"abstract|summary|tl;?dr|description|proposal$|摘要|概述|简介|提案|概要")),
    (
        "specification",
        _heading(
            r"specification|implementation|details?\b|how\b|mechanic|process|deliverables?|plan\b|steps|parameters?|规范|实施|细则|方案|步骤|流程"
        ),
    ),
)
"""(role, pattern) in order of precedence; "skip" is what quotes are never taken from."""
HEADING_LINE = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+(?P<atx>[^\n]+)|(?:\*\*|__)(?P<bold>[^\n*_]{2,60})(?:\*\*|__):?[ \t]*)$", re.MULTILINE
)
AMOUNT = re.compile(
    r"(?:[$€£]\s?\d[\d,.’']*\s?(?:k|m|mm|bn|million|billion)?\b|\b\d[\d,.’']*\s?(?:k|m|mm|bn|million|billion|万|亿)?\s?(?:枚\s?)?(?:USD[CTSP]?|US\$|DAI|sUSD|ETH|WETH|BTC|"
    r"WBTC|MANA|SNX|MKR|ENS|UNI|ARB|OP|AAVE|COMP|HBR|INDEX|SUSHI|GHST|CAKE|YFI|RPL|HNT|GHO|GRT|BAL|CRV|LDO|GTC|POOL|tokens?|dollars?|美元)\b)",
)
DURATION = re.compile(
    r"\b(?:\d+|one|two|three|four|six|twelve)[ -](?:day|week|month|quarter|year)s?\b|\bQ[1-4]\b|\d+\s?(?:天|周|个月|季度|年)", I
)
_AHEAD = re.compile(
    r"\b(?:will|shall|starting|until|by (?:the )?(?:end|Q[1-4])|within|begins?|ends?|vest\w*|cliff|expires?|deadline|notice|runs?|covers?)\b|"
    r"将|起至|截止|开始|结束|为期",
    I,
)
_BEHIND = re.compile(r"\b(?:last|past|previous|ago|after the|years? of|experience|a year)\b|过去|去年|以来", I)
_RISK = re.compile(
    r"\brisks?\b(?! (?:domain|team|core|unit|premium|param\w*|assessment|working|rating|oracle|steward))|\b(?:risky|concerns?|downsides?|drawbacks?|exploit\w*|danger\w*|"
    r"unfortunately|attack(?:s|ers?)?|vulnerab\w+|abus\w+|malicious\w*|lose|losses|may not|might not|cannot be sure)\b|风险|担心|隐患|缺点|攻击|滥用|损失|可能(?:无法|不)"
)
_EASED = re.compile(
    r"\b(?:reduc\w+|decreas\w+|mitigat\w+|prevent\w*|remov\w+|eliminat\w+|lower\w*|low|no|without|minimi[sz]\w+|no longer|protect\w*|guard\w*|insur\w*)\b[^.]{0,50}"
    r"\b(?:risks?|attack|abuse|exploit|loss|losses|vulnerab)\w*|\bexploit is no longer\b|\brisk[- ](?:free|adjusted|oracle|steward|tranche|tolerance|parameter|management|profile)s?\b|"
    r"RISK_|降低[^。]{0,12}风险|避免[^。]{0,12}(?:风险|损失)",
    I,
)
_PROCEDURE = re.compile(
    r"\b(?:(?:the|this) (?:governance )?(?:poll|vote) (?:will|is|implements)|(?:the )?community (?:can|may) vote|votes? for the|voting system|"
    r"(?:facilitators?|team) ha(?:s|ve) placed|will be (?:active|open) for|executive vote|snapshot vote|temperature check|review the links|"
    r"copyright|licensed under|previously numbered|template|your (?:vote|support)|monthly vote|is for voting|i(?:['’]m| am) voting|community votes? (?:for|on)|"
    r"all votes|(?:passed|rejected|approved|ratified) (?:with|by|via)|approval\b.*\bvotes|linked above|forum thread|option with the highest|"
    r"(?:tables?|graphs?|charts?|figures?) (?:below|above)|(?:below|following) (?:table|graph)|outlined below|as a reminder)\b|投票(?:将|开始|结束)|版权|如下表",
    I,
)
_BALLOT = re.compile(r"(?:\*\*|__)?(?:for|against|abstain|yes|no|option \w+|赞成|反对|弃权)(?:\*\*|__)?\s*[:：]|do not \w+|no change\b", I)
_SPEC = re.compile(r"\b(?:will|shall|propos\w+|must|should be)\b|将|应当|提议|建议", I)
_FINITE = re.compile(r"\b(?:is|are|will|shall|must|should|may|can|has|have|does|do|pays?|takes?|runs?|holds?)\b|[\u4e00-\u9fff]{6}", I)
ASK = re.compile(
    r"\b(?:this (?:proposal|\w{2,5}) (?:proposes|seeks|requests|aims|would|asks|adds|will|introduces)|we (?:propose|request|seek|ask|would like to)|"
    r"proposes? to|requests?|if (?:approved|passed|ratified)|"
    r"(?:proposals?|AIP|SIP|SCCP|HIP|RPIP|publication|post|poll) (?:is|calls for|presents|outlines|confirms|registers|activates|amends|modifies|renews|defines))\b|"
    r"本提案|我们提议|申请|本次投票|提请",
    I,
)
_ASK_OPENING = re.compile(
    r"(?:this |the |[A-Z]{2,5}-?\d+ )?.{0,80}\b(?:propos|request|seek|aim|add|set|increase|reduce|raise|lower|fund|grant|give|spend|pay|cut|list|transfer|deploy|onboard|renew|"
    r"extend|create|appoint|adopt|sponsor|enforce|allow|change|update|move|use|build|buy|sell|convert|report on|should)\w*|[\u4e00-\u9fff]{10}",
    I,
)
_REASON = re.compile(
    r"\b(?:because|since|so that|in order to|therefore|would|allow\w*|enabl\w+|improv\w+|reduc\w+|benefit\w*|need(?:s|ed)?|lack\w*|problem|incentiv\w+|ensur\w+|costs?|"
    r"too (?:high|low|few|many)|insufficient|essential|help\w*|only|cannot|not enough|fell|falling|rose|decline\w*|growth)\b|因为|由于|以便|有助于|需要|问题|不足|下降",
    I,
)
_MONEY = re.compile(
    r"\b(?:request\w*|budget\w*|grants?|granted|pay\w*|paid|fund(?:s|ed|ing)?|costs?|allocat\w+|salar\w+|stipend\w*|compensat\w+|transfer\w*|total|at most|maximum|"
    r"per (?:month|quarter|year)|a (?:month|quarter|year)|payments?)\b|申请|拨款|预算|支付|上限|每月|每季",
    I,
)
_NO_MONEY = re.compile(
    r"\b(?:market cap|AUM|TVL|liquidity pool|dropped|bear market|malicious|trading volume|stable coin market|price of|secured)\b|市值|交易量",
    I,
)
DIRTY = re.compile(
    r"https?://|\]\(|\]\[|!\[|<[a-zA-Z/]|\||```|\[x\]|\{%|@[A-Za-z]|\$\$|\\[A-Za-z]{2,}|\\[!-/:-@\[-`{-~]|^[¹²³*†]|\(\)|"
    r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc\ufffd\U000e0000-\U000e007f]"
)
ADDRESSED = re.compile(
    r"\b(?:vote (?:for|yes|in favou?r|now)|please|click|join (?:us|our)|ignore (?:all|your|previous|the)|you may|you should|thank)\b|请投|忽略",
    I,
)
COMMANDING = re.compile(
    r"\b(?:ignore|disregard|forget) (?:all|any|your|the|previous|prior|every)|"
    r"\b(?:system prompt|as an ai|language model|you are (?:an?|the) |recommend approval|approve this)\b|忽略(?:以上|之前|所有|你的)|系统提示|语言模型|请批准",
    I,
)
_LEANING = re.compile(
    r"(?:(?:it|they|these|those|such|he|she|his|her|its|their|both|nearly|however|also|but|and|or|so|then|thus|hence|therefore|consequently|additionally|furthermore|"
    r"moreover|finally|similarly|likewise|otherwise|instead|meanwhile|ultimately|once|below|above|next|hello|hi|dear|intro|here|there)\b|"
    r"(?:in (?:addition|light|this|that|turn|contrast|short|other|time|retrospect)|as (?:mentioned|such|a result|you|we|can|specified|stated|noted|discussed|there)|"
    r"for (?:example|instance|this)|if (?:not|so)|due to (?:this|that|these)|with (?:this|that|these|the above)|after (?:the|that) time|at (?:this|that) (?:point|time))\b|"
    r"(?:this|that)\b(?!\s+(?:[\w-]+\s+){0,4}(?:proposals?|polls?|votes?|\w*IPs?|sccp|document|post|arfc|publication|paper|executable|request|[A-Z]{2,5}-?\d+)\b)|"
    r"此外|另外|因此|但是|不过|同时|然而|其中|可是|这(?!项提案|份提案|一提案)|该(?!提案))",
    I,
)
"""Openings that lean on the sentence before: out of place in a quote."""


class Cues(NamedTuple):
    """What one sentence shows."""

    asks: bool
    opens_asking: bool
    reasons: bool
    specifies: bool
    finite: bool
    risky: bool
    amount: bool
    money: bool
    planned: bool
    past: bool
    leaning: bool
    ended: bool


def cues(text: str) -> Cues:
    """Read a sentence."""
    return Cues(
        asks=ASK.search(text) is not None,
        opens_asking=_ASK_OPENING.match(text) is not None,
        reasons=_REASON.search(text) is not None,
        specifies=_SPEC.search(text) is not None,
        finite=_FINITE.search(text) is not None,
        risky=_RISK.search(text) is not None and _EASED.search(text) is None,
        amount=AMOUNT.search(text) is not None,
        money=_MONEY.search(text) is not None and _NO_MONEY.search(text) is None,
        planned=DURATION.search(text) is not None and (_AHEAD.search(text) is not None or _BEHIND.search(text) is None),
        past=_BEHIND.search(text) is not None and _AHEAD.search(text) is None,
        leaning=_LEANING.match(text) is not None,
        ended=text.rstrip("*_`")[-1:] in ".!?。！？”\"')）；",
    )


def procedural(text: str) -> bool:
    """Words about the vote itself, a ballot line, or a pointer to something else on the page: no content."""
    return _PROCEDURE.search(text) is not None or _BALLOT.match(text) is not None


def role_of(title: str) -> str:
    """What a heading introduces: one of the roles, "skip", or "" where it tells nothing."""
    return next((role for role, pattern in HEADINGS if pattern.search(title)), "")
