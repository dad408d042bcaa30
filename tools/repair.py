"""What is done to a model's sentence before anyone sees it: pure functions that only take away, demote or mark."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

import prompts
from agent.escape import clean
from agent.schemas import Evidence, Lang, Sentence, SentenceKind
from agent.text import utf16_len

SOURCE_WANTED: dict[Lang, str] = {"en": "[[source for this statement]]", "zh": "[[此句的出处]]"}
ADDRESS_WANTED: dict[Lang, str] = {"en": "[[address]]", "zh": "[[地址]]"}

What = Literal["id", "quote", "link", "address", "characters", "markup", "length"]

_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,300}>")
_LEADING = re.compile(r"^(?:\s|#{1,6}\s|>\s?|[-*+•]\s|\d{1,3}[.)]\s|`{3,}\w*|~{3,}\w*)+")
_FENCE = re.compile(r"`{3,}|~{3,}")
_PROPOSER = re.compile(r"#proposer\s*=\s*(?:0x)?[0-9a-fA-F]*", re.IGNORECASE)
_MARK = re.compile(r"\s?[\[【(（]\s*(E\d{1,6}(?:\s*[,，、;；]\s*E\d{1,6})*)\s*[\]】)）](?!\()")
_ID = re.compile(r"E\d{1,6}")
_MD_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\(\s*<?([^()\s<>]{0,2000})>?(?:\s[^()]{0,300})?\)")
_REF_LINK = re.compile(r"(?<!\[)\[([^\[\]]{1,500})\]\[[^\[\]]{0,100}\]|^\s*\[[^\[\]]{1,100}\]:\s*\S+")
_TLD = "com|org|net|io|xyz|app|dev|fi|finance|link|site|online|info|biz|co|me|gg|money|network|exchange|click|top|club|ru|cn|example|test"
_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:)?//[^\s<>\"'“”‘’）)\]，。；、]+"
    r"|(?<![a-z0-9])(?:javascript|vbscript|data|mailto|tel|ipfs|tg|skype):[^\s<>，。；、]+"
    rf"|(?<![a-z0-9-])(?:[a-z0-9-]{{1,63}}\.){{1,8}}(?:{_TLD})(?![a-z0-9-])(?::\d+)?(?:[/?#][^\s<>\"'“”‘’）)\]，。；、]*)?",
    re.IGNORECASE,
)
_GAP = re.compile(r"\s+(?=[,.;:!?，。；：！？)）])|\(\s*\)|（\s*）")
_HEX = re.compile(r"0x[0-9a-f]{40,}", re.IGNORECASE)
_QUOTED = re.compile(r"“([^“”]{1,800})”|\"([^\"]{1,800})\"|「([^「」]{1,800})」|『([^『』]{1,800})』")
LONG_QUOTE = 25
"""Characters (12 ideographs count as much) from which words between quotation marks claim to be somebody's."""


class Said(BaseModel):
    """One sentence as the model gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = Field(min_length=1, max_length=4000)
    kind: SentenceKind
    cites: tuple[str, ...] = Field(default=(), max_length=20)
    quotes: tuple[str, ...] = Field(default=(), max_length=10)


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was taken away or marked, for the log and for tests."""

    where: str
    what: What
    detail: str


