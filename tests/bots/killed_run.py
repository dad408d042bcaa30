"""A program for test_kill.py: drafts, and kills itself when the named step of the graph is reached for the n-th time.

usage: killed_run.py HOME RUN JOURNAL [NODE PHASE NTH]     (without a step: goes on to the end and approves)
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from agent.schemas import DaoId, Draft, Request
from agent.settings import Settings
from agent.state import Event, Verdict
from bots.drafting import begin, resume, review
from bots.wiring import App


def main() -> None:
    home, run, journal, *stop = sys.argv[1:]
    seen: dict[tuple[str, str], int] = {}

    def progress(event: Event) -> None:
        key = (event.node, event.phase)
        seen[key] = seen.get(key, 0) + 1
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(f"{event.node} {event.phase} {event.detail}\n")
            file.flush()
            os.fsync(file.fileno())
        if stop and key == (stop[0], stop[1]) and seen[key] == int(stop[2]):
            os.kill(os.getpid(), signal.SIGKILL)

    app = App(Settings(home=Path(home)))
    app.__dict__["dense"] = None
    request = Request(topic="creator rebates: NFT sales are falling", dao=DaoId("harbor"))
    asyncio.run(_work(app, run, request, progress))
    app.close()


async def _work(app: App, run: str, request: Request, progress: object) -> None:
    try:
        draft: Draft = await resume(app, run, progress)  # type: ignore[arg-type]
    except Exception as nothing:
        if "there is no run" not in str(nothing):
            raise
        draft = await begin(app, run, request, progress)  # type: ignore[arg-type]
    verdict = Verdict(decision="approve", by="alice", sha256=draft.sha256)
    held = await _waiting(app, run)
    if held:
        await review(app, run, verdict, progress)  # type: ignore[arg-type]
    sys.stdout.write(draft.sha256)


async def _waiting(app: App, run: str) -> bool:
    from agent.graph import build

    async with app.checkpoints() as saver:
        state = await build(saver).aget_state({"configurable": {"thread_id": run}})
    return bool(state.interrupts)


if __name__ == "__main__":
    main()
