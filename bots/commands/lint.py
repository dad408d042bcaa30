"""`daoclerk lint` and `daoclerk rules`: a DAO's own rules."""

from pathlib import Path

import typer

from agent.errors import DataError, InputError
from bots.console import must_read, say, show, show_json
from bots.wiring import open_app

FILE_MAX = 4_000_000
"""Bytes; the longest real proposal we know has 173,099 characters."""


def lint(home: Path | None, file: Path, *, dao: str, type_: str | None, json: bool) -> None:
    """Pass or fail per rule; exit 1 if a rule of level error fails."""
    from agent.checks.rules import lint as judge
    from agent.document import read_document
    from agent.rules import known, load

    pack = load(dao)
    if pack.generic and not _stored(home, dao):
        raise InputError(f"lint: no rule pack is called '{dao[:80]}'; there are {', '.join(known())}")
    data = must_read(file, "lint")
    if len(data) > FILE_MAX:
        raise DataError(f"lint: {file.name} has {len(data):,} bytes, at most {FILE_MAX:,} are read")
    document = read_document(text_of(data, file.name))
    results = judge(document, pack, type_)
    if json:
        show_json([result.model_dump(mode="json") for result in results])
    else:
        for result in results:
            show(f"{result.level.upper():8}{result.rule} · {result.where} · {result.message} [{result.source}]")
        if pack.generic:
            say(f"no pack for '{dao}': held against the generic one of its venue")
    if any(result.level == "error" for result in results):
        raise typer.Exit(1)


def text_of(data: bytes, name: str) -> str:
    """A Markdown file's text. Raises DataError if it is binary or not UTF-8."""
    if b"\x00" in data[:8192]:
        raise DataError(f"lint: {name} is a binary file, give the Markdown of a proposal")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise DataError(f"lint: {name} is not UTF-8 (byte {bad.start}), save it as UTF-8 text") from bad


def _stored(home: Path | None, dao: str) -> bool:
    with open_app(home) as app:
        return dao in app.store.daos()


def rules(home: Path | None, dao: str | None, *, json: bool) -> None:
    """The packs, or the rules of one."""
    from agent.rules import known, load

    if dao is None:
        rows = [{"pack": name, "name": load(name).name, "as_of": load(name).data.as_of.isoformat()} for name in known()]
        show_json(rows) if json else show("\n".join(f"{row['pack']:18} {row['name']}, as of {row['as_of']}" for row in rows))
        return
    pack = load(dao)
    if pack.generic:
        raise InputError(f"rules: no pack is called '{dao[:80]}'; there are {', '.join(known())}")
    if json:
        show_json(pack.data.model_dump(mode="json"))
        return
    show(f"{pack.name}, as of {pack.data.as_of}")
    for rule in pack.rules():
        show(f"{rule.level:8}{rule.id} · {rule.text} [{pack.cite(rule)}]")
