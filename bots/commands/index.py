"""`daoclerk index`: the vector index is a cache; embed what is new, rebuild it, audit it."""

from dataclasses import asdict
from pathlib import Path

import typer

from bots.commands.ingest import told
from bots.console import bar, show, show_json
from bots.wiring import open_app


def sync(home: Path | None, *, json: bool) -> None:
    """Embed what is new or changed."""
    with open_app(home) as app, bar("embed") as progress:
        report = app.dense.sync(progress.count)
    show_json(asdict(report)) if json else show(told(report))


def rebuild(home: Path | None, *, json: bool) -> None:
    """Drop and refill from the database."""
    with open_app(home) as app, bar("rebuild") as progress:
        report = app.dense.rebuild(progress.count)
    show_json(asdict(report)) if json else show(told(report))


def audit(home: Path | None, *, json: bool) -> None:
    """Every vector against the database; exit 1 on a difference."""
    with open_app(home) as app:
        report = app.dense.audit()
    words = f"{report.checked:,} vectors compared, {len(report.missing)} missing, {len(report.extra)} extra, {len(report.wrong)} wrong, {report.pending:,} proposals not embedded yet"
    show_json(asdict(report)) if json else show(f"index: {words}")
    if not report.ok:
        raise typer.Exit(1)
