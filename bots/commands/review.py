"""`daoclerk review`: a verdict on the exact bytes of a draft that waits."""

import asyncio
from pathlib import Path

from agent.errors import InputError
from agent.schemas import RunId
from bots.console import Steps, say, show, show_json
from bots.wiring import open_app


def review(home: Path | None, run: str, *, by: str, approve: str | None, reject: str | None, change: list[str], json: bool) -> None:
    """Approve (by hash), reject (with a reason) or ask for changes (per section)."""
    from agent.state import Verdict
    from bots.drafting import review as give

    if sum((approve is not None, reject is not None, bool(change))) != 1:
        raise InputError("review: give one of --approve SHA256, --reject REASON, --change SECTION=WHAT")
    if not by.strip():
        raise InputError("review: --by is empty, say who reviews")
    with open_app(home) as app:
        waiting = asyncio.run(app.journal.latest(RunId(run)))
        if waiting is None:
            raise InputError(f"review: no draft of run '{run[:80]}' is stored, `daoclerk drafts` lists them")
        if approve is not None:
            verdict = Verdict(decision="approve", by=by, sha256=_whole(approve, waiting.sha256))
        elif reject is not None:
            verdict = Verdict(decision="reject", by=by, sha256=waiting.sha256, reason=reject)
        else:
            verdict = Verdict(
                decision="changes", by=by, sha256=waiting.sha256, comments=_comments(change, {s.key for s in waiting.sections})
            )
        draft, files = asyncio.run(give(app, run, verdict, Steps()))
    _tell(draft.sha256, verdict.decision, files, json=json)


def _whole(given: str, waiting: str) -> str:
    if len(given) < 12 or not waiting.startswith(given.lower()):
        raise InputError(f"review: '{given[:64]}' are not the bytes that wait ({waiting[:12]}); read them again, then approve those")
    return waiting


def _comments(change: list[str], known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in change:
        key, _, what = text.partition("=")
        if key.strip() not in known or not what.strip():
            raise InputError(f"review: '{text[:80]}' is not SECTION=WHAT; sections are {', '.join(sorted(known))}")
        found[key.strip()] = what.strip()
    return found


def _tell(sha256: str, decision: str, files: tuple[str, ...], *, json: bool) -> None:
    if json:
        show_json({"sha256": sha256, "decision": decision, "files": list(files)})
        return
    words = {"approve": "approved", "reject": "rejected", "changes": "written again with the comments; it waits for a new verdict"}
    show(f"draft {sha256[:12]}: {words[decision]}")
    for file in files:
        show(f"  {file}")
    if files:
        say("a person submits these; daoclerk sends nothing")
