"""`daoclerk bench`: each benchmark prints its figures with data, split and machine."""

from pathlib import Path
from typing import Literal

from bots.console import bar, say, show, show_json
from bots.wiring import open_app


def retrieval(home: Path | None, data: Path, *, json: bool) -> None:
    """Real citations, title alone, paraphrases, Chinese; the ranker trained anew for each fold."""
    from bots.bench.data import rows
    from retrieval.bench import run

    rows(data / "references.jsonl.gz")  # says in one sentence what is missing or broken
    with open_app(home) as app:
        report = run(data, embedder=app.embedder, say=say)
    show_json(report.json()) if json else show(report.markdown())


def drafts(home: Path | None, data: Path, *, n: int, seed: int, judge: Literal["lexical", "model"], json: bool) -> None:
    """Real topics with the proposal itself and later ones hidden."""
    from bots.bench.drafts import run, table

    with open_app(home) as app, bar("drafts") as progress:
        report = run(app, data, n=n, seed=seed, judge=judge, progress=progress.count)
    show_json(report) if json else show(table(report))


def rules(home: Path | None, data: Path, *, json: bool) -> None:
    """Each rule on the real passed proposals of its DAO."""
    from bots.bench.rules import run, table

    rows = run(data)
    show_json(rows) if json else show(table(rows))


def growth(home: Path | None, data: Path, *, json: bool) -> None:
    """Ingest and draft as the database grows; ingest against a bare Chroma add."""
    from bots.bench.growth import run, table

    report = run(data)
    show_json(report) if json else show(table(report))


def startup(home: Path | None, *, n: int, json: bool) -> None:
    """`--help` against a bare Typer program."""
    from bots.bench.startup import run, table

    report = run(n)
    show_json(report) if json else show(table(report))
