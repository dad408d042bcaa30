"""What the ranker sees of a query and each proposal: text, time and citations, all as of the query's instant."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.asked import Asked
from retrieval.citations import cited
from retrieval.corpus import Corpus, Mask
from retrieval.lexical import Field, Floats

DAY = 86_400.0
NEAREST = 30
"""Nearest vectors that become candidates whatever their words."""


def top(scores: Floats) -> Floats:
    """Scaled so that the best is 1."""
    best = float(scores.max(initial=0.0))
    return scores / best if best > 0 else scores


def zscore(values: Floats, mask: Mask) -> Floats:
    """Standardised over the masked entries."""
    chosen = values[mask]
    spread = float(chosen.std()) if len(chosen) else 0.0
    return (values - float(chosen.mean())) / spread if spread > 0 else np.zeros_like(values)


def ranks(values: Floats) -> Floats:
    """0 for the largest; ties in order."""
    out = np.empty(len(values), np.float32)
    out[np.argsort(-values, kind="stable")] = np.arange(len(values), dtype=np.float32)
    return out


def ideal(part: Field, words: Mapping[str, float]) -> float:
    """Sum of idf over the query's terms that any document holds: what full coverage is worth."""
    return sum(part.idf(word) * count for word, count in words.items() if part.number(word) is not None) or 1.0


def once(words: Mapping[str, float]) -> dict[str, float]:
    """Each term counted once."""
    return dict.fromkeys(words, 1.0)


@dataclass(slots=True)
class Computed:
    """Features of every proposal of the corpus, and the score that picks candidates."""

    names: list[str]
    table: npt.NDArray[np.float32]
    first: Floats

    def touched(self) -> Mask:
        """What shares a term with the query, is cited by something that does, or is among the nearest vectors."""
        found = (self.column("body_raw") > 0) | (self.column("near_20") > 0)
        return found | self.nearest() if self.dense else found

    @property
    def dense(self) -> bool:
        """Whether vectors were at hand."""
        return "dense" in self.names

    def column(self, name: str) -> Floats:
        """One feature of every proposal."""
        return self.table[:, self.names.index(name)]

    def nearest(self) -> Mask:
        """The nearest vectors."""
        near: Mask = (self.column("dense_rank") < np.log1p(NEAREST)) & (self.column("dense") > 0)
        return near


def compute(corpus: Corpus, asked: Asked, base: Mask, now: float, dense: Floats | None = None) -> Computed:
    """Features for all proposals; `base` says which existed at `now` (Unix time) and may speak as neighbours and citers.

    `dense`: cosine of each proposal with the query, 0 where unknown.
    """
    columns: dict[str, Floats] = {}
    _text(corpus, asked, base, columns)
    similar = np.where(base, columns["body"] + 0.3 * columns["pair"] + 0.2 * columns["gram"], 0.0).astype(np.float32)
    _time(corpus, base, now, columns)
    _citations(corpus, asked, base, now, similar, columns)
    _kinds(corpus, base, similar, columns)
    first = (
        zscore(columns["body_raw"], base)
        + 0.3 * zscore(columns["pair"], base)
        + 0.2 * zscore(columns["gram"], base)
        - 0.6 * zscore(columns["age_rank"], base)
        + 0.4 * zscore(columns["near_20"], base)
    )
    size = len(corpus.heads)
    columns["docs"] = np.full(size, np.log1p(base.sum()), np.float32)
    columns["asked"] = np.full(size, np.log1p(sum(asked.words.values())), np.float32)
    columns["first"] = first
    columns["first_rank"] = ranks(np.where(base, first, -1e9).astype(np.float32))
    if dense is not None:
        columns |= _dense(np.where(base, dense, -1.0).astype(np.float32))
    names = list(columns)
    table = np.stack([columns[name].astype(np.float32, copy=False) for name in names], axis=1)
    return Computed(names, table, np.where(base, first, -np.inf).astype(np.float32))


