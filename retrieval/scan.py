"""Vectors as the database holds them, and the exact nearest neighbours among them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.units import Depth, Span, units

if TYPE_CHECKING:
    from retrieval.store import Head

Floats = NDArray[np.float32]

SLICE = 500  # proposals whose texts are held in memory at once


class Vectors(Protocol):
    """What the index needs of the store."""

    def heads(self, dao: str | None = None) -> "list[Head]": ...
    def bodies(self, rows: Sequence[int]) -> dict[int, str]: ...
    def generation(self, dao: str | None = None) -> str: ...
    def vectors(self, model: str, keys: Sequence[str]) -> dict[str, Floats]: ...
    def add_vectors(self, model: str, rows: Iterable[tuple[str, Floats]]) -> None: ...


@dataclass(frozen=True, slots=True)
class DenseHit:
    """The best passage of a proposal: body[start:end] of `row`. `score` is a cosine."""

    row: int
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Piece:
    """All vectors of one version: `matrix` has a row for each unit."""

    units: tuple[Span, ...]
    matrix: Floats


class Shelf:
    """Reads pieces from the database; what a scan has read stays in memory for the next."""

    def __init__(self, store: Vectors, model: str, depth: Depth) -> None:
        self.store, self.model, self.depth = store, model, depth
        self._kept: dict[tuple[int, str], Piece] = {}
        self._spans: dict[tuple[int, str], tuple[Span, ...]] = {}  # cutting a text costs a millisecond: do it once

    def texts(self, heads: "Sequence[Head]") -> dict[str, str]:
        """What to embed, by key, cut from the current bodies."""
        bodies = self.store.bodies([head.row for head in heads])
        found: dict[str, str] = {}
        for head in heads:
            if head.row in bodies:
                cut = [(unit.text, unit.span) for unit in units(head.title, bodies[head.row], self.depth)]
                self._spans[head.row, head.sha256] = tuple(span for _, span in cut)
                found.update({span.key: text for text, span in cut})
        return found

    def spans(self, heads: "Sequence[Head]") -> dict[int, tuple[Span, ...]]:
        """Keys and passages by row, from memory or cut now."""
        self.texts([head for head in heads if (head.row, head.sha256) not in self._spans])
        return {head.row: self._spans[head.row, head.sha256] for head in heads if (head.row, head.sha256) in self._spans}

    def pieces(self, heads: "Sequence[Head]") -> dict[int, Piece]:
        """Pieces by row, of those proposals all of whose vectors are stored."""
        spans = self.spans(heads)
        stored = self.store.vectors(self.model, list({span.key for found in spans.values() for span in found}))
        whole = {row: found for row, found in spans.items() if all(span.key in stored for span in found)}
        return {row: Piece(found, np.stack([stored[span.key] for span in found])) for row, found in whole.items()}

    def scan(self, vector: Floats, heads: "Sequence[Head]", k: int) -> list[DenseHit]:
        """The exact `k` nearest proposals among `heads`, best first; what is not embedded is passed over."""
        lacking = [head for head in heads if (head.row, head.sha256) not in self._kept]
        for start in range(0, len(lacking), SLICE):
            part = lacking[start : start + SLICE]
            found = self.pieces(part)
            self._kept.update({(head.row, head.sha256): found[head.row] for head in part if head.row in found})
        pieces = [(head.row, self._kept[head.row, head.sha256]) for head in heads if (head.row, head.sha256) in self._kept]
        if not pieces:
            return []
        scores = np.concatenate([piece.matrix for _, piece in pieces]) @ vector
        hits = []
        at = 0
        for row, piece in pieces:
            own = scores[at : at + len(piece.units)]
            at += len(piece.units)
            best = int(np.argmax(own))
            hits.append(DenseHit(row, piece.units[best].start, piece.units[best].end, float(own[best])))
        return sorted(hits, key=lambda hit: (-hit.score, hit.row))[:k]

    def forget(self, current: "dict[int, Head]") -> None:
        """Drop versions that are no longer current."""
        live = {(row, head.sha256) for row, head in current.items()}
        self._kept = {key: piece for key, piece in self._kept.items() if key in live}
        self._spans = {key: spans for key, spans in self._spans.items() if key in live}
