"""Proposals as rows: canonical text, content hashes, and the way into the database and back."""

import hashlib
import json
from datetime import UTC, datetime

from sqlalchemy import Column, Row

from agent.schemas import Proposal, Shape
from retrieval.tables import proposal_version

FIELD_COLUMNS: tuple[Column[object], ...] = tuple(column for column in proposal_version.c if column.name not in ("seq", "stored"))
PLAIN = ("dao", "id", "sha256", "body_sha256", "title", "status", "type", "lang", "author", "url", "body")
NOT_CONTENT = {"sha256", "body_sha256", "source"}
"""`source` names the commit a row came from: the same content at a later commit is no new version."""


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces. Raises ValueError for what JSON can't hold (NaN, lone surrogates pass)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(text: str) -> str:
    """Hash of the text in UTF-8, 64 hex digits. Raises UnicodeEncodeError for lone surrogates."""
    return hashlib.sha256(text.encode()).hexdigest()


def shape_text(shape: Shape) -> str:
    """Canonical JSON of one of our shapes."""
    return canonical(shape.model_dump(mode="json", by_alias=True))


def proposal_hashes(proposal: Proposal) -> Proposal:
    """The same proposal with `sha256` and `body_sha256` filled in. Raises ValueError for what can't be stored."""
    whole = canonical(proposal.model_dump(mode="json", exclude=NOT_CONTENT))
    return proposal.model_copy(update={"sha256": sha256(whole), "body_sha256": sha256(proposal.body)})


def normalise(body: str) -> str:
    """A body as we keep it: NUL removed, CRLF and CR turned into LF. A lone surrogate, which no encoding can hold, becomes U+FFFD."""
    if body.isascii() and "\r" not in body and "\x00" not in body:
        return body
    text = body.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    return well_formed(text)


def well_formed(text: str) -> str:
    """The text with each lone surrogate turned into U+FFFD; its length stays the same."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text


def to_row(proposal: Proposal) -> dict[str, object]:
    """Column values of a proposal_version."""
    rest = proposal.model_dump(mode="json", exclude={*PLAIN, "created"})
    values: dict[str, object] = {name: getattr(proposal, name) for name in PLAIN}
    return values | {"created": proposal.created, "fields": canonical(rest), "stored": datetime.now(UTC)}


def from_row(row: Row[*tuple[object, ...]]) -> Proposal:
    """The proposal of a row that holds FIELD_COLUMNS."""
    columns = row._mapping
    values = {name: columns[name] for name in PLAIN}
    return Proposal.model_validate(values | {"created": columns["created"]} | json.loads(columns["fields"]))
