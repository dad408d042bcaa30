"""Decide what to find out, and where."""

from langgraph.runtime import Runtime

from agent.records import request_text
from agent.schemas import RunId
from agent.state import Deps, Event, Question, State


async def plan(state: State, runtime: Runtime[Deps]) -> State:
    """A fixed plan: the request itself, its picture, precedents, failed ones, rules, series, posts; a model may add look-ups."""
    deps, request = runtime.context, state["request"]
    deps.progress(Event("plan", "start"))
    await deps.journal.begin(RunId(state["run"]), request)
    topic = request_text(request)
    questions = [
        Question(order=0, source="request", text=topic),
        *([Question(order=1, source="picture", text=topic)] if request.picture else []),
        Question(order=2, source="precedents", text=topic, k=40),
        Question(order=3, source="failed", text=topic, k=20),
        Question(order=4, source="rules", text=topic),
        Question(order=5, source="series", text=topic, k=3),
        Question(order=6, source="posts", text=topic, k=6),
        *([Question(order=7, source="model", text=topic)] if deps.gatherer is not None else []),
    ]
    deps.progress(Event("plan", "done", f"{len(questions)} questions"))
    return {"questions": tuple(questions), "revision": 0, "version": 1, "pending": ()}
