"""Write one section from the evidence."""

from collections.abc import Sequence

from langgraph.runtime import Runtime

from agent.brief import SectionBrief
from agent.schemas import Section, Sentence
from agent.state import Deps, Event, State, WriteTask, Written


def latest(state: State) -> dict[str, Section]:
    """The newest version of each section."""
    found: dict[str, Section] = {}
    for written in sorted(state.get("written", []), key=lambda w: w.revision):
        found[written.section.key] = written.section
    return found


def tasks(state: State) -> list[WriteTask]:
    """One task for each pending section, with its earlier version and what was found in it."""
    earlier, specs = latest(state), {spec.key: spec for spec in state["brief"].outline}
    return [
        WriteTask(
            brief=SectionBrief(draft=state["brief"], spec=specs[p.key], previous=earlier.get(p.key), findings=p.findings),
            revision=state["revision"],
        )
        for p in state["pending"]
        if p.key in specs
    ]


def with_blanks(section: Section, blanks: Sequence[str]) -> Section:
    """The section with the blanks the DAO's rules ask for, where the writer left them out."""
    text = " ".join(sentence.text for sentence in section.sentences)
    missing = [Sentence(text=f"[[{what}]]", kind="boilerplate") for what in blanks if f"[[{what}]]" not in text]
    return section.model_copy(update={"sentences": (*section.sentences, *missing)}) if missing else section


async def write(state: WriteTask, runtime: Runtime[Deps]) -> State:
    """Ask the writer for the section."""
    deps, spec = runtime.context, state["brief"].spec
    deps.progress(Event("write", "start", spec.heading))
    section = with_blanks(await deps.writer.section(state["brief"]), spec.blanks)
    deps.progress(Event("write", "done", spec.heading))
    return {"written": [Written(revision=state["revision"], section=section)]}
