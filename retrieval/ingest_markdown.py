"""Read proposals kept as Markdown with YAML front matter, as ENS, Synthetix, Aave and others keep them."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml

from agent.errors import DataError
from agent.schemas import Proposal
from retrieval.fields import wrong
from retrieval.ingest_job import Skip, Tallies
from retrieval.proposals import normalise
from retrieval.rows import read_proposal
from retrieval.store import Store
from retrieval.words import links_in

SIZE_LIMIT = 32 * 2**20
FRONT_LIMIT = 64 * 2**10
SUFFIXES = (".md", ".mdx", ".markdown")
NOT_PROPOSALS = re.compile(
    r"(readme|index|contributing|changelog|licen[cs]e|code_of_conduct|_?template.*|.*-template|.*-x+)\Z", re.IGNORECASE
)

NUMBER_KEYS = (
    "aip",
    "bip",
    "cip",
    "eip",
    "ep",
    "gip",
    "hip",
    "iip",
    "lip",
    "mip",
    "pip",
    "rip",
    "rpip",
    "sccp",
    "sip",
    "stp",
    "tip",
    "uip",
    "yip",
)
"""Keys of a front matter that hold the proposal's number: `sip: 31` makes the id SIP-31."""
OUTCOME_KEYS = ("vote-result", "vote_result", "outcome", "status")
PREFIX = {"ens": "EP"}
"""Where files are named by number alone and the title does not say what the number counts."""
DATE_KEYS = ("created", "date", "created_at", "published", "start_date")
PLACEHOLDER = re.compile(r"\W*|tbd|tba|n/?a|none|unknown|<.*>|\(?y+-m+-d+\)?", re.IGNORECASE)

_FRONT = re.compile(r"\ufeff?\s*---[ \t]*\n(.*?\n)??---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_ROW = re.compile(
    r"^\|[ \t]*\**[ \t]*(status|author|authors|date|created)[ \t]*:?\**[ \t]*\|[ \t]*(.*?)[ \t]*\|", re.MULTILINE | re.IGNORECASE
)
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_TAGGED = re.compile(r"\[\s*([A-Za-z]+)[ -]?(\d[\d.]*)\s*\]")
_TYPE = re.compile(r"\[\s*(social|executable|constitutional|non-constitutional|bylaw)[^\]]*\]", re.IGNORECASE)
_DATE = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}")
_LINE = re.compile(r"([A-Za-z][\w -]*?):[ \t]*(.*)")


def ingest(store: Store, paths: Sequence[Path], dao: str | None) -> tuple[Tallies, list[Skip]]:
    """Store the proposals of these Markdown files in one transaction; gives those that hold none too. Raises StoreError.

    Unlike a long JSONL file there is no place to go on from: reading a file again costs next to nothing.
    """
    rows: list[Proposal] = []
    skips: list[Skip] = []
    for path in paths:
        try:
            if NOT_PROPOSALS.match(path.stem):
                raise DataError("no proposal by its name")
            rows.append(read_markdown(_bytes(path), path, dao))
        except DataError as error:
            skips.append(Skip(path, 1, str(error)))
    return Tallies(counts=store.add_proposals(rows), skipped=len(skips), through=True), skips


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise DataError(f"larger than {SIZE_LIMIT // 2**20} MB")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}") from error


def read_markdown(data: bytes, path: Path, dao: str | None = None) -> Proposal:
    """The proposal in the bytes of a file. Its body is everything behind the front matter. Raises DataError with the reason."""
    text = normalise(_text(data))
    front, body = split_front(text)
    heading = _HEADING.search(body)
    table = {name.lower(): _plain(value) for name, value in _ROW.findall(body)}
    title = front.pop("title", None) or (heading[1].strip() if heading else None)
    if title is None:
        raise DataError("no title: neither a front matter with one nor a heading")
    nested = front.get("proposal")
    kind = front.pop("type", None) or (nested.get("type") if isinstance(nested, dict) else None) or _type_in(heading)
    status = next((front[key] for key in OUTCOME_KEYS if front.get(key)), None) or table.get("status")
    row: dict[str, object] = {
        "dao": front.pop("dao", None) or dao,
        "id": _id(front, path.stem, str(title), dao),
        "title": str(title),
        "body": body,
        "status": str(status) if status is not None else None,
        "status_raw": str(status) if status is not None else None,
        "author": _authors(front) or table.get("author") or table.get("authors"),
        "created": _created(front, table),
        "type": kind,
        "lang": front.pop("lang", None) or front.pop("language", None),
        "links": [link.model_dump() for link in links_in(f"{_values(front)}\n{body}")],
        "source": str(path),
        "licence": front.pop("licence", None) or front.pop("license", None),
        "extra": front,
    }
    return read_proposal(row)


