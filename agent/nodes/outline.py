"""Choose type, sections, ballot and title in the DAO's own format."""

from langgraph.runtime import Runtime

from agent.brief import DraftBrief
from agent.grounded.asks import ask_of, predecessors
from agent.grounded.view import view
from agent.state import Deps, Event, Pending, State


async def outline(state: State, runtime: Runtime[Deps]) -> State:
    """The brief every section is written from. "What changed" stands only where a failed predecessor was found."""
    deps, request, pack = runtime.context, state["request"], runtime.context.pack
    deps.progress(Event("outline", "start"))
    kind = pack.classify(request.topic)
    specs = pack.outline(kind.key, request.lang)
    if "summary" in kind.sections and "abstract" not in kind.sections:
        specs = tuple(spec for spec in specs if spec.key != "abstract")
    wanted = pack.blanks(kind.key, request.lang)
    specs = tuple(spec.model_copy(update={"blanks": tuple(what for key, what in wanted if key == spec.key)}) for spec in specs)
    brief = DraftBrief(
        request=request,
        dao_name=pack.name if not pack.generic else pack.name.replace("-", " ").title(),
        type_key=kind.key,
        type_label=kind.label_zh if request.lang == "zh" else kind.label,
        title_prefix=kind.prefix,
        title_max=pack.title_limit(kind.key),
        outline=specs,
        choices=pack.choices(kind.key),
        evidence=state["evidence"],
        about=tuple(tuple(sorted(group)) for group in deps.memory.concepts(ask_of(request.topic))),
    )
    if not predecessors(view(brief)):
        specs = tuple(spec for spec in specs if spec.required or spec.key != "changes")
        brief = brief.model_copy(update={"outline": specs})
    title = pack.title(kind.key, await deps.writer.title(brief))
    deps.progress(Event("outline", "done", f"{len(specs)} sections"))
    return {"brief": brief, "title": title, "pending": tuple(Pending(key=spec.key) for spec in specs), "tries": 0}
