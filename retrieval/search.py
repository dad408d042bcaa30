"""Search among past proposals: lexical fields, citations, a learned ranker and, where there is one, a dense index."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from agent.schemas import DaoId, Hit, Instant, Proposal, ProposalId, Query
from agent.text import Span
from retrieval import glossary
from retrieval.asked import Asked
from retrieval.citations import cited
from retrieval.concepts import concepts
from retrieval.corpus import Corpus, Mask, cache_key, cache_path
from retrieval.features import compute
from retrieval.lexical import Floats, idf
from retrieval.passages import Passages
from retrieval.ranker import Ranker, fuse

if TYPE_CHECKING:
    from retrieval.store import Head, Store

DENSE_DEPTH = 50
DENSE_WEIGHT = 1.0
"""What a dense rank counts beside a lexical one where no DAO is given; within one DAO the ranker weighs them."""

Step = Callable[[int, int, str], None]


class DenseHit(Protocol):
    """The passage that a dense index found: body[start:end] of the proposal in `row`."""

    @property
    def row(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def score(self) -> float: ...


class Dense(Protocol):
    """What search needs of a dense index."""

    def query(self, text: str, *, k: int, dao: str | None = None, rows: Sequence[int] | None = None) -> Sequence[DenseHit]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal in its final place, before its passage is chosen."""

    score: float
    head: "Head"
    near: Span | None = None
    """Where the dense index saw the fit."""