def _text(data: bytes) -> str:
    if data.count(0) * 100 > len(data):
        raise DataError("not text: a binary file")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 text (byte 0x{data[error.start]:02x} at byte {error.start + 1})") from error


def split_front(text: str) -> tuple[dict[str, object], str]:
    """The front matter's keys and the text behind it. Without front matter: no keys, and the whole text.

    Raises DataError if it can't be read even line by line.
    """
    found = _FRONT.match(text)
    if found is None:
        return {}, text
    front = found[1] or ""
    if len(front) > FRONT_LIMIT:
        raise DataError(f"front matter is longer than {FRONT_LIMIT // 2**10} KB")
    values = _yaml(front)
    if values is None:
        return {}, text  # a rule drawn with ---, not a front matter
    return values, text[found.end() :]


def _yaml(front: str) -> dict[str, object] | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # A few aliases can stand for gigabytes.
        if "*" in front and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(front, Loader=loader)):
            raise DataError("front matter uses YAML aliases")
        read = yaml.load(front, Loader=loader)  # one of the two safe loaders
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _line_by_line(front, error)
    if read is None:
        return {}
    return {str(key): value for key, value in read.items()} if isinstance(read, dict) else None


def _line_by_line(front: str, error: Exception) -> dict[str, object]:
    """Many front matters in the wild hold `title: A: b`, which is no YAML: read `key: value` lines."""
    found = {line[1]: line[2].strip().strip("'\"") for line in map(_LINE.fullmatch, front.split("\n")) if line}
    if not found:
        mark = getattr(error, "problem_mark", None)
        raise DataError(f"front matter is not YAML (line {mark.line + 2 if mark else 1})") from error
    return dict(found)


def _id(front: Mapping[str, object], stem: str, title: str, dao: str | None) -> str:
    for key, value in front.items():
        name = key.lower()
        number = re.fullmatch(rf"(?:{re.escape(name)}[ -]?)?(\d[\w.]*)", str(value).strip(), re.IGNORECASE) if name in NUMBER_KEYS else None
        if number:
            return f"{name.upper()}-{number[1]}"
    given = front.get("id")
    if isinstance(given, str | int) and str(given).strip():
        return str(given).strip()
    if re.fullmatch(r"\d[\d.]*", stem):
        tag = _TAGGED.search(title)
        prefix = tag[1].upper() if tag and tag[2].rstrip(".") == stem else PREFIX.get(str(front.get("dao") or dao or ""))
        return f"{prefix}-{stem}" if prefix else stem
    return stem.upper() if re.fullmatch(r"[a-z]{2,5}-\d+", stem) else stem


def _type_in(heading: re.Match[str] | None) -> str | None:
    found = _TYPE.search(heading[1]) if heading else None
    return found[1].lower() if found else None


def _authors(front: Mapping[str, object]) -> str | None:
    value = front.get("author") or front.get("authors")
    if isinstance(value, list):
        value = ", ".join(str(each) for each in value)
    return None if value is None else str(value)


def _created(front: Mapping[str, object], table: Mapping[str, str]) -> object:
    value = next((front[key] for key in DATE_KEYS if front.get(key)), None) or table.get("created") or table.get("date")
    if value is None or isinstance(value, date):
        return value
    text = str(value).strip()
    if PLACEHOLDER.fullmatch(text):
        return None  # still in `extra` as it was written
    found = _DATE.search(text)
    if found is None:
        raise wrong("created", "a date", text)
    return text if found[0] != text and "T" in text else found[0]


def _plain(value: str) -> str:
    return _LINKED.sub(r"\1", value).replace("*", "").strip()


def _values(value: object) -> str:
    """Every text in a front matter, to look for links in."""
    if isinstance(value, dict):
        return "\n".join(_values(each) for each in value.values())
    if isinstance(value, list):
        return "\n".join(_values(each) for each in value)
    return str(value)
