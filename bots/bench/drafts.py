"""Drafts from the titles of real proposals, each with that proposal and later ones hidden: do they hold, do they help, what do they cost?"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from agent.checks.rules import lint_draft
from agent.checks.support import Alce, alce
from agent.rules import load
from agent.schemas import DaoId, Draft, Proposal, ProposalId, Request
from agent.verify import verify
from bots.bench.data import proposals, rows
from bots.bench.machine import machine, peak_mib, quantile
from bots.drafting import begin, new_run
from bots.sources import StoredSources
from bots.wiring import App

EARLIER = 10
"""A topic is taken only where at least so many dated proposals of the DAO are earlier: else there is nothing to cite."""


def topics(every: Sequence[Proposal], cited: dict[tuple[str, str], set[str]], n: int, seed: int) -> list[Proposal]:
    """n proposals, DAO by DAO in turn, so that large DAOs don't crowd out the rest; half of them with citations of their own."""
    rng = random.Random(seed)
    by_dao: dict[str, list[Proposal]] = {}
    for row in every:
        if row.created is not None and 12 <= len(row.title) <= 200:
            by_dao.setdefault(row.dao, []).append(row)
    pools: dict[str, list[Proposal]] = {}
    for dao, members in by_dao.items():
        members.sort(key=lambda p: (p.created, p.id))
        late = members[EARLIER:]
        rng.shuffle(late)
        late.sort(key=lambda p: (p.dao, p.id) not in cited)
        if len(late) >= EARLIER:
            pools[dao] = late
    chosen: list[Proposal] = []
    order = sorted(pools)
    rng.shuffle(order)
    while len(chosen) < n and any(pools.values()):
        for dao in order:
            if pools[dao] and len(chosen) < n:
                chosen.append(pools[dao].pop(0 if len(chosen) % 2 else -1))
    return chosen


def run(
    app: App, data: Path, *, n: int, seed: int, progress: Callable[[int, int], None], judge: Literal["lexical", "model"] = "lexical"
) -> dict[str, object]:
    """Ingest the data into the app's home if it is not there, then draft and judge. Raises InputError if the judge has no endpoint."""
    if judge == "model":
        app.chat()  # says at once that no endpoint is set
    every = proposals(data)
    for start in range(0, len(every), 500):
        app.store.add_proposals(every[start : start + 500])
    references = {
        (str(r["dao"]), str(r["query_id"])): {str(i) for i in _list(r["relevant_ids"])} for r in rows(data / "references.jsonl.gz")
    }
    chosen = topics(every, references, n, seed)
    judged = []
    for done, row in enumerate(chosen, 1):
        judged.append(_one(app, row, references.get((row.dao, row.id), set()), judge))
        progress(done, len(chosen))
    return {"support_test": judge, **_report(judged, data, seed)}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _one(app: App, row: Proposal, wanted: set[str], judge: str) -> dict[str, object]:
    request = Request(topic=row.title, dao=DaoId(row.dao), before=row.created, exclude=(ProposalId(row.id),))
    began = time.perf_counter()
    draft = asyncio.run(begin(app, new_run(), request, lambda event: None))
    seconds = time.perf_counter() - began
    failures = [check for check in verify(draft, StoredSources(app.store, app.records, app.journal, draft)) if check.level == "error"]
    lint = [check for check in lint_draft(draft, load(row.dao)) if check.level == "error"]
    found = {e.locator.id for e in draft.evidence if e.kind == "proposal"}
    late = _late(app, draft, row)
    return {
        "dao": row.dao,
        "id": row.id,
        "answered": draft.answered,
        "seconds": seconds,
        "alce": _scores(app, draft, judge) if draft.answered else None,
        "failures": [f"{f.rule} {f.where}: {f.message}" for f in failures],
        "lint": [f"{f.rule}: {f.message}" for f in lint],
        "precedents": len(found),
        "wanted": len(wanted),
        "found": len(wanted & found),
        "late": late,
        "length": sum(len(s.text) for section in draft.sections for s in section.sentences),
    }


def _scores(app: App, draft: Draft, judge: str) -> Alce:
    """ALCE by the lexical and numeric test, or by a model asked about each claim."""
    return alce(draft) if judge == "lexical" else asyncio.run(_asked(app, draft))


async def _asked(app: App, draft: Draft) -> Alce:
    from tools.judge import ModelJudge, judged_alce

    try:
        return await judged_alce(draft, ModelJudge(app.chat()))
    finally:
        await app.hang_up()


def _late(app: App, draft: Draft, row: Proposal) -> list[str]:
    """Evidence that should have been hidden: the proposal itself or a later one."""
    found = []
    for evidence in draft.evidence:
        if evidence.kind == "proposal" and evidence.locator.id:
            other = app.store.proposal(row.dao, evidence.locator.id)
            if evidence.locator.id == row.id or (other and other.created and row.created and other.created > row.created):
                found.append(evidence.locator.id)
    return found


def _report(judged: list[dict[str, object]], data: Path, seed: int) -> dict[str, object]:
    answered = [row for row in judged if row["answered"]]
    scores = [row["alce"] for row in answered]
    recalls = [s[0] for s in scores]  # type: ignore[index]
    precisions = [s[1] for s in scores]  # type: ignore[index]
    claims = sum(s[2] for s in scores)  # type: ignore[index]
    seconds = [float(row["seconds"]) for row in judged]  # type: ignore[arg-type]
    wanted = sum(int(row["wanted"]) for row in answered)  # type: ignore[call-overload]
    found = sum(int(row["found"]) for row in answered)  # type: ignore[call-overload]
    kinds = Counter(text.split(" ")[0] for row in judged for text in row["failures"])  # type: ignore[attr-defined]
    lints = Counter(text.split(":")[0] for row in answered for text in row["lint"])  # type: ignore[attr-defined]
    return {
        "data": str(data),
        "split": f"{len(judged)} titles of real proposals, seed {seed}",
        "machine": machine(),
        "topics": len(judged),
        "daos": len({row["dao"] for row in judged}),
        "answered": len(answered),
        "drafts_with_failures": sum(bool(row["failures"]) for row in judged),
        "failures_by_rule": dict(kinds),
        "drafts_with_lint_errors": sum(bool(row["lint"]) for row in answered),
        "lint_by_rule": dict(lints),
        "hidden_evidence_seen": sum(bool(row["late"]) for row in judged),
        "citation_recall": _interval(recalls),
        "citation_precision": _interval(precisions),
        "claims": claims,
        "authors_citations_found": [found, wanted],
        "p50_s": round(quantile(seconds, 0.5), 2),
        "p95_s": round(quantile(seconds, 0.95), 2),
        "peak_mib": round(peak_mib()),
        "rows": judged,
    }


def _interval(values: list[float]) -> list[float]:
    """Mean and 95 % bootstrap interval over drafts (1,000 resamples, seed 0)."""
    if not values:
        return []
    rng = random.Random(0)
    means = sorted(sum(rng.choices(values, k=len(values))) / len(values) for _ in range(1000))
    return [round(sum(values) / len(values), 4), round(means[25], 4), round(means[974], 4)]


def table(report: dict[str, object]) -> str:
    """A line a figure, and every failure."""
    lines = [f"{name}: {value}" for name, value in report.items() if name != "rows"]
    judged = report["rows"]
    assert isinstance(judged, list)
    lines += [f"  {row['dao']} {row['id']}: {text}" for row in judged for text in row["failures"] + row["lint"]]
    return "\n".join(lines)
