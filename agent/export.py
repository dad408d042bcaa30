"""Freeze a draft as bytes: a Snapshot message, a Governor description, a forum post, JSON or Markdown. Nothing is sent."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from agent.errors import InputError
from agent.escape import clean, shorten
from agent.files import write_atomic
from agent.render import DISCOURSE_RAW, SNAPSHOT_BODY, markdown
from agent.schemas import Draft, ExportFormat, Shape
from agent.text import utf16_len

__all__ = ["Actions", "ExportOptions", "Exported", "SnapshotType", "export", "manifest", "write_atomic"]

SnapshotType = Literal["basic", "single-choice", "approval", "ranked-choice", "quadratic", "copeland", "weighted"]
SNAPSHOT_TEXT = 256
"""UTF-16 units of a title, a choice or a discussion address (dao-rules 3.11)."""
SNAPSHOT_CHOICES = 20
SNAPSHOT_MESSAGE = 100_000
FORUM_TITLE = (15, 255)
_PROPOSER = re.compile(r"#proposer=0x[0-9a-fA-F]{40}\Z")
_BASIC = (
    frozenset({"for", "yes", "yae", "yay", "in favour", "in favor", "赞成", "支持", "同意"}),
    frozenset({"against", "no", "nay", "反对", "不同意"}),
    frozenset({"abstain", "弃权"}),
)


class Actions(Shape):
    """What a Governor executes, one entry each; addresses and calldata as 0x hex. `tools.governor_id` reads and checks it."""

    targets: tuple[str, ...]
    values: tuple[int, ...]
    """wei"""
    calldatas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the draft itself does not know. Limits are the usual ones; a space or forum may set others."""

    space: str | None = None
    voting: SnapshotType | None = None
    """None: "basic" for For, Against and perhaps Abstain, otherwise "single-choice"."""
    discussion: str = ""
    labels: tuple[str, ...] = ()
    body_limit: int = SNAPSHOT_BODY
    choices_limit: int = SNAPSHOT_CHOICES
    actions: Actions | None = None
    keccak: Callable[[bytes], bytes] | None = None
    """Hash of the description's bytes, e.g. `tools.governor_id.keccak256`."""
    proposal_id: Callable[[Actions, str], int] | None = None
    """e.g. `tools.governor_id.proposal_id`; needed with `actions`."""
    category: int | None = None
    tags: tuple[str, ...] = ()
    raw_limit: int = DISCOURSE_RAW


@dataclass(frozen=True, slots=True)
class Exported:
    """Frozen bytes; `sha256` is of exactly them. `notes` say what a person must still add or know."""

    data: bytes
    media_type: str
    filename: str
    sha256: str
    notes: tuple[str, ...] = ()
    facts: dict[str, JsonValue] = field(default_factory=dict)
    """Of a Governor description: description_hash, proposal_id, proposal_id_hex."""


def export(draft: Draft, fmt: ExportFormat, options: ExportOptions | None = None) -> Exported:
    """The draft in a format, as UTF-8 bytes in NFC with LF. Raises InputError if it cannot be put so, naming why."""
    options = options or ExportOptions()
    if fmt in ("snapshot", "governor", "discourse") and not draft.answered:
        raise InputError(f"export: the draft found too little evidence to be put to a vote '{draft.title[:80]}'; use md or json")
    if fmt == "snapshot":
        return _snapshot(draft, options)
    if fmt == "governor":
        return _governor(draft, options)
    if fmt == "discourse":
        return _discourse(draft, options)
    if fmt == "json":
        return _frozen(draft, _json(draft.model_dump(mode="json", by_alias=True)), "application/json", "json")
    return _frozen(draft, markdown(draft), "text/markdown", "md")


def manifest(exported: Exported, draft: Draft) -> bytes:
    """What was frozen, as JSON to keep beside the file: name, size, hash, the draft it came from, notes."""
    row: dict[str, JsonValue] = {
        "filename": exported.filename,
        "media_type": exported.media_type,
        "bytes": len(exported.data),
        "sha256": exported.sha256,
        "draft_sha256": draft.sha256,
        "run": draft.run,
        "approved_by": list(draft.provenance.approved_by),
        "notes": list(exported.notes),
        **exported.facts,
    }
    return _json(row).encode()


def _frozen(
    draft: Draft,
    text: str,
    media_type: str,
    suffix: str,
    notes: tuple[str, ...] = (),
    facts: dict[str, JsonValue] | None = None,
) -> Exported:
    data = text.encode("utf-8")
    open_blanks = (f"{len(draft.blanks)} blanks are still to fill: " + "; ".join(clean(blank.what) for blank in draft.blanks),)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{draft.dao}-{draft.sha256[:12] or draft.run}").strip("-.")[:80] or "draft"
    said = (*(open_blanks if draft.blanks else ()), *notes)
    return Exported(data, media_type, f"{stem}.{suffix}", hashlib.sha256(data).hexdigest(), said, facts or {})


# --- Snapshot ----------------------------------------------------------------------------------