class Searcher:
    """Satisfies `agent.ports.Memory`. Threads may share one; searches run one at a time.

    `folder` keeps the indexes, one file a DAO; None keeps them in memory only. `multilingual` says that the dense index
    reads Chinese and English alike, so that it needs no translated query.
    """

    def __init__(
        self,
        store: "Store",
        folder: Path | None = None,
        dense: Dense | None = None,
        *,
        ranker: Ranker | None = None,
        multilingual: bool = False,
    ) -> None:
        self.store = store
        self.folder = folder
        self.dense = dense
        self.multilingual = multilingual
        self._ranker = ranker
        self._lock = threading.RLock()
        self._corpora: dict[str, tuple[str, Corpus]] = {}
        self._passages = Passages()

    # --- the port ---------------------------------------------------------------------------

    async def search(self, query: Query) -> list[Hit]:
        """The best `query.k` proposals, each once. Raises StoreError if the store cannot be read."""
        return await asyncio.to_thread(self.find, query)

    async def proposal(self, dao: DaoId, proposal_id: ProposalId) -> Proposal | None:
        """The current version of a proposal."""
        return await asyncio.to_thread(self.store.proposal, dao, proposal_id)

    async def proposals(self, dao: DaoId, before: Instant | None = None) -> int:
        """How many proposals of the DAO a search could have found."""
        return await asyncio.to_thread(self.count, dao, before)

    def concepts(self, text: str) -> tuple[frozenset[str], ...]:
        """What a text is about, in both languages: sets of words any of which names the concept."""
        return concepts(text)

    # --- the same without a loop ------------------------------------------------------------

    @property
    def ranker(self) -> Ranker:
        """Loaded at the first search."""
        if self._ranker is None:
            self._ranker = Ranker.load()
        return self._ranker

    def count(self, dao: str, before: Instant | None = None) -> int:
        """How many proposals of the DAO existed at that instant."""
        return int(self.corpus(dao).exists(before).sum())

    def build(self, step: Step | None = None) -> int:
        """Bring the index of every DAO up to date; returns how many there are. `step` hears (done, all, dao)."""
        daos = self.store.daos()
        for done, dao in enumerate(daos, 1):
            self.corpus(dao)
            if step:
                step(done, len(daos), dao)
        return len(daos)

    def corpus(self, dao: str) -> Corpus:
        """The DAO's index: from memory, from its file, or built anew and kept."""
        with self._lock:
            key = cache_key(self.store.generation(dao))
            held = self._corpora.get(dao)
            if held and held[0] == key:
                return held[1]
            heads = self.store.heads(dao)
            path = cache_path(self.folder, dao) if self.folder and heads else None
            corpus = Corpus.load(path, key, dao, heads) if path else None
            if corpus is None:
                corpus = Corpus.build(dao, heads, self.store.proposals(dao))
                if path:
                    corpus.keep(path, key)
            self._corpora[dao] = (key, corpus)
            return corpus

    def named(self, text: str, dao: str, before: Instant | None = None) -> list[ProposalId]:
        """The proposals a text itself names by id, title id or link, in its order; those that existed at that instant."""
        corpus = self.corpus(dao)
        mask = corpus.exists(before)
        return [ProposalId(corpus.heads[place].id) for place in cited(corpus.graph.names, text) if mask[place]]

    def find(self, query: Query) -> list[Hit]:
        """Search; see `search`."""
        with self._lock:
            if query.dao is None:
                return self._hits(*self._everywhere(query))
            return self._hits(*self._within(self.corpus(query.dao), query))

    # --- one DAO ----------------------------------------------------------------------------

    def _within(self, corpus: Corpus, query: Query) -> tuple[list[Found], dict[str, float]]:
        asked = Asked.of(query.text, translate=glossary.needed(query.text, corpus))
        worth = {word: corpus.body.idf(word) * min(weight, 1.0) for word, weight in asked.words.items()}
        base, mask = corpus.exists(query.before, query.exclude), _mask(corpus, query)
        if not mask.any():
            return [], worth
        now = query.before.timestamp() if query.before else float(corpus.when[base].max()) + 86_400.0
        cosine, near = self._cosines(corpus, query, base) if self.dense is not None and asked.short else (None, {})
        computed = compute(corpus, asked, base, now, cosine)
        known = mask & computed.touched()
        order = [place for _, place in self.ranker.rank(computed, asked, known)] if known.any() else []
        first = [place for place in _named(corpus, asked) if mask[place]]
        order = list(dict.fromkeys([*first, *order]))[: query.k]
        return [Found(1.0 / (1 + i), corpus.heads[place], near.get(place)) for i, place in enumerate(order)], worth

    def _cosines(self, corpus: Corpus, query: Query, base: Mask) -> tuple[Floats | None, dict[int, Span]]:
        """Cosine of every proposal that existed, 0 where there is no vector yet, and the passages it came from.

        None if there is no vector at all: then the model that knows no vectors is the better one.
        """
        assert self.dense is not None
        rows = [corpus.heads[place].row for place in np.flatnonzero(base)]
        text = query.text if self.multilingual else _english(query.text)
        places = {head.row: place for place, head in enumerate(corpus.heads)}
        cosine = np.zeros(len(corpus.heads), np.float32)
        near: dict[int, Span] = {}
        for hit in self.dense.query(text, k=len(rows), dao=corpus.dao, rows=rows):
            place = places.get(hit.row)
            if place is not None and base[place]:
                cosine[place], near[place] = hit.score, Span(hit.start, hit.end)
        return (cosine if near else None), near

    # --- every DAO --------------------------------------------------------------------------

    def _everywhere(self, query: Query) -> tuple[list[Found], dict[str, float]]:
        """BM25 with idf over all DAOs, fused with the dense index. The ranker needs one DAO and is not used."""
        corpora = [self.corpus(dao) for dao in self.store.daos()]
        asked = Asked.of(query.text, translate=any(glossary.needed(query.text, corpus) for corpus in corpora))
        size = sum(len(corpus.heads) for corpus in corpora)
        worth = {word: idf(size, sum(corpus.body.df(word) for corpus in corpora)) for word in asked.words}
        ranked: list[tuple[float, Head]] = []
        first: list[Head] = []
        masks = {corpus.dao: _mask(corpus, query) for corpus in corpora}
        for corpus in corpora:
            mask = masks[corpus.dao]
            scores = np.where(mask, corpus.body.scores(asked.words, worth), -np.inf)
            order = np.argsort(-scores, kind="stable")[: max(query.k, DENSE_DEPTH)]
            ranked += [(float(scores[place]), corpus.heads[place]) for place in order if scores[place] > 0]
            first += [corpus.heads[place] for place in _named(corpus, asked) if mask[place]] if asked.short else []
        ranked.sort(key=lambda pair: (-pair[0], pair[1].dao, pair[1].id))
        heads = {head.row: head for corpus in corpora for head in corpus.heads}
        order_rows = [head.row for _, head in ranked]
        if self.dense is not None and asked.short:
            rows = [corpus.heads[place].row for corpus in corpora for place in np.flatnonzero(masks[corpus.dao])]
            text = query.text if self.multilingual else _english(query.text)
            hits = self.dense.query(text, k=max(DENSE_DEPTH, query.k), dao=None, rows=rows)
            among = set(rows)
            order_rows = fuse([order_rows, [hit.row for hit in hits if hit.row in among]], [1.0, DENSE_WEIGHT])
        order_rows = list(dict.fromkeys([*(head.row for head in first), *order_rows]))
        return [Found(1.0 / (1 + i), heads[row]) for i, row in enumerate(order_rows[: query.k])], worth

    # --- passages ---------------------------------------------------------------------------

    def _hits(self, found: Sequence[Found], worth: Mapping[str, float]) -> list[Hit]:
        bodies = self.store.bodies([one.head.row for one in found])
        hits = []
        for one in found:
            head, body = one.head, bodies.get(one.head.row, "")
            start, end = self._passages.best(head.body_sha256, body, worth, one.near)
            hits.append(
                Hit(
                    dao=DaoId(head.dao),
                    id=ProposalId(head.id),
                    title=head.title,
                    status=head.status,
                    created=head.created,
                    score=round(one.score, 6),
                    quote=body[start:end],
                    start=start,
                    end=end,
                    url=head.url,
                    body_sha256=head.body_sha256,
                )
            )
        return hits


def _mask(corpus: Corpus, query: Query) -> Mask:
    """What may be answered: existed, not excluded, passes the filters."""
    mask = corpus.exists(query.before, query.exclude)
    filters: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("status", tuple(query.status)),
        ("type", (query.type,) if query.type else ()),
        ("lang", (query.lang,) if query.lang else ()),
    )
    for name, among in filters:
        if among:
            mask &= np.asarray([getattr(head, name) in among for head in corpus.heads], np.bool_)
    return mask


def _named(corpus: Corpus, asked: Asked) -> list[int]:
    """Proposals that the query itself names. A full text may only name them exactly; a topic also by a title's id."""
    names = corpus.graph.names
    whole = asked.text.strip()
    same = [place for place, head in enumerate(corpus.heads) if head.id == whole]
    return list(dict.fromkeys([*same, *cited(names, asked.text, exact=not asked.short)]))


def _english(text: str) -> str:
    from retrieval.tokens import has_chinese

    return glossary.to_english(text) or text if has_chinese(text) else text