def _dense(cosine: Floats) -> dict[str, Floats]:
    return {"dense": cosine, "dense_rank": np.log1p(ranks(cosine)), "dense_gap": cosine - cosine.max(initial=-1.0)}


def _text(corpus: Corpus, asked: Asked, base: Mask, out: dict[str, Floats]) -> None:
    body = np.where(base, corpus.body.scores(asked.words), 0).astype(np.float32)
    out["body_raw"] = body
    out["body"] = top(body)
    out["body_cover"] = body / ideal(corpus.body, asked.words)
    out["body_rank"] = np.log1p(ranks(body))
    out["body_once"] = top(np.where(base, corpus.body.scores(once(asked.words)), 0).astype(np.float32))
    sharp = {word: corpus.body.idf(word) for word in asked.words}
    out["body_sharp"] = top(np.where(base, corpus.body.scores(sharp), 0).astype(np.float32))
    by_title = np.where(base, corpus.body.scores(asked.title_words), 0).astype(np.float32)
    out["body_by_title"] = top(by_title)
    out["body_by_title_cover"] = by_title / ideal(corpus.body, asked.title_words)
    out["body_by_lead"] = top(np.where(base, corpus.body.scores(asked.lead_words), 0).astype(np.float32))
    pair = np.where(base, corpus.pair.scores(asked.pairs), 0).astype(np.float32)
    out["pair"] = top(pair)
    out["pair_cover"] = pair / ideal(corpus.pair, asked.pairs)
    out["pair_rank"] = np.log1p(ranks(pair))
    out["lead"] = top(np.where(base, corpus.lead.scores(asked.words), 0).astype(np.float32))
    out["lead_by_title"] = top(np.where(base, corpus.lead.scores(asked.title_words), 0).astype(np.float32))
    own = np.maximum(corpus.title.own(), 1e-6)
    in_text, in_title = corpus.title.scores(once(asked.words)), corpus.title.scores(once(asked.title_words))
    out["title"] = top(np.where(base, corpus.title.scores(asked.words), 0).astype(np.float32))
    out["title_inside"] = (in_text / own).astype(np.float32)
    out["title_by_title"] = top(np.where(base, in_title, 0).astype(np.float32))
    out["title_by_title_inside"] = (in_title / own).astype(np.float32)
    out["title_by_title_cover"] = in_title / ideal(corpus.title, once(asked.title_words))
    gram = np.where(base, corpus.gram.scores(asked.grams), 0).astype(np.float32)
    out["gram"] = top(gram)
    out["gram_inside"] = (gram / np.maximum(corpus.gram.own(), 1e-6)).astype(np.float32)
    out["length"] = np.log1p(corpus.length)


def _time(corpus: Corpus, base: Mask, now: float, out: dict[str, Floats]) -> None:
    known = corpus.when
    age = np.maximum(now - known, 0.0) / DAY
    out["age"] = np.log1p(age).astype(np.float32)
    younger = ranks(_order(known, base))
    out["age_rank"] = younger
    out["age_rank_log"] = np.log1p(younger)
    out["age_share"] = (younger / max(1, int(base.sum()))).astype(np.float32)


def _order(known: npt.NDArray[np.float64], base: Mask) -> Floats:
    order = np.argsort(known, kind="stable")
    place = np.empty(len(known), np.float32)
    place[order] = np.arange(len(known), dtype=np.float32)
    return np.where(base, place, -1.0).astype(np.float32)


def _spread(corpus: Corpus, live: Mask, weight: Floats, size: int) -> Floats:
    """Sum of the citers' weights at the cited."""
    graph = corpus.graph
    return np.bincount(graph.dst[live], weights=weight[graph.src[live]], minlength=size).astype(np.float32)


def _best(scores: Floats, k: int) -> Floats:
    """The k largest kept, the rest 0."""
    if len(scores) <= k:
        return scores
    cut = np.partition(scores, -k)[-k]
    return np.where(scores >= cut, scores, 0).astype(np.float32)


