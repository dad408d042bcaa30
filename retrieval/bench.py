"""`daoclerk bench retrieval`: recall and reciprocal rank on real citation queries, cross-validated by DAO."""

import math
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.cases import (
    FOLDS,
    Candidates,
    Case,
    Reference,
    Vectors,
    candidates,
    cases,
    corpora,
    folds,
    known_items,
    learned,
    plain_fields,
    questions,
    references,
    sha256,
    train,
)
from retrieval.corpus import Corpus
from retrieval.ranker import SEEDS

if TYPE_CHECKING:
    from retrieval.embed import Embedder

RESAMPLES = 2000
FULL, TITLE, KNOWN = "Full text", "Title alone", "Words of a passage, its proposal wanted"
Say = Callable[[str], None]


@dataclass(slots=True)
class Ranking:
    """Ids in the order one method gave, at most 50, for one query."""

    reference: Reference
    ids: list[str]


@dataclass(slots=True)
class Measured:
    """One number a query: recall at 5 and 10, on the hard part, reciprocal rank."""

    r5: list[float] = field(default_factory=list)
    r10: list[float] = field(default_factory=list)
    hard: list[float] = field(default_factory=list)
    mrr: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, rankings: Iterable[Ranking]) -> "Measured":
        """A relevant id that was no candidate counts as missed."""
        out = cls()
        for ranking in rankings:
            wanted, top = ranking.reference.relevant, ranking.ids
            out.r5.append(len(wanted & set(top[:5])) / len(wanted))
            out.r10.append(len(wanted & set(top[:10])) / len(wanted))
            hard = wanted - ranking.reference.near
            out.hard.append(len(hard & set(top[:10])) / len(hard) if hard else float("nan"))
            out.mrr.append(next((1 / (i + 1) for i, name in enumerate(top) if name in wanted), 0.0))
        return out

    def row(self) -> tuple[float, float, float, float]:
        """Means."""
        return (mean(self.r5), mean(self.r10), mean(self.hard), mean(self.mrr))


def mean(values: Sequence[float]) -> float:
    """Mean without the missing."""
    kept = [value for value in values if not math.isnan(value)]
    return sum(kept) / len(kept) if kept else float("nan")


