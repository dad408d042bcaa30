"""What a request asks for: its words, its kind, the failed ones that asked for the same."""

import re
from typing import Literal

from agent.grounded.view import Precedent, View
from agent.passages import relevance

_OBSERVATION = re.compile(
    r"\b(?:is|are|was|were|has|have|fell|fall|falls|falling|rose|rising|dropp\w+|declin\w+|keeps?)\b|下降|下跌|上升|上涨|减少|增加|下滑",
    re.IGNORECASE,
)


def topic(view: View) -> str:
    """The request on one line, as it is quoted; what follows a colon as a mere observation ("sales are falling") is left to the motivation."""
    whole = " ".join(view.brief.request.topic.split())
    return ask_of(whole)


def ask_of(text: str) -> str:
    """What is asked for, without an observation behind a colon."""
    head, mark, tail = text.partition("：") if "：" in text else text.partition(": ")
    return head.strip() if mark and len(head.strip()) >= 5 and _OBSERVATION.search(tail) else text


Kind = Literal["swap", "asset", "money", "parameter", "position"]
_WANTED: dict[Kind, re.Pattern[str]] = {
    "position": re.compile(
        r"\b(?:poll|membership|elect(?:ion)?s?|committee members?|code of conduct|ban name|point of interest|add the location)\b|选举|行为准则|兴趣点",
        re.IGNORECASE,
    ),
    "swap": re.compile(
        r"\b(?:diversif\w*|swaps?|buy-?backs?|burn(?:ing)?|convert\w*|sell|sale of)\b|兑换|换成|回购|销毁|多元化",
        re.IGNORECASE,
    ),
    "asset": re.compile(
        r"\b(?:onboard\w*|list (?:a|new|the)|new collateral|collateral (?:type|asset)|add .{0,20}collateral|vault type|deploy\w*|synth)\b|上线|新增|抵押品",
        re.IGNORECASE,
    ),
    "money": re.compile(
        r"\b(?:grants?|fund(?:s|ed|ing)?|budgets?|payments?|compensat\w+|rebates?|stipends?|sponsor\w*|bount(?:y|ies)|hir(?:e|ing)|salar(?:y|ies)|"
        r"spend(?:ing)?|audits?|retainer|rewards? (?:program|pool)|incentives?)\b|拨款|资助|资金|预算|奖励|支付|返还|返利|赞助|激励|补贴|赏金|津贴",
        re.IGNORECASE,
    ),
    "parameter": re.compile(
        r"\b(?:parameters?|ratios?|caps?|ceilings?|thresholds?|quorum|fees?|rates?|limits?|config\w*|sccp|increas\w+|decreas\w+|reduc\w+|rais\w+|lower\w*|"
        r"adjust\w*|duration|schedule)\b|参数|费率|上限|门槛|法定|调整|提高|降低",
        re.IGNORECASE,
    ),
}
"""In order of precedence."""


def wanted(view: View) -> Kind:
    """What kind of thing is asked for, by the words of the topic and then by the type's label: decides terms, actions and blanks."""
    text = f"{view.brief.request.topic} {view.brief.request.caption or ''}"
    for source in (text, f"{view.brief.type_key} {view.brief.type_label}"):
        for kind, pattern in _WANTED.items():
            if pattern.search(source):
                return kind
    return "position"


_VERBS = frozenset(
    "add chang updat new increas reduc rais lower propos renew adopt creat 增加 修改 更新 新增 提高 降低 减少 续期".split()  # noqa: SIM905
)
_UP = re.compile(r"\b(?:rais\w+|increas\w+|higher|extend\w*)\b|提高|增加|上调|延长", re.IGNORECASE)
_DOWN = re.compile(r"\b(?:reduc\w+|lower\w*|decreas\w+|cut\w*|shorten\w*)\b|降低|减少|下调|缩短", re.IGNORECASE)


def predecessors(view: View) -> list[Precedent]:
    """Failed or withdrawn ones that asked for nearly the same: two thirds of the topic (all of a short one) stand in the title."""
    about = [group for group in view.brief.about if not _VERBS.intersection(group)]
    asked = topic(view)

    def same(title: str) -> bool:
        opposite = (_UP.search(asked) and _DOWN.search(title)) or (_DOWN.search(asked) and _UP.search(title))
        return bool(about) and not opposite and relevance(about, title) >= (0.67 if len(about) > 2 else 1.0)

    return [p for p in view.with_status("failed", "withdrawn") if same(p.record.title or "")][:2]


def request_row(view: View) -> list[str]:
    """The id of the request itself."""
    return [row.id for row in view.rows("request")[:1]]
