"""Say briefly and honestly that there is too little evidence, and what was looked for."""

from langgraph.runtime import Runtime

from agent.brief import DraftBrief
from agent.grounded import facts
from agent.grounded.asks import topic
from agent.grounded.view import View, sentence, tidy, view
from agent.ledger import evidence_sha256, seal
from agent.nodes.check import provenance, with_inputs
from agent.schemas import Draft, Section, Sentence
from agent.state import Deps, Event, State


async def decline(state: State, runtime: Runtime[Deps]) -> State:
    """A short answer instead of a draft: each look-up with what it found, the nearest precedent, what would help."""
    deps, request = runtime.context, state["request"]
    deps.progress(Event("decline", "start"))
    brief = DraftBrief(
        request=request, dao_name=deps.pack.name, type_key="", type_label="", outline=(), choices=(), evidence=state["evidence"]
    )
    seen = view(brief)
    section = Section(key="answer", heading=tidy(request.topic, 200), sentences=tuple(_sentences(seen, state)))
    cited = {i for s in section.sentences for i in s.cites}
    rows = with_inputs(cited, state["evidence"])
    draft = Draft(
        run=state["run"],
        answered=False,
        title=tidy(request.topic, 200, markup=True),
        dao=request.dao,
        lang=request.lang,
        topic=request.topic,
        writer=request.writer,
        sections=(section,),
        evidence=rows,
        looked_for=state["looked_for"],
        provenance=provenance(state, deps).model_copy(update={"evidence_sha256": evidence_sha256(rows)}),
    )
    draft = seal(draft)
    await deps.journal.draft(draft)
    deps.progress(Event("decline", "done", "too little evidence"))
    return {"draft": draft}


def _sentences(seen: View, state: State) -> list[Sentence]:
    said = [sentence(seen.say("decline-cannot", topic=topic(seen)), "boilerplate", [r.id for r in seen.rows("request")[:1]])]
    said += [facts.verdict(seen, p, "decline-nearest") for p in seen.precedents[:1]]
    return [*said, sentence(seen.say("decline-help"), "boilerplate")]
