"""Other people's rows as our shapes. Lenient about what is missing, strict about what is there."""

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from agent.errors import DataError
from agent.schemas import Chart, Link, Post, Proposal, Series, Tally
from retrieval.fields import Fields, clean, finite, json_value, wrong
from retrieval.proposals import normalise, proposal_hashes
from retrieval.words import language, own_url, status_of

SHAPES: dict[str, type[Series] | type[Post] | type[Chart]] = {"series": Series, "post": Post, "chart": Chart}

KEYS = {"dao", "id", "metric", "source", "sha256"}
KEY_LENGTH = 200
"""Characters of each part of a key. PostgreSQL indexes at most 2,704 bytes of three together."""
_KNOWN = (
    "record dao id title body body_markdown status status_raw author created type lang language links votes choices scores voters"
    " url source source_repo source_path commit licence license licence_clear extra"
)
KNOWN = frozenset(_KNOWN.split())


def read_row(row: object, dao: str | None = None) -> Proposal | Series | Post | Chart:
    """A row of JSON as what its key "record" says; without one it is a proposal. `dao` is used where the row names none.

    Raises DataError with the reason, fit for the report of skipped rows.
    """
    if not isinstance(row, dict):
        raise DataError(f"not an object but {type(row).__name__}")
    record = row.get("record", "proposal")
    if record == "proposal":
        return read_proposal(row, dao)
    if not isinstance(record, str) or record not in SHAPES:
        raise wrong("record", "one of proposal, series, post, chart", record)
    return _read_record(SHAPES[record], {"dao": dao} | row)


def _read_record(shape: type[Series] | type[Post] | type[Chart], row: Mapping[str, object]) -> Series | Post | Chart:
    known = {name: json_value(row[name]) for name in shape.model_fields if row.get(name) is not None}
    for name in KEYS & known.keys():
        check_length(name, str(known[name]))
    if isinstance(points := known.get("points"), list):
        known["points"] = [{"time": each[0], "value": each[1]} if isinstance(each, list) and len(each) == 2 else each for each in points]
    try:
        return shape.model_validate(known)
    except (ValidationError, OverflowError) as error:
        raise DataError(reason(error)) from error


def reason(error: ValidationError | OverflowError) -> str:
    """The first thing pydantic found, in our words."""
    if isinstance(error, OverflowError):
        return "a date is out of range"
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "row"
    if first["type"] == "missing":
        return f'"{where}" is missing'
    return f'"{where}": {first["msg"][0].lower()}{first["msg"][1:]} ({str(first["input"])[:40]!r})'


def read_proposal(row: Mapping[str, object], dao: str | None = None) -> Proposal:
    """A proposal row of `proposals.jsonl`, or of anyone who uses the same names. Raises DataError."""
    fields = Fields(row)
    name, key = _key(fields, dao)
    body = row.get("body_markdown", row.get("body"))
    if body is None:
        raise DataError('"body" is missing')
    if not isinstance(body, str):
        raise wrong("body", "text", body)
    body = normalise(body)
    title = fields.required("title")
    extra = _extra(fields)
    status, status_raw = _status(fields)
    links = tuple(_link(each) for each in fields.items("links"))
    values: dict[str, object] = {
        "dao": name,
        "id": key,
        "title": title,
        "body": body,
        "status": status,
        "status_raw": status_raw,
        "author": _author(fields),
        "created": fields.time("created"),
        "type": fields.text("type"),
        "lang": language(_declared_language(fields, extra), title, body),
        "links": links,
        "tally": _tally(fields, extra),
        "choices": _choices(fields, extra),
        "scores": _scores(fields, extra),
        "voters": _voters(fields, extra),
        "url": fields.text("url") or own_url(key, links, extra),
        "source": _source(fields),
        "licence": fields.text("licence", "license"),
        "licence_clear": row.get("licence_clear") is True,
        "extra": extra,
        "sha256": "",
        "body_sha256": "",
    }
    try:
        return proposal_hashes(Proposal.model_validate(values))
    except ValidationError as error:
        raise DataError(reason(error)) from error