class Mender:
    """Mends the sentences of one section; `repairs` says what was done."""

    def __init__(self, evidence: Sequence[Evidence], lang: Lang, known: str = "") -> None:
        """`known` is the author's own text (topic, caption): links and addresses in it are the author's."""
        self.evidence: Mapping[str, Evidence] = {row.id: row for row in evidence}
        self.lang, self.known = lang, known
        self.repairs: list[Repair] = []

    def sentence(self, said: Said, where: str) -> Sentence | None:
        """The sentence with only ids, quotes, links and addresses that the evidence holds; None if nothing is left."""
        text = self.tidy(said.text, where)
        text, inline = _take_marks(text)
        cites, invented = self._cites([*said.cites, *inline], where)
        cited = [self.evidence[one] for one in cites]
        text = self.addresses(self.links(text, cited, where), cited, where)
        text, quotes, misquoted = self._quotes(text, said.quotes, cited, where)
        if not text.strip(" .。!！?？,，;；:：[]()（）*_`#|-"):
            return None
        kind = said.kind
        if kind == "fact" and cites and (invented or misquoted):
            kind = "inference"
        if invented and not cites and kind in {"fact", "inference"}:
            text = _before_stop(text, SOURCE_WANTED[self.lang])
        return Sentence(text=text, kind=kind, cites=tuple(cites), quotes=quotes)

    def tidy(self, text: str, where: str) -> str:
        """One plain line: no invisible or control characters, tags, headings, list markers, fences, submitter suffix."""
        text = prompts.unquote(text).strip()
        visible = clean(text)
        if len(visible) != len(" ".join(text.split())):
            self._note(where, "characters", "invisible or control characters")
        plain = clean(_PROPOSER.sub("", _LEADING.sub("", _FENCE.sub("", _TAG.sub("", visible)))))
        if plain != visible:
            self._note(where, "markup", "headings, tags or a submitter suffix")
        return plain

    def links(self, text: str, cited: Sequence[Evidence], where: str) -> str:
        """Words only where a Markdown link stood, and no bare link but the cited sources' own and the author's.

        A host without a path may also be named where a cited quote names it; a link inside a stranger's quote is no source.
        """
        sources = " ".join([self.known, *(url for row in cited for url in (row.url, row.locator.url) if url)])
        quoted = " ".join(row.quote for row in cited)

        def words(found: re.Match[str]) -> str:
            if not _is_link_of(found[2], sources, ""):
                self._note(where, "link", found[2])
            return found[1]

        def bare(found: re.Match[str]) -> str:
            url = found[0].rstrip(".,;:!?*_")
            if _is_link_of(url, sources, quoted):
                return found[0]
            self._note(where, "link", url)
            return found[0][len(url) :]

        for _ in range(8):  # what is left when a link goes may close up to another one
            before, text = text, clean(_URL.sub(bare, _MD_LINK.sub(words, _REF_LINK.sub(lambda found: found[1] or "", text))))
            if text == before:
                return text
            text = clean(_GAP.sub("", text))
        return _URL.sub("", text)

    def addresses(self, text: str, cited: Sequence[Evidence], where: str) -> str:
        """An address or hash that no cited evidence holds becomes a blank for the author."""
        held = " ".join([self.known, *(row.quote + " " + " ".join(str(fact.value) for fact in row.facts) for row in cited)]).lower()

        def check(found: re.Match[str]) -> str:
            if re.search(rf"(?<![0-9a-f]){found[0].lower()}(?![0-9a-f])", held):
                return found[0]
            self._note(where, "address", found[0])
            return ADDRESS_WANTED[self.lang]

        return _HEX.sub(check, text)

    def _cites(self, named: Sequence[str], where: str) -> tuple[list[str], bool]:
        ids = list(dict.fromkeys(match[0].upper() if (match := _ID.search(one.upper())) else one[:40] for one in named))
        invented = [one for one in ids if one not in self.evidence]
        for one in invented:
            self._note(where, "id", one)
        return [one for one in ids if one in self.evidence], bool(invented)

    def _quotes(self, text: str, named: Sequence[str], cited: Sequence[Evidence], where: str) -> tuple[str, tuple[str, ...], bool]:
        """The text, the quotes that stand, and whether one did not: then its marks go, so that it claims nothing."""
        kept: list[str] = []
        bad: list[str] = []
        for quote in (prompts.unquote(one).strip(' "“”「」『』') for one in named):
            if quote and quote in text and any(quote in row.quote for row in cited):
                kept.append(quote)
            elif quote:
                bad.append(quote)

        def check(found: re.Match[str]) -> str:
            inner = next(group for group in found.groups() if group is not None)
            if any(inner in row.quote for row in cited):
                if _claims(inner) and not any(inner in quote for quote in kept):
                    kept.append(inner)
                return found[0]
            if _claims(inner) or inner in bad:
                bad.append(inner)
                return inner
            return found[0]

        text = _QUOTED.sub(check, text)
        for quote in dict.fromkeys(bad):
            self._note(where, "quote", quote[:80])
        return text, tuple(dict.fromkeys(quote for quote in kept if quote in text)), bool(bad)

    def _note(self, where: str, what: What, detail: str) -> None:
        self.repairs.append(Repair(where, what, detail[:200]))


def _claims(quoted: str) -> bool:
    return sum(2 if char > "\u2e7f" else 1 for char in quoted) >= LONG_QUOTE


def _is_link_of(url: str, sources: str, quoted: str) -> bool:
    """Whether the link stands whole in `sources` (part of a longer one is another link); a bare host, in either text."""
    if "/" in url or ":" in url:
        return re.search(rf"(?<![\w.@/-]){re.escape(url.rstrip('/'))}/?(?![\w@/?#=&%-]|\.\w)", sources) is not None
    return re.search(rf"(?<![\w.@-]){re.escape(url)}(?![\w@-]|\.\w)", f"{sources} {quoted}", re.IGNORECASE) is not None


def _take_marks(text: str) -> tuple[str, list[str]]:
    """Take "[E1, E2]" out of the text: ids belong in `cites`."""
    found = [one for mark in _MARK.finditer(text) for one in _ID.findall(mark[1])]
    return _MARK.sub("", text).strip(), found


def _before_stop(text: str, mark: str) -> str:
    body = text.rstrip(".。!！?？ ")
    return f"{body} {mark}{text[len(body) :].strip()}"


def bounded(sentences: Sequence[Sentence], most: int) -> list[Sentence]:
    """The first sentences that fit into `most` UTF-16 units, joined by spaces; a first one that is too long is cut at a word."""
    out: list[Sentence] = []
    left = most
    for sentence in sentences:
        size = utf16_len(sentence.text) + bool(out)
        if size > left:
            break
        out.append(sentence)
        left -= size
    if out or not sentences:
        return out
    first = sentences[0]
    text = cut(first.text, most)
    return [first.model_copy(update={"text": text, "quotes": tuple(quote for quote in first.quotes if quote in text)})]


def cut(text: str, most: int) -> str:
    """The text within `most` UTF-16 units, ending in "…" if something was cut, at a word where there is one."""
    if utf16_len(text) <= most:
        return text
    head = text.encode("utf-16-le")[: 2 * max(0, most - 1)].decode("utf-16-le", "ignore")
    word = head.rfind(" ")
    return (head[:word] if word > len(head) // 2 else head).rstrip() + "…"
