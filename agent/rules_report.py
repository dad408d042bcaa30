"""How often real proposals break each rule of a pack. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.checks.rules import SKIPPED, lint
from agent.document import Document, read_document
from agent.rule_shapes import RuleLevel
from agent.rules import RulePack
from agent.schemas import Proposal

ERROR_SHARE = 0.97
"""A rule may be an error only if at least this share of the accepted proposals it was applied to keep it, or software enforces it."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One line of the table."""

    pack: str
    rule: str
    level: RuleLevel
    applied: int
    """Proposals the rule was applied to."""
    failed: int
    examples: tuple[str, ...]
    """Ids of the first proposals that break it."""

    @property
    def kept(self) -> float | None:
        """Share of the proposals that keep the rule, 0 to 1; None if it was applied to none."""
        return None if self.applied == 0 else 1 - self.failed / self.applied


@dataclass(frozen=True, slots=True)
class Report:
    """All rules of a pack over the proposals given."""

    pack: str
    proposals: int
    with_error: int
    """Proposals that break at least one rule of level error."""
    rows: tuple[RuleRow, ...]

    @property
    def too_strict(self) -> tuple[str, ...]:
        """Rules of level error that fewer than ERROR_SHARE of the proposals keep."""
        return tuple(row.rule for row in self.rows if row.level == "error" and row.kept is not None and row.kept < ERROR_SHARE)


def document_of(proposal: Proposal) -> Document:
    """An ingested proposal as a document; its front matter was cut off, so nothing is said about it."""
    created = proposal.created.date() if proposal.created else None
    return read_document(
        proposal.body, name=str(proposal.id), title=proposal.title, choices=proposal.choices, created=created, front_known=False
    )


def type_of(proposal: Proposal, pack: RulePack) -> str | None:
    """The pack's type that the proposal was recorded with, or that its id begins with ("SCCP-12"), if it is one."""
    wanted, number = (proposal.type or "").strip().casefold(), str(proposal.id).casefold()
    recorded = next((kind.key for kind in pack.types if wanted in kind.names()), None)
    return recorded or next((kind.key for kind in pack.types if number.startswith((f"{kind.key}-", f"{kind.label.casefold()}-"))), None)


def report(rows: Iterable[Proposal], pack: RulePack) -> Report:
    """Lint each proposal and count. Give it accepted ones: what they break is wrong or only advice."""
    applied, failed = ({rule.id: 0 for rule in pack.data.rules} for _ in range(2))
    examples: dict[str, list[str]] = {rule.id: [] for rule in pack.data.rules}
    total = with_error = 0
    for proposal in rows:
        results = lint(document_of(proposal), pack, type_of(proposal, pack))
        total += 1
        with_error += any(result.level == "error" for result in results)
        for result in results:
            applied[result.rule] += result.where != SKIPPED
            if result.level != "pass":
                failed[result.rule] += 1
                examples[result.rule].append(str(proposal.id))
    lines = [
        RuleRow(pack.id, rule.id, rule.level, applied[rule.id], failed[rule.id], tuple(examples[rule.id][:EXAMPLES]))
        for rule in pack.data.rules
        if rule.level != "note"
    ]
    return Report(pack.id, total, with_error, tuple(lines))


def table(reports: Iterable[Report]) -> str:
    """The reports as one Markdown table."""
    head = "| pack | rule | level | applied | broken | kept |\n|---|---|---|---:|---:|---:|\n"
    return head + "".join(
        f"| {row.pack} | {row.rule} | {row.level} | {row.applied} | {row.failed} | {'–' if row.kept is None else f'{100 * row.kept:.1f} %'} |\n"
        for report in reports
        for row in report.rows
    )
