"""Strangers' text made harmless inside Markdown: it reads the same, but starts no block, link, mention, tag or image."""

import re
import unicodedata
from collections.abc import Callable

_CJK = "\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_LABEL = rf"[^\W{_CJK}]"
_RUN = rf"[^\s`<>\"'“”‘’「」『』|\\()\[\]{_CJK}]"
_LIVE = re.compile(
    rf"""
    (?:[A-Za-z][A-Za-z0-9+.\-]{{0,20}}:)?//{_RUN}+    # https://x, ipfs://x, //x
  | (?:mailto|xmpp|tel|skype|sms|data|javascript|vbscript):{_RUN}+
  | (?:@{_LABEL}[\w.\-]*)+                           # mentions and the tail of an e-mail address
  | \#(?=[^\W\d_])[\w:\-]+                           # a forum's #category
  | (?<!{_LABEL})(?<!-)(?:{_LABEL}|-)+(?:\.(?:{_LABEL}|-)+){{0,8}}?\.(?!\d){_LABEL}{{2,}}(?:[.\-]+{_LABEL}+)*(?:[/:?\#]{_RUN}*)?   # example.org/path
    """,
    re.VERBOSE,
)
"""What forums turn into links by themselves: shown as code, where none of them does."""
_MARK = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|~(?!\d)|&(?=#?\w+;)")
_START = re.compile(r"[#>+=|:-]")
_START_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_CITATION = re.compile(r"\[\s*(E\d+(?:\s*[,，、;；]\s*E\d+)*)\s*\]")
_BLANK = re.compile(r"\[\[([^\[\]]+)\]\]")
_URL = re.compile(r"https?://[A-Za-z0-9.\-]+\.[A-Za-z0-9\-]+(?::\d+)?(?:[/?#][A-Za-z0-9\-._~:/?#@!$&()+,;=%*']*)?")


def clean(text: str) -> str:
    """One line of NFC: no control, zero-width or bidi character, no lone surrogate; each run of white space one space."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = unicodedata.normalize("NFC", "".join(_harmless(char) for char in text))
    return " ".join(text.split())


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cf" else char


def escape(text: str) -> str:
    """Text as one line of inline Markdown that shows the text and nothing else.

    Addresses and mentions become code spans, a mark such as [E3] that the author did not set becomes (E3).
    """
    return _inline(_CITATION.sub(r"(\1)", clean(text)), start=True)


def escape_blanks(text: str, blank: Callable[[str], str]) -> str:
    """As `escape`; each `[[what]]` becomes `blank(what)` in bold, set apart by spaces where the emphasis needs them."""
    text = clean(text)
    out, end = "", 0
    for match in _BLANK.finditer(text):
        out += _inline(_CITATION.sub(r"(\1)", text[end : match.start()]), start=not out)
        label = f"**{blank(_inline(match[1].strip(' []') or '…', start=True))}**"
        out += (" " if out and (_letter(out[-1]) or out[-1] == "*") else "") + label
        end = match.end()
        if end < len(text) and _letter(text[end]):
            out += " "
    return out + _inline(_CITATION.sub(r"(\1)", text[end:]), start=not out)


def _letter(char: str) -> bool:
    """Whether emphasis beside this character would not be seen as such (CommonMark 6.2, flanking)."""
    return not char.isspace() and not unicodedata.category(char).startswith("P")


def _inline(text: str, *, start: bool) -> str:
    out, end = "", 0
    for match in _LIVE.finditer(text):
        out += _marks(text[end : match.start()])
        out += f"{' ' if out.endswith('`') else ''}`{match[0]}`"
        end = match.end()
    out += _marks(text[end:])
    if start and _START.match(out):
        return "\\" + out
    return _START_NUMBER.sub(r"\1\\\2", out, count=1) if start and _START_NUMBER.match(out) else out


def _marks(text: str) -> str:
    return _MARK.sub(lambda match: "\\" + match[0], text)


def heading(text: str) -> str:
    """As `escape`, for the text of a heading: a closing run of # stays part of it."""
    return re.sub(r"(#+)$", lambda match: "\\#" * len(match[1]), escape(text))


def code(text: str) -> str:
    """Text as a code span."""
    return f"`{clean(text).replace('`', chr(0x2019)) or ' '}`"


def link(url: str) -> str:
    """An address as a link if it is plain http(s) without user name and strange characters; otherwise as code."""
    found = clean(url)
    return f"<{found}>" if found == url and len(url) <= 500 and _URL.fullmatch(url) else code(shorten(found, 500))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut before a word where there is one, with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    cut = head.rfind(" ", len(head) * 2 // 3)
    return (head[:cut] if cut > 0 else head).rstrip() + "…"