def interval(a: Sequence[float], b: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Paired bootstrap over queries: mean of a - b and its 95% interval."""
    gaps = np.asarray([x - y for x, y in zip(a, b, strict=True) if not math.isnan(x - y)])
    draws = np.random.default_rng(seed).integers(0, len(gaps), (RESAMPLES, len(gaps)))
    means = gaps[draws].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(gaps.mean()), float(low), float(high)


# --- the report ------------------------------------------------------------------------------


@dataclass(slots=True)
class Report:
    """What was measured, and on what."""

    machine: str
    data: str
    seconds: float
    tables: dict[str, dict[str, Measured]]
    """Query set to method to numbers; every method of a set saw the same candidates."""
    daos: dict[str, list[str]]

    def markdown(self) -> str:
        """Tables with intervals of the difference to tuned BM25."""
        out = [f"Machine: {self.machine}. Data: {self.data}. {self.seconds:.0f} s in all.", ""]
        for name, methods in self.tables.items():
            count = len(next(iter(methods.values())).r10)
            out += [
                f"### {name} (n = {count})",
                "",
                "| method | recall@5 | recall@10 | hard part | MRR | recall@10 against tuned BM25 |",
                "|---|---|---|---|---|---|",
            ]
            for method, measured in methods.items():
                gap = "" if method == "tuned BM25" else _signed(*interval(measured.r10, methods["tuned BM25"].r10))
                out.append(f"| {method} | " + " | ".join(f"{value:.3f}" for value in measured.row()) + f" | {gap} |")
            out.append("")
        out += [
            "### By DAO, full text, recall@10 (10 queries or more)",
            "",
            "| DAO | n | tuned BM25 | ranker | MRR tuned BM25 | MRR ranker |",
            "|---|---|---|---|---|---|",
        ]
        out += self._by_dao()
        return "\n".join(out) + "\n"

    def _by_dao(self) -> list[str]:
        name = next(iter(self.tables))
        a, b = self.tables[name]["tuned BM25"], self.tables[name]["ranker"]
        out = []
        for dao, count in Counter(self.daos[name]).most_common():
            if count < 10:
                continue
            at = [i for i, other in enumerate(self.daos[name]) if other == dao]
            cells = [mean([m[i] for i in at]) for m in (a.r10, b.r10, a.mrr, b.mrr)]
            out.append("| {} | {} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |".format(dao, count, *cells))
        return out

    def json(self) -> dict[str, object]:
        """The same numbers for a program."""
        names = ("recall@5", "recall@10", "hard", "mrr")
        tables = {
            name: {method: dict(zip(names, measured.row(), strict=True)) for method, measured in methods.items()}
            for name, methods in self.tables.items()
        }
        return {"machine": self.machine, "data": self.data, "seconds": self.seconds, "tables": tables}


def run(
    data: Path, *, embedder: "Embedder | None" = None, seeds: Sequence[int] = SEEDS, threads: int = 1, say: Say = lambda _: None
) -> Report:
    """Measure. `data`: a folder with proposals.jsonl.gz and references.jsonl.gz. Without an embedder nothing dense is measured.

    Raises DataError.
    """
    begun = time.monotonic()
    path, asked = data / "proposals.jsonl.gz", references(data / "references.jsonl.gz")
    ours = {lang: questions(lang) for lang in ("en", "zh")}
    daos = {row.dao for rows in (asked, *ours.values()) for row in rows}
    say(f"indexing {len(daos)} DAOs")
    indexed, plains = corpora(path, daos), plain_fields(path, daos)
    vectors = Vectors.of(embedder, path, indexed, say) if embedder else None
    ours = {lang: [row for row in rows if row.relevant <= {head.id for head in indexed[row.dao].heads}] for lang, rows in ours.items()}
    titles, known = [row.title for row in asked], known_items(path, {row.dao for row in asked})
    wanted: list[tuple[str, list[Reference], Candidates]] = [
        (FULL, asked, "instant"),
        (TITLE, titles, "instant"),
        (KNOWN, known, "instant"),
        (f"{FULL}, candidates as numbered", asked, "numbered"),
        (f"{TITLE}, candidates as numbered", titles, "numbered"),
        ("English paraphrases", ours["en"], "instant"),
        ("Chinese questions", ours["zh"], "instant"),
    ]
    sets: dict[str, list[Case]] = {}
    near: dict[str, list[Case]] = {}
    for name, rows, rule in wanted:
        if rows:
            say(f"{name}: features of {len(rows)} queries")
            sets[name] = cases(indexed, rows, rule, plains)
            if vectors and not name.startswith(FULL):
                near[name] = cases(indexed, rows, rule, plains, vectors)
    rankings = _cross_validate(sets, near, seeds, threads, say)
    tables = {name: _methods(name, near.get(name, sets[name]), rankings) for name in sets}
    if vectors:
        tables[FULL]["dense alone"] = Measured.of(_nearest(vectors, indexed[row.dao], row) for row in asked)
    what = f"{sum(len(c.heads) for c in indexed.values())} proposals of {len(daos)} DAOs, references sha256 {sha256(data / 'references.jsonl.gz')[:12]}"
    return Report(
        machine(), what, time.monotonic() - begun, tables, {name: [one.reference.dao for one in found] for name, found in sets.items()}
    )


def machine() -> str:
    """Processor, cores and Python."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    )
    return (
        f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )


def _cross_validate(
    sets: Mapping[str, list[Case]], near: Mapping[str, list[Case]], seeds: Sequence[int], threads: int, say: Say
) -> dict[tuple[str, str], list[Ranking]]:
    """(set, method) to rankings by models that have not seen the query's DAO."""
    place = folds(one.reference.dao for one in sets[FULL])
    out: dict[tuple[str, str], dict[int, Ranking]] = {}
    for fold in range(FOLDS):
        say(f"fold {fold + 1} of {FOLDS}")

        def seen(*groups: Sequence[Case], fold: int = fold) -> list[Case]:
            return [one for group in groups for one in group if place[one.reference.dao] != fold and one.ids]

        ranker = train(
            seen(sets[FULL]),
            seen(sets[TITLE], sets.get(KNOWN, [])),
            seen(near.get(TITLE, []), near.get(KNOWN, [])),
            seeds,
            threads,
        )
        for method, group in (("ranker", sets), ("ranker with vectors", near)):
            for name, found in group.items():
                kept = out.setdefault((name, method), {})
                for i, one in enumerate(found):
                    if place.get(one.reference.dao, 0) == fold:
                        kept[i] = Ranking(one.reference, learned(ranker, one))
    return {which: [found[i] for i in range(len(found))] for which, found in out.items()}


def _nearest(vectors: Vectors, corpus: Corpus, row: Reference) -> Ranking:
    base = candidates(corpus, row, "instant")
    cosine = np.where(base, vectors.cosines(corpus, row.text), -np.inf)
    return Ranking(row, [corpus.heads[place].id for place in np.argsort(-cosine, kind="stable")[:50] if base[place]])


def _signed(gap: float, low: float, high: float) -> str:
    return f"{gap:+.3f} [{low:+.3f}, {high:+.3f}]"


def _methods(name: str, found: Sequence[Case], rankings: Mapping[tuple[str, str], list[Ranking]]) -> dict[str, Measured]:
    methods = {method: Measured.of(Ranking(one.reference, one.orders[method]) for one in found) for method in found[0].orders}
    for method in ("ranker", "ranker with vectors"):
        if (name, method) in rankings:
            methods[method] = Measured.of(rankings[name, method])
    return methods
