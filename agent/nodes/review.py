"""Wait for the committee. Resuming re-runs the node from its first line, so nothing may happen before `interrupt`."""

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agent.errors import PolicyError
from agent.schemas import CheckResult
from agent.state import Deps, Event, Pending, State, Verdict


async def review(state: State, runtime: Runtime[Deps]) -> State:
    """Take a verdict on the exact bytes. Raises PolicyError if it names other bytes than those that wait."""
    draft = state["draft"]
    verdict = Verdict.model_validate(interrupt({"sha256": draft.sha256, "title": draft.title, "version": draft.version}))
    if verdict.sha256 != draft.sha256:
        raise PolicyError(
            f"review: the verdict is on bytes {verdict.sha256[:12]}, those that wait are {draft.sha256[:12]}; look at them again"
        )
    deps = runtime.context
    await deps.journal.review(draft.sha256, verdict.by, verdict.decision, verdict.reason)
    deps.progress(Event("review", "done", verdict.decision))
    if verdict.decision != "changes":
        return {"verdict": verdict}
    asked = tuple(
        Pending(key=key, findings=(CheckResult(rule="committee", level="warning", where=key, message=comment, source=verdict.by),))
        for key, comment in verdict.comments.items()
    )
    return {"verdict": verdict, "pending": asked, "revision": state["revision"] + 1, "tries": 0, "version": state["version"] + 1}
