"""`daoclerk draft` and `daoclerk resume`: run the graph to the review, print what it wrote."""

import asyncio
from pathlib import Path

import typer

from agent.schemas import Draft, ExportFormat, Lang, Request, WriterName
from bots import asking
from bots.console import Steps, deliver, say
from bots.wiring import App, open_app


def draft(
    home: Path | None,
    topic: str,
    *,
    dao: str,
    before: str | None,
    exclude: list[str],
    chart: Path | None,
    caption: str | None,
    lang: Lang | None,
    writer: WriterName | None,
    format_: ExportFormat,
    out: Path | None,
    run: str | None,
) -> None:
    """Draft, store, print. Exit 1 if an error is left in the checks."""
    from bots.drafting import begin, new_run

    with open_app(home) as app:
        request = asking.request(
            app, topic, dao=dao, before=before, exclude=exclude, chart=chart, caption=caption, lang=lang, writer=writer
        )
        ident = run or new_run()
        announce(ident, request)
        finish(app, asyncio.run(begin(app, ident, request, Steps())), format_, out)


def resume(home: Path | None, run: str, *, format_: ExportFormat, out: Path | None) -> None:
    """Go on with a run."""
    from bots.drafting import resume as go_on

    with open_app(home) as app:
        finish(app, asyncio.run(go_on(app, run, Steps())), format_, out)


def announce(run: str, request: Request) -> None:
    """Say what begins, and how to go on if it is cut off."""
    say(f"run {run}: drafting “{request.topic}” for {request.dao} (`daoclerk resume {run}` goes on if this is cut off)")


def finish(app: App, draft: Draft, format_: ExportFormat, out: Path | None) -> None:
    """Print the draft in the format asked for and say what comes next."""
    from bots.exporter import render

    if not draft.answered and format_ not in ("md", "json"):
        format_ = "md"
    deliver(render(draft, format_).data, out)
    errors = [check for check in draft.checks if check.level == "error"]
    reviews = asyncio.run(app.journal.reviews(draft.sha256))
    if draft.answered and reviews:
        say(f"draft {draft.sha256[:12]}, run {draft.run}: {', '.join(f'{row.verdict} by {row.reviewer}' for row in reviews)}")
    elif draft.answered:
        say(f"stored as draft {draft.sha256[:12]}, run {draft.run}; not reviewed by anyone yet")
        say(f"next: `daoclerk verify {draft.run}`, `daoclerk review {draft.run} --by NAME --approve {draft.sha256[:12]}`")
    if errors:
        say(f"{len(errors)} checks still fail: {errors[0].where}: {errors[0].message}")
        raise typer.Exit(1)
