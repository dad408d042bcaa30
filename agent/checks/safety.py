"""Form that cannot hurt: lengths, choices, links, hidden characters, mentions, blanks."""

import re
import unicodedata
from collections.abc import Iterator

from agent.checks.places import concluded, finding, places
from agent.schemas import CheckResult, Draft, Level
from agent.text import utf16_len

TITLE_MAX = CHOICE_MAX = 256
"""Snapshot: `name` and each choice, in UTF-16 units."""
BODY_ADVISED, BODY_MAX = 10_000, 40_000
"""Snapshot: body of a default and of a turbo space, in UTF-16 units."""
CHOICES_MAX = 20
URL = re.compile(r"(?:https?|ftp|ipfs|data|javascript|file):/{0,2}[^\s<>\"'“”（）。，；]+", re.IGNORECASE)
BARE = re.compile(
    r"(?<![\w@./-])(?:www\.[\w-]+\.\w+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|xyz|finance|app|link|site|info|dev|gg|me|co|ru|cn|top|online|claims?|click))(?:/\S*|(?![\w.-]))",
    re.IGNORECASE,
)
PROPOSER = re.compile(r"#proposer=0x[0-9a-fA-F]{40}")
MENTION = re.compile(r"@(?:everyone|here|all|所有人|全体成员)\b|<[@#][!&]?\d+>", re.IGNORECASE)
BLANK = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e\u034f\u17b4\u17b5")
"""Letters and signs that show nothing."""


def check(draft: Draft) -> list[CheckResult]:
    """All rules of this module. Pure."""
    rules = (_lengths, _choices, _links, _hidden, _proposer, _mentions, _blanks)
    return [result for rule in rules for result in rule(draft)]


def texts(draft: Draft) -> Iterator[tuple[str, str]]:
    """Everything of ours that is shown: (where, text)."""
    yield "title", draft.title
    yield "topic", draft.topic
    for section in draft.sections:
        yield f"{section.key}.heading", section.heading
    for place in places(draft):
        yield place.where, place.sentence.text
    for index, choice in enumerate(draft.choices):
        yield f"choices[{index}]", choice
    for blank in draft.blanks:
        yield f"blanks[{blank.id}]", blank.what


def _lengths(draft: Draft) -> list[CheckResult]:
    found = []
    if not draft.title.strip():
        found.append(finding("format.length", "error", "title", "the title is empty"))
    if (size := utf16_len(draft.title)) > TITLE_MAX:
        found.append(finding("format.length", "error", "title", f"the title has {size} UTF-16 units, at most {TITLE_MAX} are allowed"))
    found += [
        finding("format.length", "error", place.where, "the sentence is empty")
        for place in places(draft)
        if not place.sentence.text.strip()
    ]
    size = sum(
        utf16_len(text) + 2
        for where, text in texts(draft)
        if where not in ("title", "topic") and not where.startswith(("choices", "blanks"))
    )
    if size > BODY_ADVISED:
        level: Level = "warning" if size > BODY_MAX else "advice"
        found.append(
            finding(
                "format.length",
                level,
                "draft",
                f"the text has {size} UTF-16 units; Snapshot allows {BODY_ADVISED}, in turbo spaces {BODY_MAX}",
            )
        )
    return concluded("format.length", found, f"title {utf16_len(draft.title)}, text {size} UTF-16 units")


def _choices(draft: Draft) -> list[CheckResult]:
    found = []
    if draft.answered and len(draft.choices) == 1:
        found.append(finding("format.choices", "error", "choices", "a vote needs two choices or more"))
    if len(draft.choices) > CHOICES_MAX:
        found.append(finding("format.choices", "warning", "choices", f"{len(draft.choices)} choices; Snapshot allows {CHOICES_MAX}"))
    seen: set[str] = set()
    for index, choice in enumerate(draft.choices):
        folded = " ".join(choice.split()).casefold()
        if not folded or folded in seen or utf16_len(choice) > CHOICE_MAX:
            problem = "is empty" if not folded else "stands twice" if folded in seen else f"is longer than {CHOICE_MAX} UTF-16 units"
            found.append(finding("format.choices", "error", f"choices[{index}]", f"the choice '{choice[:60]}' {problem}"))
        seen.add(folded)
    return concluded("format.choices", found, f"{len(draft.choices)} choices, all different")


def _links(draft: Draft) -> list[CheckResult]:
    """Only addresses of the ledger are linked; nothing else is a link scanner's business."""
    known = {url for row in draft.evidence for url in (row.url, row.locator.url) if url}
    found = []
    total = 0
    for where, text in texts(draft):
        for match in URL.finditer(text):
            total += 1
            url = match[0].rstrip(".,;:!?)]*_")
            if url not in known and url + ")" not in known:
                found.append(finding("safety.link", "error", where, f"'{url[:120]}' is not the address of a source"))
        rest = URL.sub(" ", text)
        found += [finding("safety.link", "warning", where, f"'{match[0][:80]}' reads like an address") for match in BARE.finditer(rest)]
    return concluded("safety.link", found, f"{total} links, all to sources")


def hidden(char: str) -> bool:
    """Whether a character shows nothing, turns the direction of text, or is none: no letter, sign, space or line feed."""
    if char in "\n\t":
        return char == "\t"
    kind = unicodedata.category(char)
    return (
        kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        or char in FILLERS
        or 0xE0100 <= ord(char) <= 0xE01EF
        or 0xFE00 <= ord(char) <= 0xFE0E
    )


def _hidden(draft: Draft) -> list[CheckResult]:
    found = []
    for where, text in texts(draft):
        bad = next(filter(hidden, text), None)
        if bad is not None:
            found.append(finding("safety.hidden", "error", where, f"holds the hidden or control character U+{ord(bad):04X}"))
        if not unicodedata.is_normalized("NFC", text):
            found.append(finding("safety.hidden", "error", where, "is not in Unicode's composed form (NFC)"))
    return concluded("safety.hidden", found, "no hidden, control or direction characters; composed form")


def _proposer(draft: Draft) -> list[CheckResult]:
    """OpenZeppelin's Governor lets only that address submit a description that ends so."""
    found = [
        finding("safety.proposer", "error", where, f"'{m[0]}' would lock who may submit")
        for where, text in texts(draft)
        if (m := PROPOSER.search(text))
    ]
    return concluded("safety.proposer", found, "no '#proposer=' suffix")


def _mentions(draft: Draft) -> list[CheckResult]:
    found = [
        finding("safety.mention", "error", where, f"'{m[0]}' would notify people")
        for where, text in texts(draft)
        if (m := MENTION.search(text))
    ]
    return concluded("safety.mention", found, "nobody is notified")


def _blanks(draft: Draft) -> list[CheckResult]:
    """What is left open in the text is what the list of blanks names, and the other way round."""
    marked: dict[str, str] = {}
    for place in places(draft):
        for match in BLANK.finditer(place.sentence.text):
            marked.setdefault(match[1], place.where)
    listed = {blank.what for blank in draft.blanks}
    found = [
        finding("format.blanks", "error", where, f"the blank '{what[:80]}' is not listed")
        for what, where in marked.items()
        if what not in listed
    ]
    found += [
        finding("format.blanks", "error", f"blanks[{blank.id}]", f"the blank '{blank.what[:80]}' stands nowhere in the text")
        for blank in draft.blanks
        if blank.what not in marked
    ]
    return concluded("format.blanks", found, f"{len(listed)} blanks, all listed and marked")
