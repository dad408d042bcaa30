"""The learned order of candidates: LightGBM over `retrieval.features`, one model for texts and one for short topics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import structlog

from retrieval.asked import Asked
from retrieval.features import NEAREST, Computed

if TYPE_CHECKING:
    from lightgbm import Booster

Kind = Literal["text", "topic", "topic_dense"]
KINDS: tuple[Kind, ...] = ("text", "topic", "topic_dense")

CANDIDATES = 150
"""Proposals that are ranked: the best by the plain sum of scores."""
RRF = 60.0
"""Constant of reciprocal rank fusion."""
DATA = Path(__file__).parent / "data"
ROUNDS = 200
SEEDS = (1, 2)
PARAMETERS: dict[str, object] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}

FIRST = 3
"""Places that stay the ranker's in an answer to a topic."""
NEAR_WEIGHT = 0.3
"""What a vector's rank counts beside the ranker's behind those places."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one training query, best first, and which of them were cited."""

    table: npt.NDArray[np.float32]
    cited: npt.NDArray[np.bool_]


class Ranker:
    """Orders candidates. Without models it keeps the order of the plain sum and says so once."""

    def __init__(self, models: "dict[Kind, list[Booster]]", why_not: str | None = None) -> None:
        self.models = models
        self.why_not = why_not

    @classmethod
    def load(cls, folder: Path = DATA) -> "Ranker":
        """The shipped models; falls back to no model, with the reason in `why_not` and in the log."""
        try:
            import lightgbm

            card = json.loads((folder / "ranker.json").read_text("utf-8"))
            models: dict[Kind, list[Booster]] = {}
            for kind in KINDS:
                files = [folder / name for name in card["files"][kind]]
                models[kind] = [lightgbm.Booster(model_file=str(file)) for file in files]
                if any(model.feature_name() != card["features"][kind] for model in models[kind]):
                    return cls._none(f"the model of kind '{kind}' does not have the features of its card")
            return cls(models)
        except (ImportError, OSError, ValueError, KeyError, TypeError) as error:
            return cls._none(str(error))
        except Exception as error:
            if type(error).__name__ != "LightGBMError":
                raise
            return cls._none(str(error))

    @classmethod
    def _none(cls, why: str) -> "Ranker":
        log.warning("ranker.missing", why=why, instead="weighted sum of lexical and citation scores")
        return cls({}, why)

    def rank(self, computed: Computed, asked: Asked, allowed: npt.NDArray[np.bool_]) -> list[tuple[float, int]]:
        """(score, place) of the allowed proposals, best first. Scores are comparable within one answer only."""
        head, tail = split(computed, allowed)
        models = self.models.get(kind(computed, asked), [])
        if models and len(head):
            table = computed.table[head].astype(np.float64)
            raw = np.mean([np.asarray(model.predict(table, num_threads=1)) for model in models], axis=0)
        else:
            raw = computed.first[head].astype(np.float64)
        again = np.argsort(-raw, kind="stable")
        ranked = [(float(raw[i]), int(head[i])) for i in again]
        floor = ranked[-1][0] if ranked else 0.0
        ranked += [(floor - 1.0 - i, int(place)) for i, place in enumerate(tail)]
        return joined(ranked, computed.column("dense")) if kind(computed, asked) == "topic_dense" else ranked


def joined(ranked: Sequence[tuple[float, int]], cosine: npt.NDArray[np.float32]) -> list[tuple[float, int]]:
    """A topic's order with the nearest vectors let in behind the first places; the scores stay in falling order.

    The ranker learned from citations and misses what is asked in other words; vectors find that and little else. So the
    first FIRST places are the ranker's and the others go by reciprocal ranks (k = 10), a vector's counting NEAR_WEIGHT.
    """
    places = [place for _, place in ranked]
    near = sorted((place for place in places if cosine[place] > 0), key=lambda place: -float(cosine[place]))
    worth = {place: 1 / (10 + i) for i, place in enumerate(places)}
    for i, place in enumerate(near):
        worth[place] += NEAR_WEIGHT / (10 + i)
    order = [*places[:FIRST], *sorted(places[FIRST:], key=lambda place: -worth[place])]
    return [(score, place) for (score, _), place in zip(ranked, order, strict=True)]


def kind(computed: Computed, asked: Asked) -> Kind:
    """Which model a query is for."""
    if not asked.short:
        return "text"
    return "topic_dense" if computed.dense else "topic"


def split(computed: Computed, allowed: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Candidates, and what comes after them, both best first by the plain sum; the nearest vectors are candidates."""
    order = np.argsort(-np.where(allowed, computed.first, -np.inf), kind="stable")
    order = order[np.isfinite(computed.first[order]) & allowed[order]]
    chosen = np.arange(len(order)) < CANDIDATES
    if computed.dense:
        chosen = (np.arange(len(order)) < CANDIDATES - NEAREST) | computed.nearest()[order]
    return order[chosen], order[~chosen]


def fuse(orders: Sequence[Sequence[int]], weights: Sequence[float]) -> list[int]:
    """Weighted reciprocal rank fusion (Cormack, Clarke and Büttcher 2009); of equals the one seen first."""
    score: dict[int, float] = {}
    for order, weight in zip(orders, weights, strict=True):
        for rank, place in enumerate(order):
            score[place] = score.get(place, 0.0) + weight / (RRF + rank)
    return sorted(score, key=lambda place: -score[place])


def fit(groups: Sequence[Group], names: Sequence[str], seed: int, rounds: int = ROUNDS, threads: int = 1) -> "Booster":
    """Train one model; the same groups and seed give the same model."""
    import lightgbm

    table = np.concatenate([group.table for group in groups])
    label = np.concatenate([group.cited.astype(np.int32) for group in groups])
    sizes = [len(group.cited) for group in groups if len(group.cited)]
    data = lightgbm.Dataset(table, label, group=sizes, feature_name=list(names), free_raw_data=True)
    return lightgbm.train({**PARAMETERS, "seed": seed, "num_threads": threads}, data, rounds)