def _citations(corpus: Corpus, asked: Asked, base: Mask, now: float, similar: Floats, out: dict[str, Floats]) -> None:
    graph, size = corpus.graph, len(corpus.heads)
    live = base[graph.src]
    src, dst = graph.src[live], graph.dst[live]
    near = top(similar)
    degree = np.maximum(np.bincount(src, minlength=size), 1).astype(np.float32)
    for k in (5, 20, 60):
        weight = _best(near, k) ** 2
        out[f"near_{k}"] = _spread(corpus, live, weight, size)
    weight = _best(near, 20) ** 2
    out["near_shared"] = _spread(corpus, live, weight / degree, size)
    best = np.zeros(size, np.float32)
    np.maximum.at(best, dst, near[src])
    out["near_max"] = best
    out["near_top"] = top(out["near_20"])
    recent = np.exp(-np.maximum(now - corpus.when, 0) / (180 * DAY)).astype(np.float32)
    out["near_recent"] = _spread(corpus, live, weight * recent, size)
    cites = np.bincount(src, weights=weight[dst], minlength=size).astype(np.float32)
    out["cites_near"] = cites
    out["together"] = _spread(corpus, live, cites, size) - np.bincount(dst, weights=weight[dst], minlength=size).astype(np.float32)
    out["coupled"] = np.bincount(src, weights=out["near_20"][dst], minlength=size).astype(np.float32)
    indegree = np.bincount(dst, minlength=size).astype(np.float32)
    out["cited"] = np.log1p(indegree)
    out["cites"] = np.log1p(np.bincount(src, minlength=size)).astype(np.float32)
    times = corpus.when[src]
    for days in (30, 180):
        fresh = times >= now - days * DAY
        out[f"cited_{days}"] = np.bincount(dst[fresh], minlength=size).astype(np.float32)
    last = np.full(size, -np.inf)
    np.maximum.at(last, dst, times)
    out["cited_last"] = np.where(np.isfinite(last), np.log1p(np.maximum(now - last, 0) / DAY), 12.0).astype(np.float32)
    followers = out["age_rank"] + 1
    out["cited_rate"] = (indegree / np.sqrt(followers)).astype(np.float32)
    exact, loose = set(cited(graph.names, asked.text, exact=True)), set(cited(graph.names, asked.text))
    out["named"] = np.asarray([(place in exact) + (place in loose) for place in range(size)], np.float32)


def _kinds(corpus: Corpus, base: Mask, similar: Floats, out: dict[str, Floats]) -> None:
    """Types and authors: how like the neighbours', and which types the neighbours' type tends to cite."""
    graph, size = corpus.graph, len(corpus.heads)
    weight = _best(top(similar), 10) ** 2
    total = float(weight.sum()) or 1.0
    for name, codes in (("type", corpus.types), ("author", corpus.authors)):
        share = np.bincount(codes, weights=weight, minlength=int(codes.max(initial=0)) + 1) / total
        out[f"same_{name}"] = share[codes].astype(np.float32)
    live = base[graph.src]
    kinds = int(corpus.types.max(initial=0)) + 1
    matrix = np.zeros((kinds, kinds), np.float64)
    np.add.at(matrix, (corpus.types[graph.src[live]], corpus.types[graph.dst[live]]), 1.0)
    population = np.maximum(np.bincount(corpus.types[base], minlength=kinds), 1)
    mine = np.bincount(corpus.types, weights=weight, minlength=kinds) / total
    rate = (mine @ matrix) / population
    out["type_cited"] = np.log1p(rate[corpus.types]).astype(np.float32)
    out["type_recent"] = _rank_in_type(corpus, base, size)


def _rank_in_type(corpus: Corpus, base: Mask, size: int) -> Floats:
    out = np.zeros(size, np.float32)
    place = _order(corpus.when, base)
    for kind in np.unique(corpus.types):
        chosen = corpus.types == kind
        out[chosen] = ranks(place[chosen])
    return np.log1p(out)
