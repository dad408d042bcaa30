"""Check what was written; send failing sections back, and in the end remove what cannot be supported."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from langgraph.runtime import Runtime

from agent.checks.draft import check as findings_of
from agent.checks.draft import prune
from agent.checks.duplicates import resubmission
from agent.checks.rules import lint_draft
from agent.grounded.writer import GroundedWriter
from agent.ledger import evidence_sha256, seal
from agent.nodes.write import latest
from agent.schemas import Blank, CheckResult, Draft, Evidence, Provenance, Section, WriterName
from agent.state import Deps, Event, Pending, State

_BLANK = re.compile(r"\[\[(.+?)\]\]", re.DOTALL)
_PLACE = re.compile(r"^(?P<key>[a-z0-9_.-]+)\[(?P<index>\d+)\]$")


async def check(state: State, runtime: Runtime[Deps]) -> State:
    """Draft bytes are sealed only here: after the last revision, with every finding and every removal on record."""
    deps = runtime.context
    deps.progress(Event("check", "start"))
    draft = assemble(state, deps)
    results = findings_of(draft)
    failing = _by_section(results)
    if failing and state["tries"] < deps.revisions:
        deps.progress(Event("check", "note", f"{len(failing)} sections to write again"))
        sent_back = _sent_back(draft, failing)
        return {"pending": failing, "revision": state["revision"] + 1, "tries": state["tries"] + 1, "struck": sent_back}
    draft, removed = prune(draft, results)
    if any(result.where == "title" and result.level == "error" for result in results):
        draft, retitled = await _retitled(draft, state, deps)
        removed = (*removed, retitled)
    draft = _with_ledger(draft.model_copy(update={"blanks": _blanks(draft.sections)}), state["evidence"])
    removed = (*_gone(draft, state.get("struck", [])), *removed)
    results = (*findings_of(draft), *removed, *_rules(draft, deps), *resubmission(draft))
    draft = seal(draft.model_copy(update={"checks": tuple(sorted(results, key=_weight))}))
    await deps.journal.draft(draft)
    await deps.journal.checks(draft.sha256, draft.checks)
    deps.progress(Event("check", "done", summary(draft.checks)))
    return {"draft": draft, "pending": ()}


def assemble(state: State, deps: Deps) -> Draft:
    """The newest version of each section in the outline's order, with the whole ledger."""
    brief, newest, request = state["brief"], latest(state), state["request"]
    sections = tuple(newest[spec.key] for spec in brief.outline if spec.key in newest)
    return Draft(
        run=state["run"],
        version=state["version"],
        answered=True,
        title=state["title"],
        type=brief.type_key,
        dao=request.dao,
        lang=request.lang,
        topic=request.topic,
        writer=_writer(deps),
        sections=sections,
        choices=brief.choices,
        blanks=_blanks(sections),
        evidence=state["evidence"],
        looked_for=state["looked_for"],
        provenance=provenance(state, deps),
    )


def provenance(state: State, deps: Deps) -> Provenance:
    """Who wrote it with what; the time is that of the newest piece of evidence, so that the same run gives the same bytes."""
    import prompts

    evidence = state["evidence"]
    return Provenance(
        software=deps.software,
        writer=_writer(deps),
        writer_note=deps.writer.note,
        model=deps.writer.model,
        prompts_sha256=prompts.sha256(),
        evidence_sha256=evidence_sha256(evidence),
        created=max((row.retrieved_at for row in evidence), default=datetime.now(UTC)),
    )


def _writer(deps: Deps) -> WriterName:
    """Who wrote it in fact: a model writer that fell back from the start is the grounded one."""
    return "model" if deps.writer.name == "model" else "grounded"


def _with_ledger(draft: Draft, evidence: Sequence[Evidence]) -> Draft:
    """Keep what is cited, what it was computed from, and every precedent; drop what nobody used."""
    wanted = {i for section in draft.sections for s in section.sentences for i in s.cites}
    rows = with_inputs(wanted | {row.id for row in evidence if row.kind == "proposal" or row.role in ("request", "margin")}, evidence)
    told = draft.provenance.model_copy(update={"evidence_sha256": evidence_sha256(rows)})
    return draft.model_copy(update={"evidence": rows, "provenance": told})


def with_inputs(wanted: Collection[str], evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The rows with these ids and those that they were computed from, in the ledger's order."""
    by_id = {row.id: row for row in evidence}
    queue, keep = list(wanted), set[str]()
    while queue:
        ident = queue.pop()
        if ident in keep or ident not in by_id:
            continue
        keep.add(ident)
        derivation = by_id[ident].derivation
        queue += [ref.id for ref in derivation.inputs] if derivation else []
    return tuple(row for row in evidence if row.id in keep)


def _blanks(sections: Iterable[Section]) -> tuple[Blank, ...]:
    found: dict[str, str] = {}
    for section in sections:
        for sentence in section.sentences:
            for match in _BLANK.finditer(sentence.text):
                found.setdefault(match[1], section.key)
    return tuple(Blank(id=index, section=key, what=what) for index, (what, key) in enumerate(found.items(), 1))


def _by_section(results: Iterable[CheckResult]) -> tuple[Pending, ...]:
    found: dict[str, list[CheckResult]] = {}
    for result in results:
        place = _PLACE.match(result.where)
        if result.level == "error" and place:
            found.setdefault(place["key"], []).append(result)
    return tuple(Pending(key=key, findings=tuple(rows)) for key, rows in found.items())


async def _retitled(draft: Draft, state: State, deps: Deps) -> tuple[Draft, CheckResult]:
    """A title that says what nothing supports gives way to the topic itself."""
    plain = deps.pack.title(state["brief"].type_key, await GroundedWriter(draft.lang).title(state["brief"]))
    told = CheckResult(
        rule="draft.removed", level="warning", where="title", message=f"removed: the title '{draft.title}', the topic stands instead"
    )
    return draft.model_copy(update={"title": plain}), told


def _sent_back(draft: Draft, failing: Iterable[Pending]) -> list[CheckResult]:
    """A finding for each failing sentence, with its text: what the writer drops in the next version is still told."""
    said = {f"{section.key}[{i}]": s.text for section in draft.sections for i, s in enumerate(section.sentences)}
    reasons: dict[str, list[str]] = {}
    for finding in (f for pending in failing for f in pending.findings):
        reasons.setdefault(finding.where, []).append(f"{finding.rule}: {finding.message}")
    return [
        CheckResult(
            rule="draft.removed", level="warning", where=where.split("[")[0], message=f"removed: '{said[where]}' ({'; '.join(why)})"
        )
        for where, why in reasons.items()
        if where in said
    ]


def _gone(draft: Draft, struck: Iterable[CheckResult]) -> list[CheckResult]:
    """Those sent back whose words are no longer in the draft, each once."""
    texts = {s.text for section in draft.sections for s in section.sentences}
    found = {row.message: row for row in struck if not any(row.message.startswith(f"removed: '{text}' (") for text in texts)}
    return list(found.values())


def _rules(draft: Draft, deps: Deps) -> tuple[CheckResult, ...]:
    return tuple(lint_draft(draft, deps.pack))


def _weight(result: CheckResult) -> int:
    return ("error", "warning", "advice", "pass").index(result.level)


def summary(results: Sequence[CheckResult]) -> str:
    """ "31 passed, 1 advice, 0 warnings, 0 errors"."""
    counts = {level: sum(r.level == level for r in results) for level in ("pass", "advice", "warning", "error")}
    return f"{counts['pass']} passed, {counts['advice']} advice, {counts['warning']} warnings, {counts['error']} errors"
