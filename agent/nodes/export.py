"""Write the approved draft's files. Doing it again writes the same bytes."""

from langgraph.runtime import Runtime

from agent.state import Deps, Event, State


async def export(state: State, runtime: Runtime[Deps]) -> State:
    """The provenance of the exported files names who approved; the approved bytes themselves stay as they are."""
    deps = runtime.context
    deps.progress(Event("export", "start"))
    paths = await deps.exporter.export(state["draft"], state["verdict"].by)
    deps.progress(Event("export", "done", f"{len(paths)} files"))
    return {"exported": paths}
