"""Number what was gathered, compute what can be computed from it, and decide whether it is enough."""

from collections.abc import Iterable, Sequence

from langgraph.runtime import Runtime

from agent.errors import DataError
from agent.grounded.view import fact
from agent.grounded.words import say
from agent.ledger import derive, number
from agent.precedents import VERY_NEAR
from agent.schemas import Evidence, Lang, LookedFor, Op, RunId
from agent.state import Deps, Event, State

TRAITS = ("amount", "term", "report")


async def ledger(state: State, runtime: Runtime[Deps]) -> State:
    """Evidence in the plan's order, then derived values; all of it goes to the journal before a word is written."""
    deps = runtime.context
    deps.progress(Event("ledger", "start"))
    answers = sorted(state["gathered"], key=lambda g: g.order)
    rows = _unique_records([row for answer in answers for row in answer.evidence])
    evidence = number([*rows, *derived(rows, deps.pack.name, state["request"].lang)])
    await deps.journal.evidence(RunId(state["run"]), evidence)
    looked = tuple(answer.looked for answer in answers if answer.looked is not None)
    deps.progress(Event("ledger", "done", f"{len(evidence)} pieces of evidence"))
    return {"evidence": evidence, "looked_for": looked, "enough": enough(evidence, looked)}


def _unique_records(rows: Sequence[Evidence]) -> list[Evidence]:
    """A proposal found by two questions is told once: its record and its passages come from the first."""
    owner: dict[tuple[str | None, str | None], int] = {}
    group = -1
    kept: list[Evidence] = []
    for row in rows:
        if row.kind != "proposal":
            kept.append(row)
            continue
        key = (row.locator.dao, row.locator.id)
        if fact(row, "status") is not None:
            group += 1
        if owner.setdefault(key, group) == group:
            kept.append(row)
    return kept


def enough(evidence: Sequence[Evidence], looked: Sequence[LookedFor]) -> bool:
    """Two precedents; or one that names nearly half of the topic, or stands beside something measured, a picture read or a member's words."""
    precedents = sum(1 for row in evidence if row.kind == "proposal" and fact(row, "status") is not None)
    other = any(row.role in ("series", "chart", "picture", "opinion") for row in evidence)
    near = any(look.nearest is not None and look.nearest >= VERY_NEAR for look in looked)
    return precedents >= 2 or (precedents == 1 and (other or near))


def derived(rows: Sequence[Evidence], dao: str, lang: Lang) -> list[Evidence]:
    """Counts by outcome, shares of votes, changes of series, the spread of amounts, common traits; each with what it counts as title."""
    counted = say(lang, "title-found", dao=dao)
    records = [row for row in rows if row.kind == "proposal" and fact(row, "status") is not None]
    found: list[Evidence | None] = []
    groups = {status: [row for row in records if _text(row, "status") == status] for status in ("passed", "failed", "withdrawn")}
    groups["open"] = [row for row in records if _text(row, "status") in ("unknown", "draft")]
    if all(len(members) < len(records) for members in groups.values()):
        found.append(_try("count", [(row, "status") for row in records], name="count", digits=0, role="count-total", title=counted))
    for status, members in groups.items():
        found.append(_try("count", [(row, "status") for row in members], name="count", digits=0, role=f"count-{status}", title=counted))
    for trait in TRAITS:
        for status in ("passed", "failed"):
            inputs = [(row, f"names_{trait}") for row in groups[status] if _text(row, f"names_{trait}") == "yes"]
            found.append(_try("count", inputs, name="count", digits=0, role=f"trait-{trait}-{status}", title=say(lang, f"trait-{trait}")))
    for row in records:
        if fact(row, "for") is not None and fact(row, "against") is not None:
            found.append(_margin(row))
    for row in rows:
        if row.role == "series":
            found.append(_try("change_pct", [(row, "first"), (row, "last")], name="change_pct", digits=1, role="change", title=row.title))
    found += _amounts([row for row in rows if row.role in ("budget", "ask")])
    return [row for row in found if row is not None]


def _margin(row: Evidence) -> Evidence | None:
    """Votes for as a share of votes for and against, with as many decimals as it takes not to say 100 % where some were against."""
    shares = (
        _try("share", [(row, "for"), (row, "against")], name="for_share", digits=d, role="margin", title=row.title) for d in (1, 2, 3, 4)
    )
    against, made = fact(row, "against"), None
    for made in shares:
        share = fact(made, "for_share")
        if share is None or float(share.value) not in (0.0, 100.0) or against is None or float(against.value) == 0:
            break
    return made


def _text(row: Evidence, name: str) -> str:
    found = fact(row, name)
    return str(found.value) if found else ""


def _amounts(rows: Sequence[Evidence]) -> Iterable[Evidence | None]:
    """Least, greatest and median amount where three passages or more name one in the same unit and of like size."""
    by_unit: dict[str, list[Evidence]] = {}
    for row in rows:
        amount = fact(row, "amount")
        if amount is not None and amount.unit:
            by_unit.setdefault(amount.unit, []).append(row)
    largest = max(by_unit.values(), key=len, default=[])
    values = [float(found.value) for row in largest if (found := fact(row, "amount")) is not None]
    if len(values) < 3 or min(values) <= 0 or max(values) / min(values) > 50:
        return []
    inputs = [(row, "amount") for row in largest]
    return [_try(op, inputs, name="amount", digits=0, role=f"amount-{op}") for op in ("min", "max", "median")]


def _try(op: Op, inputs: Sequence[tuple[Evidence, str]], *, name: str, digits: int, role: str, title: str | None = None) -> Evidence | None:
    """The computed value, or none where there is nothing to compute (no inputs, a zero total)."""
    if not inputs:
        return None
    try:
        return derive(op, inputs, name=name, digits=digits, role=role, title=title)
    except DataError:
        return None