def _snapshot(draft: Draft, options: ExportOptions) -> Exported:
    """The fields of a proposal message that the draft decides; what only the submitter knows is named in the notes."""
    choices = [clean(choice) for choice in draft.choices]
    title, notes = _title(draft, SNAPSHOT_TEXT)
    message: dict[str, JsonValue] = {
        **({"space": options.space} if options.space else {}),
        "type": options.voting or ("basic" if _is_basic(choices) else "single-choice"),
        "title": title,
        "body": markdown(draft, flavour="snapshot", limit=options.body_limit),
        "discussion": options.discussion,
        "choices": list[JsonValue](choices),
        "labels": list[JsonValue](options.labels),
        "plugins": "{}",
        "privacy": "",
        "app": "daoclerk",
    }
    _check_choices(choices, message["type"], options)
    _check_options(options)
    text = _json(message)
    if utf16_len(text) > SNAPSHOT_MESSAGE:
        raise InputError(f"export: the message has {utf16_len(text):,} characters, Snapshot takes {SNAPSHOT_MESSAGE:,}")
    missing = "the submitter adds: " + ", ".join(
        [*([] if options.space else ["space"]), "from", "timestamp", "start", "end", "snapshot (block)"]
    )
    cut = ("the body was shortened to fit; the full draft is in md or json",) if message["body"] != _uncut(draft) else ()
    return _frozen(draft, text, "application/json", "snapshot.json", (*notes, *cut, missing))


def _uncut(draft: Draft) -> str:
    return markdown(draft, flavour="snapshot", limit=1 << 62)


def _is_basic(choices: list[str]) -> bool:
    return len(choices) in (2, 3) and all(choice.casefold() in known for choice, known in zip(choices, _BASIC, strict=False))


def _check_choices(choices: list[str], voting: JsonValue, options: ExportOptions) -> None:
    if not 1 <= len(choices) <= options.choices_limit:
        raise InputError(f"export: the draft has {len(choices)} choices, Snapshot takes 1 to {options.choices_limit}")
    if voting == "basic" and len(choices) not in (2, 3):
        raise InputError(f"export: a basic vote has 2 or 3 choices, the draft has {len(choices)}")
    for number, choice in enumerate(choices, 1):
        if not 1 <= utf16_len(choice) <= SNAPSHOT_TEXT:
            raise InputError(f"export: choice {number} has {utf16_len(choice)} characters, Snapshot takes 1 to {SNAPSHOT_TEXT}")


def _check_options(options: ExportOptions) -> None:
    if utf16_len(options.discussion) > SNAPSHOT_TEXT:
        raise InputError(f"export: the discussion address has {utf16_len(options.discussion)} characters, Snapshot takes {SNAPSHOT_TEXT}")
    if len(options.labels) > 10 or any(not 1 <= len(label) <= 8 for label in options.labels):
        raise InputError(f"export: at most 10 labels of 1 to 8 characters '{', '.join(options.labels)[:120]}'")


def _title(draft: Draft, limit: int) -> tuple[str, tuple[str, ...]]:
    """The title as plain text within `limit` UTF-16 units, and a note if it was shortened."""
    title = clean(draft.title)
    if not title:
        raise InputError("export: the draft has no title")
    if utf16_len(title) <= limit:
        return title, ()
    length = min(limit, len(title))
    while utf16_len(shorten(title, length)) > limit:
        length -= 1
    return shorten(title, length), (f"the title was shortened from {utf16_len(title):,} to at most {limit} characters",)


# --- Governor ----------------------------------------------------------------------------------


def _governor(draft: Draft, options: ExportOptions) -> Exported:
    """The description, without a newline at the end: web forms drop it, and each byte is part of the proposal id."""
    text = markdown(draft, flavour="governor").rstrip("\n")
    if _PROPOSER.search(text):
        text += "."
    facts: dict[str, JsonValue] = {}
    notes = ["the description has no newline at its end; one changed byte changes the proposal id"]
    if options.keccak is not None:
        facts["description_hash"] = "0x" + options.keccak(text.encode()).hex()
    if options.actions is None:
        notes.append("a Governor needs at least one action: give targets, values and calldatas for the proposal id")
    elif options.proposal_id is None:
        raise InputError("export: a proposal id needs the hashing function as well as the actions")
    else:
        found = options.proposal_id(options.actions, text)
        facts |= {"proposal_id": str(found), "proposal_id_hex": f"0x{found:064x}"}
        notes.append("the id holds for OpenZeppelin's hashed ids; Bravo and sequential Governors count their own")
    return _frozen(draft, text, "text/markdown", "governor.md", tuple(notes), facts)


# --- forum -------------------------------------------------------------------------------------


def _discourse(draft: Draft, options: ExportOptions) -> Exported:
    """A topic as Discourse takes it: title, raw Markdown, and category and tags if they are given."""
    title, notes = _title(draft, FORUM_TITLE[1])
    if len(title) < FORUM_TITLE[0]:
        notes += (f"the title has {len(title)} characters, forums usually ask for {FORUM_TITLE[0]}",)
    post: dict[str, JsonValue] = {"title": title, "raw": markdown(draft, flavour="discourse", limit=options.raw_limit)}
    if options.category is not None:
        post["category"] = options.category
    if options.tags:
        post["tags"] = list[JsonValue](options.tags)
    return _frozen(draft, _json(post), "application/json", "discourse.json", notes)


# --- bytes -------------------------------------------------------------------------------------


def _json(value: JsonValue) -> str:
    """Indented JSON in NFC that still reads back as it was: what NFC would change is written as an escape.

    Raises InputError on NaN and infinity.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise InputError(f"export: a value cannot be written as JSON ({error})") from error
    text = "".join(char if char.isascii() or _stable(char) else json.dumps(char)[1:-1] for char in text)
    return text if unicodedata.is_normalized("NFC", text) else json.dumps(value, indent=2, allow_nan=False) + "\n"


def _stable(char: str) -> bool:
    """Whether the character stays in NFC whatever stands beside it, and is seen."""
    return char.isprintable() and not unicodedata.combining(char) and unicodedata.normalize("NFC", char) == char
