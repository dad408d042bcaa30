"""Find the draft a person means: a JSON file, a run, or a hash."""

import asyncio
from pathlib import Path

from agent.errors import InputError
from agent.schemas import Draft, RunId
from bots.console import must_read
from bots.wiring import App


def draft_of(app: App, name: str) -> Draft:
    """By file name, else by run, else by the start of its sha256. Raises InputError, DataError, StoreError."""
    from bots.exporter import must_be_draft

    path = Path(name)
    if path.suffix == ".json" or (len(name) < 4096 and path.is_file()):
        return must_be_draft(must_read(path, "draft"), path.name)
    found = asyncio.run(app.journal.latest(RunId(name)))
    if found is not None:
        return found
    try:
        return asyncio.run(app.journal.find(name))
    except InputError as none:
        raise InputError(f"draft: '{name[:80]}' is no JSON file, run or draft hash here; `daoclerk drafts` lists them") from none
