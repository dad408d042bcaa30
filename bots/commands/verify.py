"""`daoclerk verify`: a draft against its evidence and the stored sources."""

from pathlib import Path

import typer

from bots.console import show, show_json
from bots.finding import draft_of
from bots.wiring import open_app


def verify(home: Path | None, name: str, *, json: bool) -> None:
    """Name each failing sentence; exit 1 if there is one."""
    from agent.verify import verify as judge
    from bots.sources import StoredSources

    with open_app(home) as app:
        draft = draft_of(app, name)
        results = judge(draft, StoredSources(app.store, app.records, app.journal, draft))
    failed = [result for result in results if result.level == "error"]
    if json:
        show_json({"sha256": draft.sha256, "ok": not failed, "checks": [result.model_dump(mode="json") for result in results]})
    else:
        for result in failed:
            show(f"FAIL  {result.where}: {result.message} ({result.rule})")
        passed = sum(result.level == "pass" for result in results)
        show(f"draft {draft.sha256[:12]}: {'verified' if not failed else f'{len(failed)} failures'}, {passed} checks passed")
    if failed:
        raise typer.Exit(1)
