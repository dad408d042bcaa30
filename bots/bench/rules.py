"""How often each rule fails on real passed proposals: such a rule is wrong or only advice."""

from pathlib import Path

from agent.rules import load
from agent.rules_report import Report, report
from agent.rules_report import table as markdown
from agent.schemas import Proposal
from bots.bench.data import proposals


def run(data: Path) -> list[Report]:
    """A report for each pack that has passed proposals in the data."""
    by_pack: dict[str, list[Proposal]] = {}
    for row in proposals(data):
        pack = load(row.dao)
        if row.status == "passed" and not pack.generic:
            by_pack.setdefault(pack.id, []).append(row)
    return [report(rows, load(name)) for name, rows in sorted(by_pack.items())]


def table(reports: list[Report]) -> str:
    """Markdown."""
    heads = "\n".join(f"{r.pack}: {r.proposals} passed proposals, {r.with_error} break a rule of level error" for r in reports)
    return f"{heads}\n\n{markdown(reports)}"
