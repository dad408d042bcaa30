"""Does the cited evidence support the sentence? A lexical and numeric test, and ALCE's recall and precision from it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from agent.checks.numbers import recorded, told
from agent.checks.places import Place, fold, genuine, own_words, places
from agent.numbers import claims, unsupported
from agent.schemas import Draft, Evidence, Sentence
from agent.text import is_cjk_heavy

COVERED = 0.6
"""Share of the sentence's own content words that must stand in the evidence."""
_LATIN = re.compile(r"[a-z]+(?:['’][a-z]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_STOP_TEXT = """
a about above after against all also although among an and any are as asked asks at author be been before being below between both but by can could cited
did do does down draft during each earlier either ended evidence few first for found from further had has have he her here highest his how i if in into is it
its itself last later least less lowest many may matter might more most named needed neither no none nor not now of on once one only open or other our outcome
over own passed failed part per proposal proposals put quoted read record recorded reads said same says see set shall she short should show shows since so some
source stands stated stood such than that the their them then there these they this those through time to too total under until up upon used value votes voted vote
was way we went were what when where which while who whom why will with withdrawn without words would wrote yet you your gave reason argued case made specified
motivation reads opens voting nearest names side on closed voter voters head count counts power known whether similar compared here recorded argues says
terms money planned schedule warned caution objected request kind closest going rose fell fall rise change cast favour favor against percent named measured picture
attached chart chain series differ differs say dao daos generalise compared promised report term end date amount
"""
_STOP = frozenset(_STOP_TEXT.split())
_STOP_HAN = re.compile(
    r"其开头|开头|赞成率|与本案|本案|本文|时间安排|类似|仅计人数|仅为人数|投票权|人赞成|人反对|投票已结束|不知是否|未见|另有|如下说法|说法|列出的?|指出以下|以下|在理由中|对照|就此|关于投票|仍有|虽|尽管|差在何处|本提案|该提案|相关|先前|提案|获得|获|通过|未能|未|撤回|否决|赞成票|反对票|投票|投了|以及|其中|最接近|共找到|找到|没有|记录在案|记录|结果|给出|理由|主张|论据|如下|关于|资金|写法|写道|写明|规定|条款|"
    r"安排|时间表|提醒|提出|警示|还指出|指出|规则|原文|之间|由|降至|升至|变为|下降|上升|变化|最高|最低|其间|图片|图表|作者|所附|数据|序列|一致|采用|供参考|金额|介于|中位数|提出异议|此类|请求|曾经|选项|"
    r"项|为|的|是|和|与|在|至|从|以|占|了|被|已|个|赞"
)
_STATUS_WORDS = {"passed": "passed approved 通过", "failed": "failed rejected 未通过 否决", "withdrawn": "withdrawn 撤回"}


def content(text: str) -> frozenset[str]:
    """Words that carry what is claimed: no digits, no reporting words; plurals and endings folded, Chinese by pairs."""
    small = text.lower()
    latin = {_stem(word) for word in _LATIN.findall(small) if len(word) > 2 and word not in _STOP}
    pairs = {run[i : i + 2] for run in _HAN.findall(_STOP_HAN.sub(" ", small)) for i in range(len(run) - 1)}
    return frozenset(latin | pairs)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ments", "ment", "ers", "er", "ed", "es", "s", "ly", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


@lru_cache(maxsize=4096)
def _known(row: Evidence) -> frozenset[str]:
    texts = [row.quote, row.title or "", row.locator.id or "", row.locator.dao or "", (row.role or "").replace("-", " "), row.kind]
    for fact in row.facts:
        texts += [fact.name.replace("_", " "), str(fact.value), fact.unit or ""]
        if fact.name == "status":
            texts.append(_STATUS_WORDS.get(str(fact.value), ""))
    return content("\n".join(texts))


def supports(sentence: Sentence | str, rows: Sequence[Evidence]) -> bool:
    """Whether the evidence, taken together, supports a sentence. All of these must hold:

    1. every number, amount, date, percentage, address and id of the sentence is in it (`agent.numbers.supported`);
    2. every listed quote stands in it word for word;
    3. an outcome it tells (passed, failed, withdrawn) is one that is recorded there;
    4. of the content words outside quotations (no reporting words, endings folded, Chinese by character pairs) at least
       60 % stand in its quotes, titles or facts; not asked where sentence and evidence are in different scripts;
    5. something anchors it: a quotation, a number that was found, or two content words (all, if it has fewer).
    """
    said = Sentence(text=sentence, kind="fact") if isinstance(sentence, str) else sentence
    place = Place("", said, tuple(rows), ())
    real = genuine(place)
    if not rows or any(fold(quote) not in {fold(text) for text in real} for quote in said.quotes):
        return False
    if unsupported(said.text, rows, real):
        return False
    if told(place) and not told(place) <= recorded(rows):
        return False
    wanted = content(own_words(place))
    covered = wanted & frozenset().union(*map(_known, rows))
    crossed = is_cjk_heavy(own_words(place)) and not any(is_cjk_heavy(row.quote + (row.title or "")) for row in rows)
    if wanted and not crossed and len(covered) < COVERED * len(wanted):
        return False
    anchored = any(len(fold(text)) >= 4 for text in real) or bool(claims(said.text)) or bool(told(place))
    return anchored or (bool(wanted) and len(covered) >= min(2, len(wanted)))


class Alce(NamedTuple):
    """Citation recall and precision at claim level, with how many claims and citations they count."""

    recall: float
    precision: float
    claims: int
    citations: int


def alce(draft: Draft) -> Alce:
    """Citation quality as ALCE defines it, over sentences of kind fact and inference.

    Recall: share of them that their citations together support; one without citation is a miss. Precision: share of
    citations that are not irrelevant; a citation is irrelevant if the claim is unsupported, or if it alone does not support
    it while the others do.
    Source: Gao et al., "Enabling Large Language Models to Generate Text with Citations", 2023, section 4.2.
    """
    total = supported = relevant = cited = 0
    for place in places(draft):
        if place.sentence.kind not in ("fact", "inference"):
            continue
        total += 1
        cited += len(place.rows) + len(place.unknown)
        if not place.rows or not supports(place.sentence, place.rows):
            continue
        supported += 1
        for row in place.rows:
            others = tuple(other for other in place.rows if other is not row)
            alone = supports(place.sentence, (row,))
            relevant += alone or not supports(place.sentence, others)
    return Alce(supported / total if total else 1.0, relevant / cited if cited else 1.0, total, cited)
