"""Neutral words: no praise, no hype, no urgency, no telling the committee how to vote. Quotations are exempt."""

import re

from agent.checks.places import concluded, finding, own_words, places
from agent.schemas import CheckResult, Draft, Level

RULES: tuple[tuple[str, Level, str], ...] = (
    (
        "tone.praise",
        "warning",
        r"\b(?:amazing|awesome|excellent|outstanding|brilliant|fantastic|wonderful|incredible|remarkable|impressive|superb|exceptional|"
        r"best[- ]in[- ]class|world[- ]class|top[- ]notch|beloved|visionary|talented|esteemed|proven track record)\b|"
        r"卓越|杰出|出色|优秀|完美|伟大|精彩|非凡|顶级|世界级|一流|令人赞叹|令人惊叹|有目共睹",
    ),
    (
        "tone.hype",
        "warning",
        r"\b(?:revolutionary|revolutioni[sz]e|game[- ]chang(?:er|ing)|groundbreaking|ground-breaking|cutting[- ]edge|unprecedented|"
        r"skyrocket\w*|moon(?:ing|shot)?|explosive growth|massive(?:ly)?|huge(?:ly)?|guaranteed?|no[- ]brainer|win[- ]win|unlock(?:s|ing)? the "
        r"(?:full )?potential|next[- ]gen(?:eration)?|paradigm shift|undoubtedly|unquestionably|of course|obviously|clearly the)\b|"
        r"革命性|颠覆性|划时代|史无前例|前所未有|暴涨|稳赚|毫无疑问|毋庸置疑|必将|双赢|共赢|引爆|腾飞",
    ),
    (
        "tone.urgency",
        "warning",
        r"\b(?:act now|urgent(?:ly)?|immediately|asap|as soon as possible|before it(?:'|’)?s too late|last chance|don(?:'|’)?t miss|"
        r"time is running out|hurry|now or never|cannot wait|can(?:'|’)t wait)\b|"
        r"刻不容缓|迫在眉睫|机不可失|时不我待|立刻行动|马上行动|赶快|最后机会|千万不要错过|切勿错过|十万火急",
    ),
    (
        "tone.vote",
        "error",
        r"\b(?:(?:please|kindly|we (?:ask|urge|invite|encourage|call on) (?:you|everyone|delegates|voters|members)(?: all)? to) (?:vote|approve|support|pass|reject|sign)|"
        r"vote (?:yes|yay|yae|for this|in favou?r of this|no|against this)(?! (?:means|is|adopts|leaves))|(?:you|delegates|voters|members|the committee|reviewers?) "
        r"(?:should|must|need to|have to|ought to) (?:vote|approve|support|pass|reject|sign)|approve this (?:draft|proposal)|do not (?:vote|reject|approve))\b|"
        r"请(?:大家|各位)?(?:务必)?(?:投票?(?:赞成|支持|反对)|支持本|批准本|通过本|投下)|(?:你|您|各位|大家|委员会|评审)(?:应当?|必须|务必|需要)(?:投|批准|支持|通过|赞成|反对|拒绝)|呼吁(?:大家|各位|社区)?投",
    ),
    (
        "tone.addressed",
        "error",
        r"\b(?:dear (?:committee|reviewers?|delegates|voters|members|community)|to the reviewers?|note to (?:the )?(?:committee|reviewers?)|"
        r"(?:ignore|disregard) (?:all |any )?(?:the )?(?:previous|prior|above|earlier) (?:instructions?|rules?|findings?|checks?)|as an ai|as a language model|i am an ai)\b|"
        r"尊敬的(?:委员会|委员|评审|各位)|亲爱的(?:委员|评审|社区|各位)|致(?:委员会|评审)|(?:忽略|无视)(?:以上|之前|上述|先前)(?:的)?(?:所有)?(?:指令|规则|说明|检查)|作为(?:一个)?(?:人工智能|AI|语言模型)",
    ),
)
_COMPILED = tuple((rule, level, re.compile(pattern, re.IGNORECASE)) for rule, level, pattern in RULES)
_LOUD = re.compile(r"[!！]{1,}|\b[A-Z]{5,}(?: [A-Z]{4,})+\b")


def check(draft: Draft) -> list[CheckResult]:
    """All rules of this module; each sentence, the title and the headings. Pure."""
    texts = [("title", draft.title), *((place.where, own_words(place)) for place in places(draft))]
    results: list[CheckResult] = []
    for rule, level, pattern in _COMPILED:
        found = []
        for where, text in texts:
            match = pattern.search(text)
            if match is not None:
                found.append(finding(rule, level, where, f"'{match[0]}' is not neutral"))
        results += concluded(rule, found, f"none in {len(texts)} texts")
    loud = [finding("tone.loud", "warning", where, f"'{m[0]}' shouts") for where, text in texts if (m := _LOUD.search(text))]
    return results + concluded("tone.loud", loud, f"none in {len(texts)} texts")
