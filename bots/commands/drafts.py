"""`daoclerk drafts`: what is stored."""

import asyncio
from pathlib import Path

from bots import asking
from bots.console import say, show, show_json
from bots.wiring import open_app


def drafts(home: Path | None, *, dao: str | None, json: bool) -> None:
    """Newest first: run, bytes, DAO, title, time."""
    with open_app(home) as app:
        name = asking.dao_of(app, dao) if dao else None
        rows = [row for row in asyncio.run(app.journal.drafts()) if name is None or row.dao == name]
    if json:
        keys = ("run", "version", "sha256", "dao", "lang", "title", "answered", "writer")
        show_json([{key: getattr(row, key) for key in keys} for row in rows])
        return
    for row in rows:
        note = "" if row.answered else " · too little evidence"
        show(f"{row.run} v{row.version} {row.sha256[:12]} · {row.dao} · {row.title} · {row.stored:%Y-%m-%d %H:%M}{note}")
    if not rows:
        say("no drafts yet: `daoclerk draft TOPIC --dao DAO` writes one")
