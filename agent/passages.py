"""Pick the passages of a past proposal that are worth quoting, each with its role and its exact offsets."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import Stemmer

from agent.schemas import Proposal
from agent.text import Span, sentences

ROLES = ("ask", "argument", "specification", "budget", "timeline", "risk")

_HEADINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (role, re.compile(rf"(?<![a-z])(?:{pattern})", re.IGNORECASE))
    for role, pattern in (
        (
            "skip",
            r"outcome|results?$|copyright|licen[cs]e|references?$|resources|useful links|links?$|disclaimer|test cases|author|team|vote|voting|next steps|版权|参考|作者",
        ),
        ("risk", r"risk|drawback|downside|concern|security|considerations?|caveat|counter|against|cons$|trade-?off|风险|缺点|顾虑|反对"),
        ("budget", r"budget|cost|funding|compensation|payment|grant size|amount|financ|price|fees?$|预算|费用|成本|资金|金额"),
        ("timeline", r"timeline|roadmap|milestone|schedule|duration|deadline|时间|路线图|里程碑|期限"),
        (
            "argument",
            r"motivation|rationale|background|problem|why|context|benefit|reason|justification|purpose|impact|introduction|动机|背景|理由|原因|问题|目的",
        ),
        ("ask", r"abstract|summary|tl;?dr|overview|description|proposal$|what|objective|goal|摘要|概述|简介|提案|目标"),
        (
            "specification",
            r"specification|implementation|detail|how|mechanic|process|deliverable|plan|steps|parameters?|规范|实施|细则|方案|步骤|流程",
        ),
    )
)
_HEADING_LINE = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+(?P<atx>[^\n]+)|(?:\*\*|__)(?P<bold>[^\n*_]{2,60})(?:\*\*|__):?[ \t]*)$", re.MULTILINE
)
AMOUNT = re.compile(
    r"(?:[$€£]\s?\d[\d,.]*\s?(?:k|m|mm|bn|million|billion)?|\b\d[\d,.]*\s?(?:k|m|mm|bn|million|billion|万|亿)?\s?(?:USD[CT]?|US\$|DAI|sUSD|ETH|WETH|BTC|MANA|SNX|MKR|ENS|UNI|ARB|OP|AAVE|COMP|HBR|tokens?|dollars?|美元|枚))\b",
)
_DURATION = re.compile(
    r"\b(?:\d+|one|two|three|four|six|twelve)[ -](?:day|week|month|quarter|year)s?\b|\bQ[1-4]\b|\d+\s?(?:天|周|个月|季度|年)", re.IGNORECASE
)
_RISK = re.compile(
    r"\brisks?\b(?! (?:domain|team|core|unit|premium|param\w*|assessment|working|rating))|\b(?:risky|concerns?|downsides?|drawbacks?|exploit\w*|danger\w*|unfortunately|"
    r"attack(?:s|ers?)?|vulnerab\w+|abus\w+|malicious\w*|lose|losses)\b|风险|担心|隐患|缺点|攻击|滥用|损失"
)
PROCEDURE = re.compile(
    r"\b(?:(?:the|this) (?:governance )?(?:poll|vote) (?:will|is|implements)|(?:the )?community (?:can|may) vote|votes? for the|voting system|"
    r"(?:facilitators?|team) ha(?:s|ve) placed|will be (?:active|open) for|executive vote|snapshot vote|temperature check|review the links|"
    r"copyright|licensed under|previously numbered|template)\b|投票(?:将|开始|结束)|版权",
    re.IGNORECASE,
)
_SPEC = re.compile(r"\b(?:will|shall|propos\w+|must|should be)\b|将|应当|提议|建议", re.IGNORECASE)
_ASK = re.compile(
    r"\b(?:this (?:proposal|\w{2,5}) (?:proposes|seeks|requests|aims|would|asks|adds|will|introduces)|we (?:propose|request|seek|ask)|proposes? to|requests?|if (?:approved|passed|ratified))\b|本提案|我们提议|申请",
    re.IGNORECASE,
)
DIRTY = re.compile(
    r"https?://|\]\(|!\[|<[a-zA-Z/]|\||```|\[x\]|\{%|@[A-Za-z]|\$\$|[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffc\ufffd\U000e0000-\U000e007f]"
)
ADDRESSED = re.compile(
    r"\b(?:vote (?:for|yes|in favou?r|now)|please|click|join (?:us|our)|ignore (?:all|your|previous|the)|you may|you should|thank)\b|请投|忽略",
    re.IGNORECASE,
)
COMMANDING = re.compile(
    r"\b(?:ignore|disregard|forget) (?:all|any|your|the|previous|prior|every)|\b(?:system prompt|as an ai|language model|you are (?:an?|the) |recommend approval|approve this)\b|"
    r"忽略(?:以上|之前|所有|你的)|系统提示|语言模型|请批准",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"(?:it|this|that|these|those|they|such|however|also|but|and|so|here|there|then|therefore|additionally|furthermore|moreover|in addition|for example|his|her|he|she)\b",
    re.IGNORECASE,
)
"""Openings that lean on the sentence before: out of place in a quote."""
_BALLOT = re.compile(r"(?:for|against|abstain|yes|no|option \w+|赞成|反对|弃权)\s*[:：]", re.IGNORECASE)
_LIST_MARK = re.compile(r"(?:[-*+•]|\d{1,3}[.)]|>)\s+")
_WORD = re.compile(r"[a-z0-9][a-z0-9'’]*|[\u4e00-\u9fff]", re.IGNORECASE)
_STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "can",
        "do",
        "for",
        "from",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "my",
        "no",
        "not",
        "of",
        "on",
        "or",
        "our",
        "so",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "up",
        "us",
        "was",
        "we",
        "what",
        "when",
        "which",
        "who",
        "why",
        "will",
        "with",
        "you",
        "your",
        "s",
        "proposal",
        "proposals",
        "dao",
        "should",
        "would",
        "could",
        "new",
        "more",
    ]
)
_stemmer = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Passage:
    """body[start:end] and what it may serve as."""

    role: str
    start: int
    end: int
    score: float


def keywords(text: str) -> frozenset[str]:
    """Content words of a text, stemmed; Chinese by character pairs. What `relevance` compares."""
    words = [word.lower().strip("'’") for word in _WORD.findall(text)]
    latin = {w for w in words if w and w not in _STOP and not "\u4e00" <= w[0] <= "\u9fff"}
    han = re.findall(r"[\u4e00-\u9fff]{2,}", text)
    pairs = {run[i : i + 2] for run in han for i in range(len(run) - 1)}
    return frozenset(_stemmer.stemWords(sorted(latin))) | pairs


Concepts = Sequence[Collection[str]]
"""What a text is about: each concept is a set of words any of which names it (a word and its translation)."""


def concepts(text: str) -> tuple[frozenset[str], ...]:
    """One concept a content word; a memory that knows a glossary adds translations."""
    return tuple(frozenset((word,)) for word in sorted(keywords(text)))


def relevance(about: Concepts, text: str) -> float:
    """Share of the concepts that the text names, in [0, 1]."""
    if not about:
        return 0.0
    words = keywords(text)
    return sum(not words.isdisjoint(group) for group in about) / len(about)


def heading_roles(body: str) -> list[tuple[int, int, str]]:
    """(start of the heading, end of the heading, role of what follows) in order; "" where no heading told a role.

    A heading that tells nothing keeps the role of the one above it only where it stands deeper.
    """
    found: list[tuple[int, int, str]] = []
    role, level = "", 0
    for match in _HEADING_LINE.finditer(body):
        title = (match["atx"] or match["bold"] or "").strip(" #*_:0123456789.")
        depth = len(match[0].lstrip()) - len(match[0].lstrip().lstrip("#")) or 7
        named = next((name for name, pattern in _HEADINGS if pattern.search(title)), "")
        if named or depth <= level:
            role, level = named, depth
        found.append((match.start(), match.end(), role))
    return found


def passages(proposal: Proposal, about: Concepts, *, common: Collection[str] = (), limit: int = 120) -> list[Passage]:
    """Sentences worth quoting, best first; `common` holds folded sentences that are boilerplate of the DAO.

    Only the first `limit` clean sentences are looked at: a quote from the far end of an appendix helps nobody.
    """
    body, marks = proposal.body, heading_roles(proposal.body)
    fences = [(m.start(), m.end()) for m in re.finditer(r"^```.*?^```", body, re.MULTILINE | re.DOTALL)]
    shunned = _addressing(body)
    found: list[Passage] = []
    ranks: dict[str, int] = {}
    seen = 0
    for place, (start, end) in enumerate(_clean(body, sentences(body[:40_000]), marks, fences)):
        text = body[start:end]
        if seen >= limit:
            break
        if fold(text) in common or PROCEDURE.search(text) or _BALLOT.match(text) or any(a <= start < b for a, b in shunned):
            continue
        seen += 1
        role = _role_at(marks, start)
        ranks[role] = ranks.get(role, -1) + 1
        found += _classify(text, start, end, role, relevance(about, text), place, ranks[role])
    return sorted(found, key=lambda p: (-p.score, p.start))


def _addressing(body: str) -> list[tuple[int, int]]:
    """Paragraphs in which a sentence addresses the reader or the software: nothing of them is quoted."""
    blocks = ((m.start(), m.end()) for m in re.finditer(r"(?:[^\n]|\n(?!\s*\n))+", body[:40_000]))
    return [(a, b) for a, b in blocks if COMMANDING.search(body, a, b)] + [
        (s.start, s.end) for s in sentences(body[:40_000]) if ADDRESSED.search(body, s.start, s.end)
    ]


def fold(text: str) -> str:
    """A sentence as it is compared with others: small letters, white space folded."""
    return " ".join(text.lower().split())


def boilerplate(bodies: Iterable[str]) -> frozenset[str]:
    """Folded sentences that stand in more than one of the bodies."""
    counts: dict[str, int] = {}
    for body in bodies:
        for span in {fold(body[s.start : s.end]) for s in sentences(body[:40_000])}:
            counts[span] = counts.get(span, 0) + 1
    return frozenset(text for text, count in counts.items() if count > 1 and len(text) > 30)


def pick(found: Sequence[Passage], role: str, count: int, taken: Collection[tuple[int, int]] = ()) -> list[Passage]:
    """The best `count` passages of a role that do not stand where another already taken one stands."""
    chosen: list[Passage] = []
    for passage in found:
        if passage.role != role or any(a < passage.end and passage.start < b for a, b in taken):
            continue
        if not any(p.start < passage.end and passage.start < p.end for p in chosen):
            chosen.append(passage)
        if len(chosen) == count:
            break
    return chosen


def _clean(
    body: str, spans: Sequence[Span], marks: Sequence[tuple[int, int, str]], fences: Sequence[tuple[int, int]]
) -> Iterable[tuple[int, int]]:
    for span in spans:
        start, end = _trim(body, span.start, span.end)
        text = body[start:end]
        cjk = sum("\u4e00" <= c <= "\u9fff" for c in text)
        if not ((18 <= cjk <= 160 and len(text) <= 200) or 45 <= len(text) <= 420):
            continue
        if DIRTY.search(text) or "\n\n" in text or text.count("\n") > 4 or text.count("*") + text.count("_") > 4 or text.count('"') % 2:
            continue
        if (
            any(a < end and start < b for a, b, _ in marks)
            or any(a <= start < b for a, b in fences)
            or re.search(r"\n\s*(?:[-*+•]|\d+[.)])\s", text)
        ):
            continue
        if not (text[0].isalnum() or text[0] in "“\"'$*`《「") or sum(c.isalpha() for c in text) < 0.6 * len(text.replace(" ", "")):
            continue
        if cjk < 18 and text.rstrip("*_")[-1] not in '.!”")' and not text[-1].isalnum():
            continue
        yield start, end


def _trim(body: str, start: int, end: int) -> tuple[int, int]:
    while start < end and body[start].isspace():
        start += 1
    while (mark := _LIST_MARK.match(body, start, end)) is not None:
        start = mark.end()
    for wrap in ("**", "__", "*", "_"):
        if (
            body.startswith(wrap, start)
            and body.endswith(wrap, start, end)
            and end - start > 2 * len(wrap)
            and wrap not in body[start + len(wrap) : end - len(wrap)]
        ):
            start, end = start + len(wrap), end - len(wrap)
            break
    while end > start and body[end - 1].isspace():
        end -= 1
    return start, end


def _role_at(marks: Sequence[tuple[int, int, str]], offset: int) -> str:
    role = ""
    for start, _, name in marks:
        if start > offset:
            break
        role = name
    return role


def _classify(text: str, start: int, end: int, section: str, overlap: float, place: int, rank: int) -> list[Passage]:
    if section == "skip":
        return []
    early = max(0.0, 0.5 - place / 60)
    neat = (
        -0.4 * ("\n" in text)
        - 0.2 * ("`" in text or "*" in text)
        - 0.3 * (len(text) > 300)
        - 0.3 * text.endswith(":")
        - 0.2 * text.endswith("?")
    )
    base = 1.2 * overlap + neat
    asking = bool(_ASK.search(text))
    near, risky = overlap >= 0.3, bool(_RISK.search(text))
    amount, duration = bool(AMOUNT.search(text)), bool(_DURATION.search(text))
    scores = {
        "ask": base / 2 + (1.6, 1.0, 0.6, 0.3, 0.0)[min(rank, 4)] * (section == "ask") + early + 0.9 * asking + 0.2 * amount
        if (section == "ask" and rank < 4) or (asking and place < 15)
        else -9.0,
        "argument": base
        + 1.2 * (section == "argument")
        + 0.3 * (section == "ask")
        + early / 2
        - 0.8 * (section in ("budget", "timeline", "specification")),
        "specification": base + 1.0 * (section == "specification") + 0.4 * bool(_SPEC.search(text)) - 0.7 * (section == "argument"),
        "budget": base + 1.0 * amount + 0.8 * (section == "budget")
        if amount and (section == "budget" or near or _ASK.search(text))
        else -9.0,
        "timeline": base + 0.8 * duration + 0.8 * (section == "timeline") if duration and (section == "timeline" or near) else -9.0,
        "risk": base + 1.0 * (section == "risk") + 0.8 * risky if section == "risk" or (risky and near) else -9.0,
    }
    return [Passage(role, start, end, round(score, 4)) for role, score in scores.items() if score > 0.35]
