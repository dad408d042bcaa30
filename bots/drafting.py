"""Run the drafting graph to its next stop: begin, go on after a kill, or take a verdict."""

import secrets
from collections.abc import Callable

from agent.errors import DaoclerkError, InputError
from agent.schemas import Draft, Request
from agent.settings import strict_checkpoints
from agent.state import Event, State, Verdict
from bots.wiring import App

strict_checkpoints()

Tell = Callable[[Event], None]


def new_run() -> str:
    """A run's id: 8 hex digits, unguessable enough not to meet another."""
    return secrets.token_hex(4)


async def begin(app: App, run: str, request: Request, progress: Tell) -> Draft:
    """Draft until the committee is awaited (or it is plain that there is too little evidence)."""
    return await _go(app, run, {"run": run, "request": request}, request, progress)


async def resume(app: App, run: str, progress: Tell) -> Draft:
    """Go on where a run was cut off; a run that already waits or ended gives its draft again. Raises InputError if there is none."""
    stored = await _request(app, run)
    return await _go(app, run, None, stored, progress)


async def review(app: App, run: str, verdict: Verdict, progress: Tell) -> tuple[Draft, tuple[str, ...]]:
    """Give the verdict a waiting run asks for: the draft it leads to and the files of an approved one."""
    from langgraph.types import Command

    stored = await _request(app, run)
    state = await _state(app, run, Command(resume=verdict.model_dump(mode="json")), stored, progress, waiting=True)
    return state["draft"], state.get("exported", ())


async def _request(app: App, run: str) -> Request:
    from agent.graph import build

    async with app.checkpoints() as saver:
        held = await build(saver).aget_state({"configurable": {"thread_id": run}})
    found = held.values.get("request")
    if not isinstance(found, Request):
        raise InputError(f"run: there is no run '{run}' here, `daoclerk drafts` lists them")
    return found


async def _go(app: App, run: str, given: State | None, request: Request, progress: Tell) -> Draft:
    state = await _state(app, run, given, request, progress)
    draft = state.get("draft")
    if draft is None:
        raise DaoclerkError(f"run: '{run}' ended without a draft")
    return draft


async def _state(app: App, run: str, given: object, request: Request, progress: Tell, *, waiting: bool = False) -> State:
    from agent.graph import build

    async with app.checkpoints() as saver:
        graph = build(saver)
        config = {"configurable": {"thread_id": run}}
        held = await graph.aget_state(config)  # type: ignore[arg-type]
        if waiting and not held.interrupts:
            if held.tasks:
                raise InputError(f"review: run '{run}' was cut off and is not done yet, `daoclerk resume {run}` goes on with it")
            raise InputError(f"review: run '{run}' waits for no verdict")
        # Not `held.next`: a run cut off after a node's results were kept, but before the step was closed, names no next node.
        done = given is None and (bool(held.interrupts) or not held.tasks)
        if not done:
            try:
                await graph.ainvoke(given, config, context=app.deps(request, progress), durability="sync")  # type: ignore[call-overload]
            finally:
                await app.hang_up()
            held = await graph.aget_state(config)  # type: ignore[arg-type]
    return held.values  # type: ignore[return-value]
