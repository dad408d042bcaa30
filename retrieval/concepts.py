"""What a text is about, in both languages: each concept a set of stemmed words or character pairs, any of which names it."""

import re

from agent.passages import keywords
from retrieval.glossary import entries, matches

EMPTY = frozenset({"提案", "建议", "关于", "进行", "方案", "再次", "继续"})
"""Words that any request may hold."""
_RUN = re.compile(r"[\u4e00-\u9fff]{2,}")


def concepts(text: str) -> tuple[frozenset[str], ...]:
    """A concept a content word; a Chinese term of the glossary is one with its English words, and the other way round."""
    terms = [term for term in matches(text) if term not in EMPTY]
    groups = [group for term in terms for group in _of_term(term)]
    rest = text
    for term in terms:
        rest = rest.replace(term, " ")
    groups += [pairs(word) for run in _RUN.findall(rest) for word in _words(run)]
    latin = [word for word in keywords(text) if not "\u4e00" <= word[0] <= "\u9fff"]
    groups += [frozenset((word,)) | _chinese(word) for word in sorted(latin)]
    return tuple(dict.fromkeys(group for group in groups if group))


def _words(run: str) -> list[str]:
    """The words of a Chinese run that no glossary term covers; one character alone says too little."""
    import jieba

    jieba.setLogLevel(60)
    return [word for word in jieba.cut(run) if len(word) > 1 and word not in EMPTY]


def pairs(run: str) -> frozenset[str]:
    """The character pairs of a Chinese term: how `agent.passages.keywords` sees it."""
    return frozenset(run[i : i + 2] for i in range(len(run) - 1))


def _of_term(term: str) -> list[frozenset[str]]:
    """A concept for each content word of the term's first English wording; each is also named by the Chinese term itself."""
    wording = next(iter(entries().get(term, ())), "")
    words = sorted(keywords(wording))
    return [pairs(term) | {word} for word in words] or [pairs(term)]


def _chinese(stem: str) -> frozenset[str]:
    """Character pairs of the two-character Chinese terms whose first English wording is this one word."""
    return frozenset(term for term, words in entries().items() if len(term) == 2 and words and keywords(words[0]) == {stem})
