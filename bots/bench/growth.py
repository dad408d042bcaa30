"""Ingest rate and draft time as the database grows, and ingest against a bare Chroma add of the same chunks and vectors."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from agent.schemas import Proposal
from agent.settings import Settings
from bots.bench.data import proposals
from bots.bench.machine import machine, peak_mib
from bots.wiring import App

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZES = (1000, 4000, 0)
TOPICS = ("treasury diversification", "grants program budget", "reduce the quorum", "liquidity incentives", "security audit")


class Drawn:
    """An embedder whose vectors cost nothing: seeded by the text's hash, so that only storing them is timed."""

    name = "drawn"
    dim = 384

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Unit rows, the same for the same text."""
        import hashlib

        rows = np.stack([np.frombuffer(hashlib.shake_128(t.encode()).digest(self.dim), np.uint8).astype(np.float32) - 127.5 for t in texts])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def run(data: Path) -> dict[str, object]:
    """A row a size, and the ratio of ingest (rows, chunks, vectors, index) to a bare add, in one run."""
    every = sorted(proposals(data), key=lambda p: (p.created is None, p.created, p.dao, p.id))
    steps = [_step(every[:size] if size else every) for size in SIZES]
    return {"machine": machine(), "data": str(data), "steps": steps, "bare_add": _ratio(every[:1000]), "peak_mib": round(peak_mib())}


def _step(rows: Sequence[Proposal]) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder, App(Settings(home=Path(folder))) as app:
        app.__dict__["dense"] = None
        began = time.perf_counter()
        for start in range(0, len(rows), 500):
            app.store.add_proposals(rows[start : start + 500])
        stored = time.perf_counter() - began
        daos = app.store.daos()
        dao = max(daos, key=lambda name: daos[name])
        cold = 0.0
        times: list[float] = []
        for place, topic in enumerate(TOPICS * 2):
            began = time.perf_counter()
            asyncio.run(_draft(app, dao, topic, f"run{place}"))
            spent = time.perf_counter() - began
            if place:
                times.append(spent)
            else:
                cold = spent
    return {
        "proposals": len(rows),
        "rows_per_s": round(len(rows) / stored),
        "largest_dao": f"{dao} ({daos[dao]})",
        "first_draft_s": round(cold, 2),
        "draft_p50_s": round(statistics.median(times), 2),
    }


async def _draft(app: App, dao: str, topic: str, run_id: str) -> None:
    from agent.schemas import DaoId, Request
    from bots.drafting import begin

    await begin(app, run_id, Request(topic=topic, dao=DaoId(dao)), lambda event: None)


def _ratio(rows: Sequence[Proposal]) -> dict[str, object]:
    """Ours: rows and vectors into the database, vectors into the index. Bare: the same ids, texts and vectors into Chroma. In turns."""
    ours, bare, count = [], [], 0
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            spent, entries = _ours(rows, Path(folder))
            ours.append(spent)
        with tempfile.TemporaryDirectory() as folder:
            bare.append(_bare(entries, Path(folder)))
        count = len(entries)
    return {
        "proposals": len(rows),
        "vectors": count,
        "ours_s": round(statistics.median(ours), 2),
        "bare_s": round(statistics.median(bare), 2),
        "ratio": round(statistics.median(a / b for a, b in zip(ours, bare, strict=True)), 2),
    }


def _ours(rows: Sequence[Proposal], folder: Path) -> tuple[float, list[str]]:
    from retrieval.chunk import lead
    from retrieval.index import DenseIndex

    with App(Settings(home=folder)) as app:
        began = time.perf_counter()
        for start in range(0, len(rows), 500):
            app.store.add_proposals(rows[start : start + 500])
        index = DenseIndex.open(app.store, Drawn(), path=folder / "chroma")
        index.sync()
        spent = time.perf_counter() - began
        index.close()
    return spent, [lead(row.title, row.body) for row in rows]


def _bare(texts: Sequence[str], folder: Path) -> float:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    vectors = Drawn().embed(texts)
    began = time.perf_counter()
    client = chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection("bare", embedding_function=None)
    for start in range(0, len(texts), 1000):
        part = slice(start, start + 1000)
        ids = [str(i) for i in range(start, min(start + 1000, len(texts)))]
        collection.add(ids=ids, embeddings=vectors[part], documents=list(texts[part]))
    return time.perf_counter() - began


def table(report: dict[str, object]) -> str:
    """Markdown."""
    lines = ["| proposals | rows/s | largest DAO | first draft s | draft p50 s |", "|---:|---:|---|---:|---:|"]
    steps = report["steps"]
    assert isinstance(steps, list)
    lines += [
        f"| {s['proposals']:,} | {s['rows_per_s']:,} | {s['largest_dao']} | {s['first_draft_s']} | {s['draft_p50_s']} |" for s in steps
    ]
    return "\n".join(
        [
            *lines,
            "",
            f"against a bare Chroma add: {report['bare_add']}",
            f"peak memory {report['peak_mib']} MiB; {report['machine']}; {report['data']}",
        ]
    )