def _key(fields: Fields, dao: str | None) -> tuple[str, str]:
    name, key = fields.text("dao") or dao, fields.required("id")
    if not name:
        raise DataError('"dao" is missing: name it with --dao')
    check_length("dao", name)
    check_length("id", key)
    return name, key


def check_length(name: str, value: str) -> None:
    """Raises DataError for a key that no index could hold."""
    if len(value) > KEY_LENGTH:
        raise DataError(f'"{name}" is longer than {KEY_LENGTH} characters')


def _extra(fields: Fields) -> dict[str, JsonValue]:
    unknown = {clean(name): json_value(value) for name, value in fields.row.items() if name not in KNOWN}
    votes = {
        name: json_value(value) for name, value in fields.mapping("votes").items() if name not in ("for", "against", "abstain", "unit")
    }
    kept = {clean(name): json_value(value) for name, value in fields.mapping("extra").items()}
    return unknown | ({"votes": votes} if votes else {}) | kept


def _status(fields: Fields) -> tuple[str, str | None]:
    word, raw = fields.text("status"), fields.text("status_raw")
    status = status_of(word or raw)
    return status, raw or (word if word != status else None)


def _author(fields: Fields) -> str | None:
    _, value = fields.first("author")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return clean(", ".join(value)).strip() or None
    return fields.text("author")


def _declared_language(fields: Fields, extra: Mapping[str, JsonValue]) -> str | None:
    declared = fields.text("lang", "language")
    told = extra.get("language")
    return declared or (told if isinstance(told, str) else None)


def _link(value: object) -> Link:
    if isinstance(value, str):
        return Link(url=clean(value))
    if isinstance(value, dict) and isinstance(value.get("url"), str) and isinstance(value.get("kind", "link"), str):
        return Link(url=clean(value["url"]), kind=clean(value.get("kind") or "link"))
    raise wrong("links", "a list of {url, kind}", value)


def _tally(fields: Fields, extra: Mapping[str, JsonValue]) -> Tally | None:
    votes = fields.mapping("votes")
    if not votes:
        return None
    read = Fields(votes)
    tally = Tally(
        for_votes=read.number("for"), against_votes=read.number("against"), abstain_votes=read.number("abstain"), unit=read.text("unit")
    )
    return None if tally == Tally() else tally


def _choices(fields: Fields, extra: Mapping[str, JsonValue]) -> tuple[str, ...]:
    own = fields.items("choices")
    if any(not isinstance(each, str | int | float) or isinstance(each, bool) for each in own):
        raise wrong("choices", "a list of texts", own)
    if own:
        return tuple(clean(str(each)) for each in own)
    told = extra.get("choices")
    return tuple(str(each) for each in told) if isinstance(told, list) and all(isinstance(each, str | int | float) for each in told) else ()


def _scores(fields: Fields, extra: Mapping[str, JsonValue]) -> tuple[float, ...]:
    own = fields.items("scores")
    if any(not isinstance(each, int | float) or isinstance(each, bool) for each in own):
        raise wrong("scores", "a list of numbers", own)
    told = own or extra.get("scores")
    if not isinstance(told, list) or any(not isinstance(each, int | float) or isinstance(each, bool) for each in told):
        return ()
    return tuple(finite("scores", each) for each in told if isinstance(each, int | float))


def _voters(fields: Fields, extra: Mapping[str, JsonValue]) -> int | None:
    told = extra.get("voters")
    return (
        fields.count("voters")
        if fields.row.get("voters") is not None
        else told
        if isinstance(told, int) and not isinstance(told, bool)
        else None
    )


def _source(fields: Fields) -> str | None:
    repository, path, commit = fields.text("source_repo"), fields.text("source_path"), fields.text("commit")
    if repository is None:
        return fields.text("source")
    return repository + (f":{path}" if path else "") + (f"@{commit}" if commit else "")
