"""Text to search terms: English stems, Chinese words, ids and addresses kept whole."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise

MAX_CHARS = 20_000
"""Characters of a text that are searched; longer bodies gain nothing."""

_STOP = """a about above after again all also am an and any are as at be because been before being below between both but by can
    could did do does doing down during each few for from further had has have having he her here hers him his how i if in
    into is it its itself just may me more most my no nor not now of off on once only or other our ours out over own same
    she should so some such than that the their theirs them then there these they this those through to too under until up
    upon us very was we were what when where which while who whom why will with would you your yours
    的 了 在 是 和 与 及 或 等 对 为 将 把 被 从 到 由 于 以 并 而 也 都 就 还 这 那 其 该 此 吗 呢 吧 有 我 我们 你 你们 他们 它 什么 怎么 如何 是否 哪些 以及 一个"""
STOP = frozenset(_STOP.split())

_LINK = re.compile(r"!?\[([^\]\n]*)\]\(\s*<?[^)\s>]*>?[^)\n]*\)")
_REFERENCE = re.compile(r"^\s*\[[^\]\n]+\]:\s*\S+.*$", re.M)
_URL = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]\"'`，。；、）】]+")
_TAG = re.compile(r"</?[A-Za-z][^>\n]{0,200}>")
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN = re.compile(f"[{_CJK}]")
_TOKEN = re.compile(
    rf"0[xX][0-9a-fA-F]{{6,}}|[{_CJK}]+|(?:[^\W_{_CJK}]|(?<=\w)['’](?=[a-zA-Z])|(?<=\d)[.,](?=\d))+",
)
_ID = re.compile(r"(?<![\w.])([A-Za-z]{2,12})-?(\d+(?:\.\d+)*)(?:(c\d+)?[-–]?(SP\d+))?(?![\w.]*\w)", re.I)
_SPACED_ID = re.compile(r"(?<![\w.])([A-Z]{2,8}) (\d+(?:\.\d+)*)(?![\w,]*\w)")


def clean(text: str) -> str:
    """Markdown links become their words; bare addresses and tags vanish."""
    text = _LINK.sub(r"\1", text)
    text = _REFERENCE.sub(" ", text)
    return _TAG.sub(" ", _URL.sub(" ", text))


def has_chinese(text: str) -> bool:
    """Whether any Han character stands in the text."""
    return _HAN.search(text) is not None


@cache
def _stemmer() -> Callable[[list[str]], list[str]]:
    import Stemmer

    stem: Callable[[list[str]], list[str]] = Stemmer.Stemmer("english").stemWords
    return stem


@cache
def _segmenter() -> Callable[[str], list[str]]:
    import logging
    import warnings

    from retrieval import glossary

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    words = jieba.Tokenizer()
    for term in glossary.chinese_terms():
        words.add_word(term)
    cut: Callable[[str], list[str]] = words.lcut_for_search
    return cut


def ids(text: str) -> list[str]:
    """Proposal ids as one term each: "EP 5.2", "EP5.2" and "EP-5.2" all give "ep-5.2"."""
    found = []
    for match in _ID.finditer(text):
        prefix, number, part, sub = match.groups()
        found.append(f"{prefix}-{number}{part or ''}{'-' + sub if sub else ''}".lower())
    found += [f"{prefix}-{number}".lower() for prefix, number in _SPACED_ID.findall(text)]
    return found


def stems(words: Iterable[str]) -> list[str]:
    """The stems of English words, as `tokens` would give them."""
    return _stemmer()([word.lower() for word in words])


def tokens(text: str, limit: int = MAX_CHARS) -> list[str]:
    """Terms of a text in reading order, repeated as often as they occur; ids follow at the end."""
    text = clean(text[:limit])
    words: list[str] = []
    for raw in _TOKEN.findall(text):
        if _HAN.match(raw):
            words.extend(word for word in _segmenter()(raw) if word not in STOP)
            continue
        word = raw.lower().replace("’", "'").removesuffix("'s")
        if word[:1].isdigit():
            word = word.replace(",", "")
        if word not in STOP and (len(word) > 1 or word.isdigit()):
            words.append(word)
    return _stemmer()(words) + ids(text)


def bigrams(words: list[str]) -> list[str]:
    """Neighbouring terms joined by a space."""
    return [f"{a} {b}" for a, b in pairwise(words)]


def grams(text: str, size: int = 4) -> list[str]:
    """Character n-grams of a title, words padded by one space: "fee" gives " fee", "fee "."""
    flat = " " + " ".join(re.findall(r"\w+", text.lower())) + " "
    return [flat[i : i + size] for i in range(max(1, len(flat) - size + 1))]
