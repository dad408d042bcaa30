"""What the words of a proposal tell: its status, its language, which link is its own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from pydantic import JsonValue

from agent.schemas import Link, Status

STATUS: tuple[tuple[Status, str], ...] = (
    ("failed", r"not passed|rejected|failed|defeated|vetoed|declined|quorum not (?:met|reached)|未通过|未通過|否决|否決|失败|失敗"),
    ("withdrawn", r"withdrawn|cancell?ed|abandoned|stagnant|撤回|取消"),
    (
        "draft",
        r"draft|wip|work in progress|candidate|vote pending|pending|proposal|review|last call|active|recommended|discussion|草案|草稿|进行中",
    ),
    (
        "passed",
        r"passed|implement(?:ed|ing)|executed|enacted|accepted|approved|ratified|final|deployed|living|voted in|activation|queued"
        r"|deprecated|superseded|已通过|已通過|通过|通過|已执行|已執行",
    ),
)
"""Words that stand at the start of a status. What was in force once (deprecated, superseded) had passed; "closed",
"obsolete" and "proposed" say nothing about the outcome."""

_STATUS = tuple((status, re.compile(rf"\s*(?:{words})(?![a-z])", re.IGNORECASE)) for status, words in STATUS)
_NOISE = re.compile(r"https?://\S+|`[^`]*`|0x[0-9a-fA-F]+|<[^>]*>")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][A-Za-z0-9]+)*\Z")
LANGUAGE_SAMPLE = 6000  # characters that are looked at

KINDS = (
    ("snapshot", re.compile(r"(^|\.)snapshot\.(org|box|page)$")),
    ("tally", re.compile(r"(^|\.)tally\.xyz$")),
    ("github", re.compile(r"(^|\.)github(usercontent)?\.com$")),
    ("explorer", re.compile(r"(^|\.)\w*(ether|arbi|polygon|bsc|snow|base|celo)scan\.\w+$|blockscout")),
    ("vote", re.compile(r"^vote\.|(^|\.)agora\.|anticapture")),
    ("forum", re.compile(r"^(gov|governance|forum|forums|discuss|research|commonwealth)\.|discourse|commonwealth\.im$")),
)
_URL = re.compile(r"https?://[^\s<>\"'`\]\[{}|\\^]+")
OWN_KINDS = ("snapshot", "tally", "vote", "discourse", "forum", "github")
OWN_KEYS = ("snapshot_id", "snapshot", "tally", "discourse", "discourse_topic_id")
LINK_KEYS = ("snapshot_link", "discussion_link", "discussions", "discussions-to", "discourse_link")


def status_of(word: str | None) -> Status:
    """Our status for somebody's word. "unknown" where the word tells no outcome."""
    for status, words in _STATUS:
        if word and words.match(word):
            return status
    return "unknown"


def language(declared: str | None, title: str, body: str) -> str:
    """Language tag: the declared one, else by script. Latin script counts as English: what matters here is zh against en."""
    tag = _TAG.match(declared.strip().lower()) if declared else None
    if tag:
        return tag[1]
    sample = _NOISE.sub(" ", f"{title}\n{body[:LANGUAGE_SAMPLE]}")
    if sample.isascii():
        return "en"
    han, kana, hangul = (len(script.findall(sample)) for script in (_HAN, _KANA, _HANGUL))
    if not han + kana + hangul:
        return "en"
    letters = len(_LETTER.findall(sample)) or 1
    if kana > 0.05 * letters:
        return "ja"
    if hangul > 0.2 * letters:
        return "ko"
    return "zh" if han >= 0.2 * letters else "en"


def links_in(text: str, limit: int = 200) -> Iterator[Link]:
    """Web addresses in a text, in order, each once, with the kind that its host tells."""
    seen: set[str] = set()
    for found in _URL.findall(text):
        url = _balanced(found)
        if url not in seen and len(seen) < limit:
            seen.add(url)
            yield Link(url=url, kind=kind_of(url))


def _balanced(url: str) -> str:
    """Without the punctuation and the closing bracket that belong to the sentence."""
    while url and (url[-1] in ".,;:!?*_" or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def kind_of(url: str) -> str:
    """snapshot, tally, github, explorer, vote, forum or other, by host."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return "other"
    return next((kind for kind, pattern in KINDS if pattern.search(host)), "other")


def own_url(key: str, links: Sequence[Link], extra: Mapping[str, JsonValue]) -> str | None:
    """The address of the proposal itself: a link that holds its id or its snapshot, tally or thread id; else a link given as its own."""
    names = [name.lower() for name in (key, *_identifiers(extra)) if len(name) >= 4]
    own = [link for link in links if any(_holds(link.url.lower(), name) for name in names)]
    for kind in OWN_KINDS:
        for link in own:
            if link.kind == kind:
                return link.url
    if own:
        return own[0].url
    for name in LINK_KEYS:
        value = extra.get(name)
        if isinstance(value, str) and value.startswith(("https://", "http://")):
            return value.split()[0]
    return None


def _holds(url: str, name: str) -> bool:
    """Does the name stand in the address as a whole word?"""
    start = url.find(name)
    while start >= 0:
        if not url[start - 1 : start].isalnum() and not url[start + len(name) : start + len(name) + 1].isalnum():
            return True
        start = url.find(name, start + 1)
    return False


def _identifiers(extra: Mapping[str, JsonValue]) -> Iterator[str]:
    nested = extra.get("proposal")
    for source in (extra, nested if isinstance(nested, dict) else {}):
        for name in OWN_KEYS:
            value = source.get(name)
            if isinstance(value, str | int):
                yield str(value)
