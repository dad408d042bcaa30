"""BM25 over one field: postings in flat arrays, weights without idf so that several fields of several DAOs can share one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int32]

K1 = 3.0
B = 0.5


@dataclass(slots=True)
class Field:
    """Postings of one field. Term t fills [indptr[t], indptr[t + 1]) of `docs` and `weights`.

    `weights` are tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length)): BM25 without its idf.
    """

    terms: list[str]
    indptr: Ints
    docs: Ints
    weights: Floats
    size: int
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)
    _own: Floats | None = field(default=None, repr=False)

    @classmethod
    def build(cls, texts: Iterable[Sequence[str]], k1: float = K1, b: float = B) -> "Field":
        """Index one list of terms per document."""
        numbers: dict[str, int] = {}
        term_ids: list[int] = []
        doc_ids: list[int] = []
        counts: list[int] = []
        lengths: list[int] = []
        for doc, words in enumerate(texts):
            tally = Counter(words)
            lengths.append(len(words))
            term_ids += [numbers.setdefault(word, len(numbers)) for word in tally]
            counts += tally.values()
            doc_ids += [doc] * len(tally)
        length = np.asarray(lengths, np.float32)
        norm = k1 * (1 - b + b * length / max(float(length.mean()) if len(length) else 1.0, 1.0))
        terms, docs = np.asarray(term_ids, np.int32), np.asarray(doc_ids, np.int32)
        tf = np.asarray(counts, np.float32)
        order = np.argsort(terms, kind="stable")
        weights = tf * (k1 + 1) / (tf + norm[docs]) if len(tf) else tf
        indptr = np.zeros(len(numbers) + 1, np.int32)
        np.cumsum(np.bincount(terms, minlength=len(numbers)), out=indptr[1:])
        return cls(list(numbers), indptr, docs[order], weights[order].astype(np.float32), len(lengths), numbers)

    def number(self, term: str) -> int | None:
        """The term's number, or None if no document has it."""
        if not self._numbers:
            self._numbers = {term: i for i, term in enumerate(self.terms)}
        return self._numbers.get(term)

    def df(self, term: str) -> int:
        """How many documents hold the term."""
        t = self.number(term)
        return 0 if t is None else int(self.indptr[t + 1] - self.indptr[t])

    def idf(self, term: str) -> float:
        """Lucene's ln(1 + (n - df + .5) / (df + .5)): never negative."""
        return idf(self.size, self.df(term))

    def scores(self, query: Mapping[str, float], idfs: Mapping[str, float] | None = None) -> Floats:
        """Score of every document for weighted terms; `idfs` overrides the field's own."""
        out = np.zeros(self.size, np.float32)
        for term, weight in query.items():
            t = self.number(term)
            if t is None:
                continue
            a, b = int(self.indptr[t]), int(self.indptr[t + 1])
            worth = idfs[term] if idfs is not None else idf(self.size, b - a)
            out[self.docs[a:b]] += np.float32(weight * worth) * self.weights[a:b]
        return out

    def own(self) -> Floats:
        """What each document scores for its own terms, each once; computed at the first call."""
        if self._own is None:
            df = np.diff(self.indptr)
            worth = np.repeat(np.log1p((self.size - df + 0.5) / (df + 0.5)), df) * self.weights
            self._own = np.bincount(self.docs, weights=worth, minlength=self.size).astype(np.float32)
        return self._own

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """What a cache file keeps."""
        joined = np.frombuffer("\n".join(self.terms).encode(), np.uint8)
        return {f"{name}.terms": joined, f"{name}.indptr": self.indptr, f"{name}.docs": self.docs, f"{name}.weights": self.weights}

    @classmethod
    def from_arrays(cls, name: str, kept: Mapping[str, npt.NDArray[np.generic]], size: int) -> "Field":
        """The reverse of `arrays`. Raises KeyError or ValueError if the cache is not what it should be."""
        text = kept[f"{name}.terms"].tobytes().decode()
        terms = text.split("\n") if text else []
        indptr = kept[f"{name}.indptr"].astype(np.int32, copy=False)
        if len(indptr) != len(terms) + 1:
            raise ValueError(f"lexical: field {name!r} does not fit its terms")
        docs, weights = kept[f"{name}.docs"].astype(np.int32, copy=False), kept[f"{name}.weights"].astype(np.float32, copy=False)
        return cls(terms, indptr, docs, weights, size)


def idf(size: int, df: int) -> float:
    """Inverse document frequency as Lucene computes it."""
    return float(np.log1p((size - df + 0.5) / (df + 0.5)))
