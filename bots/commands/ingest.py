"""`daoclerk ingest`: files, and the bundled sample DAO."""

from importlib.resources import as_file
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from bots.console import bar, say, show, show_json
from bots.wiring import App, open_app

if TYPE_CHECKING:
    from retrieval.index import SyncReport


def files(home: Path | None, paths: list[Path], *, dao: str | None, skipped: Path | None, index: bool, json: bool) -> None:
    """Read files into the database, then embed what is new."""
    with open_app(home) as app:
        _ingest(app, paths, dao=dao, skipped=skipped or app.home, json=json)
        if index:
            embed(app)


def sample(home: Path | None, *, json: bool) -> None:
    """The bundled sample DAO: proposals, posts, series and charts."""
    with open_app(home) as app:
        load_sample(app, json=json)


def load_sample(app: App, *, json: bool = False, quiet: bool = False) -> None:
    """Harbor DAO into the database and the index; twice changes nothing."""
    with as_file(resources("bots") / "sample") as folder:
        names = ("proposals.jsonl", "posts.jsonl", "series.jsonl", "charts.jsonl")
        _ingest(app, [folder / name for name in names], dao=None, skipped=app.home, json=json, quiet=quiet)
    embed(app)


def _ingest(app: App, paths: list[Path], *, dao: str | None, skipped: Path, json: bool, quiet: bool = False) -> None:
    from retrieval.ingest import ingest_files

    with bar("ingest") as progress:
        report = ingest_files(app.store, paths, dao=dao, progress=progress.rows, skipped=skipped)
    if json:
        counts = {"new": report.counts.new, "changed": report.counts.changed, "same": report.counts.same}
        rows = [{"where": skip.where, "reason": skip.reason} for skip in report.skips]
        show_json({"files": report.files, "rows": report.rows, "proposals": counts, "skipped": report.skipped, "skips": rows, "seconds": round(report.seconds, 3)})  # fmt: skip
    elif not quiet:
        c = report.counts
        show(f"{report.sentence()}; proposals: {c.new:,} new, {c.changed:,} changed, {c.same:,} as they were")


def told(report: "SyncReport") -> str:
    """What a sync did, in one line."""
    return f"index: {report.proposals:,} proposals, {report.embedded:,} embedded now, {report.reused:,} vectors were stored, {report.removed:,} stale ones removed"


def embed(app: App) -> None:
    """Embed what has no vector yet."""
    with bar("embed") as progress:
        done = app.dense.sync(progress.count)
    say(told(done))
