"""Hold the ledger against the stored sources: texts, hashes, quotes at their offsets, recorded facts, computed values."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agent.checks.places import concluded, finding, places
from agent.errors import DataError
from agent.extract import extract
from agent.ledger import compute, decimal, facts_of, formula, sha256
from agent.schemas import CheckResult, Draft, Evidence, Fact, FactRef

Problem = tuple[str, str]
"""Rule and message."""


class Sources(Protocol):
    """The stored sources, by shape. Both methods may raise StoreError."""

    def text(self, evidence: Evidence) -> str | None:
        """The stored text in which the evidence's offsets count and whose hash it names; None if it is not stored."""
        ...

    def facts(self, evidence: Evidence) -> Sequence[Fact] | None:
        """What the record says beside the text, a title and an address among it ("title", "url"); None if there is no record."""
        ...


def resolve(draft: Draft, sources: Sources) -> list[CheckResult]:
    """Every piece of evidence against its source. `where` is the evidence id; the message names the sentences that rest on it."""
    users = _users(draft)
    known = facts_of(draft.evidence)
    found: list[CheckResult] = []
    for row in draft.evidence:
        problems = _derived(row, known) if row.kind == "derived" else _stored(row, sources)
        found += [finding(rule, "error", row.id, message + _cited_by(users.get(row.id, []))) for rule, message in problems]
    return concluded("source.resolved", found, f"all {len(draft.evidence)} pieces of evidence stand in their sources")


def _cited_by(users: Sequence[str]) -> str:
    return f" (cited by {', '.join(users)})" if users else ""


def _users(draft: Draft) -> dict[str, list[str]]:
    """Which sentences rest on which evidence, computed values' inputs included."""
    ledger = {row.id: row for row in draft.evidence}
    users: dict[str, list[str]] = {}
    for place in places(draft):
        queue, seen = list(place.sentence.cites), set[str]()
        while queue:
            name = queue.pop()
            if name in seen:
                continue
            seen.add(name)
            users.setdefault(name, []).append(place.where)
            row = ledger.get(name)
            queue += [ref.id for ref in row.derivation.inputs] if row is not None and row.derivation is not None else []
    return users


def _stored(row: Evidence, sources: Sources) -> list[Problem]:
    text = sources.text(row)
    if text is None:
        return [("source.missing", f"no stored source has the text of '{row.locator.id or row.title or row.kind}'")]
    problems = []
    if sha256(text) != row.sha256:
        problems.append(("source.hash", "the stored source is not the one that was cited: its hash differs"))
    return [*problems, *_quote(row, text), *_facts(row, text, sources.facts(row))]


def _quote(row: Evidence, text: str) -> list[Problem]:
    at = row.locator
    if at.start is None or at.end is None:
        return [] if row.quote in text else [("source.quote", f"the quote '{row.quote[:60]}' is not in the stored source")]
    if at.start < 0 or at.end - at.start != len(row.quote) or text[at.start : at.end] != row.quote:
        return [("source.quote", f"the quote '{row.quote[:60]}' does not stand at {at.start}..{at.end} of the stored source")]
    return []


def _facts(row: Evidence, text: str, recorded: Sequence[Fact] | None) -> list[Problem]:
    """Facts equal the record, unit and time too; what the record does not know must at least stand in the text."""
    record = {fact.name: fact for fact in recorded or ()}
    problems: list[Problem] = []
    for name, shown in (("title", row.title), ("url", row.url)):
        if name in record and shown is not None and str(record[name].value) != shown:
            problems.append(("source.fact", f"its {name} is recorded as '{str(record[name].value)[:80]}', not '{shown[:80]}'"))
    for fact in row.facts:
        known = record.get(fact.name)
        if known is not None:
            if not _same(known, fact):
                problems.append(("source.fact", f"'{fact.name}' is recorded as {_written(known)}, not {_written(fact)}"))
        elif not _in_text(fact, text):
            problems.append(("source.fact", f"'{fact.name}', {_written(fact)}, is neither recorded nor in the stored source"))
    return problems


def _written(fact: Fact) -> str:
    return " ".join(filter(None, (str(fact.value), fact.unit, f"({fact.time})" if fact.time else None)))


def _same(one: Fact, other: Fact) -> bool:
    """Equal as exact numbers or as texts, in one unit and at one time."""
    if (one.unit, one.time) != (other.unit, other.time):
        return False
    if isinstance(one.value, str) or isinstance(other.value, str):
        return one.value == other.value
    return decimal(one.value) == decimal(other.value)


def _in_text(fact: Fact, text: str) -> bool:
    if fact.time is not None and fact.time not in text:
        return False
    if isinstance(fact.value, str):
        return fact.value in text
    value = abs(decimal(fact.value))
    return any(q.value is not None and abs(q.value) == value for q in extract(text))


def _derived(row: Evidence, known: Mapping[FactRef, Fact]) -> list[tuple[str, str]]:
    """The value, the formula and its hash are those that the inputs give."""
    if row.derivation is None or not row.facts:
        return [("source.derived", "a computed value without its derivation")]
    fact = row.facts[0]
    try:
        value = compute(row.derivation, known)
        stated = decimal(fact.value, fact.name)
    except DataError as error:
        return [("source.derived", str(error))]
    problems = []
    if stated != value or len(row.facts) != 1:
        problems.append(("source.derived", f"'{fact.name}' is {fact.value}, but its inputs give {value}"))
    inputs: Sequence[Fact] = [known[ref] for ref in row.derivation.inputs]
    if row.quote != formula(row.derivation.op, inputs, value, row.derivation.digits, fact.unit):
        problems.append(("source.derived", f"the formula '{row.quote[:80]}' is not what its inputs give"))
    if sha256(row.quote) != row.sha256:
        problems.append(("source.hash", "the hash of the formula differs"))
    return problems
