"""`daoclerk search`: one query, or a file of them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.errors import InputError
from agent.schemas import DaoId, Hit, ProposalId, Query
from bots import asking
from bots.console import bar, must_read, say, show, show_json
from bots.wiring import open_app

if TYPE_CHECKING:
    from retrieval.search import Searcher

STATUSES = ("passed", "failed", "withdrawn", "draft", "unknown")
QUERY_MAX = 200_000
"""Characters: a query may be the full text of a proposal."""


def search(
    home: Path | None,
    text: str | None,
    *,
    dao: str | None,
    before: str | None,
    exclude: list[str],
    status: list[str],
    type_: str | None,
    lang: str | None,
    k: int,
    batch: Path | None,
    json: bool,
) -> None:
    """Print hits best first; a batch answers a line a query."""
    if (text is None) == (batch is None):
        raise InputError("search: give a query or --batch FILE, one of the two")
    with open_app(home) as app:
        if batch is not None:
            answer_file(app.searcher, batch, k)
            return
        assert text is not None
        if not text.strip() or len(text) > QUERY_MAX:
            raise InputError(
                "search: the query is empty" if not text.strip() else f"search: the query has more than {QUERY_MAX:,} characters"
            )
        if not encodable(text):
            raise InputError("search: the query is not UTF-8 text, type it again")
        for wanted in status:
            if wanted not in STATUSES:
                raise InputError(f"search: '{wanted}' is no status, take one of {', '.join(STATUSES)}")
        query = Query(
            text=text,
            dao=DaoId(asking.dao_of(app, dao)) if dao else None,
            before=asking.instant(before),
            exclude=tuple(ProposalId(i) for i in exclude),
            status=tuple(status),
            type=type_,
            lang=lang,
            k=k,
        )
        hits = app.searcher.find(query)
    if json:
        show_json([hit.model_dump(mode="json") for hit in hits])
        return
    for place, hit in enumerate(hits, 1):
        show(_line(place, hit))
    if not hits:
        say("nothing found")


def encodable(text: str) -> bool:
    """False for what a terminal sent as broken bytes: halves of characters."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _line(place: int, hit: Hit) -> str:
    day = f"{hit.created:%Y-%m-%d}" if hit.created else "no date"
    quote = " ".join(hit.quote.split())
    return f"{place:2}. {hit.dao} {hit.id} · {hit.title} · {day} · {hit.status} · {hit.score:.3f}\n    “{quote[:280]}{'…' if len(quote) > 280 else ''}”"


def answer_file(searcher: "Searcher", path: Path, k: int) -> None:
    """One JSON line out for each good line in; bad ones are named with their line number, and the exit code is then 1."""
    from retrieval.batch import BadLine, batch

    lines = must_read(path, "search").decode("utf-8", "replace").split("\n")
    total = sum(1 for line in lines if line.strip())
    bad = 0
    with bar("search") as progress:
        for done, answer in enumerate(batch(searcher, lines, k), 1):
            if isinstance(answer, BadLine):
                bad += 1
                say(f"daoclerk: search: {path.name} {answer.problem}; skipped")
            else:
                sys.stdout.write(answer.json() + "\n")
            progress.count(done, total)
    if bad:
        say(f"{total - bad} of {total} queries answered, {bad} skipped")
        raise typer.Exit(1)
