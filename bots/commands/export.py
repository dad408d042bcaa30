"""`daoclerk export`: a stored draft in one format."""

from pathlib import Path

from agent.schemas import ExportFormat
from bots.console import deliver, say
from bots.finding import draft_of
from bots.wiring import open_app


def export(home: Path | None, name: str, *, format_: ExportFormat, calls: Path | None, out: Path | None) -> None:
    """Print or write it; notes say what the submitter must add."""
    from bots.exporter import render

    with open_app(home) as app:
        draft = draft_of(app, name)
        frozen = render(draft, format_, calls)
        deliver(frozen.data, out)
    for key, value in frozen.facts.items():
        say(f"{key}: {value}")
    for note in frozen.notes:
        say(f"note: {note}")
    say(f"sha256 of these bytes: {frozen.sha256}")
