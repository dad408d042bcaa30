"""All that search keeps of one DAO: its fields, its citations and when each proposal is known to have existed."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import structlog

from agent.schemas import Proposal
from retrieval.citations import Graph, series
from retrieval.lexical import Field, Floats, Ints
from retrieval.tokens import bigrams, grams, tokens

if TYPE_CHECKING:
    from retrieval.store import Head

log = structlog.get_logger(__name__)

Mask: TypeAlias = npt.NDArray[np.bool_]
Doubles: TypeAlias = npt.NDArray[np.float64]
Arrays: TypeAlias = dict[str, npt.NDArray[np.generic]]

FORMAT = 2
LEAD_CHARS = 900
"""What counts as the lead of a body: about the abstract."""
NEIGHBOURS = 3
"""Dated neighbours with higher numbers that must all be early enough before an undated proposal is."""
_DATE_KEY = re.compile(r"(?:^|_)(?:date|start|end|ratified)(?:_|$)")


@dataclass(slots=True)
class Corpus:
    """The proposals of one DAO in the order of `heads`; every array and field counts in that order."""

    dao: str
    heads: "list[Head]"
    known: Doubles
    """Unix time at which the proposal is known to have existed: created, else an upper bound, else infinity."""
    when: Doubles
    """The same with infinities replaced: a time to order by, not to filter by."""
    length: Floats
    """Terms of title and body."""
    types: Ints
    authors: Ints
    """Codes; every unknown author has his own."""
    body: Field
    title: Field
    pair: Field
    gram: Field
    lead: Field
    graph: Graph

    @classmethod
    def build(cls, dao: str, heads: "Sequence[Head]", proposals: Iterable[Proposal]) -> "Corpus":
        """Read every text once. Heads without a proposal (or the other way round) are left out."""
        texts: dict[str, Proposal] = {proposal.id: proposal for proposal in proposals}
        kept = [head for head in heads if head.id in texts]
        rows = [texts[head.id] for head in kept]
        titles = [tokens(row.title) for row in rows]
        bodies = [tokens(row.body) for row in rows]
        leads = [tokens(row.body[:LEAD_CHARS]) for row in rows]
        known = known_since(rows)
        return cls(
            dao=dao,
            heads=kept,
            known=known,
            when=ordered(rows, known),
            length=np.asarray([len(title) + len(body) for title, body in zip(titles, bodies, strict=True)], np.float32),
            types=_codes([head.type or "" for head in kept]),
            authors=_codes([head.author or f"?{i}" for i, head in enumerate(kept)]),
            body=Field.build(title + body for title, body in zip(titles, bodies, strict=True)),
            title=Field.build(titles, k1=1.2, b=0.3),
            pair=Field.build(bigrams(title) + bigrams(body) for title, body in zip(titles, bodies, strict=True)),
            gram=Field.build((grams(row.title) for row in rows), k1=1.2, b=0.5),
            lead=Field.build((title + lead for title, lead in zip(titles, leads, strict=True)), k1=1.2, b=0.5),
            graph=Graph.build(rows, known),
        )

    def exists(self, before: datetime | None, exclude: Iterable[str] = ()) -> Mask:
        """Which proposals existed at that instant and are not excluded."""
        mask = np.ones(len(self.heads), np.bool_) if before is None else self.known <= before.timestamp()
        dropped = set(exclude)
        if dropped:
            mask &= np.asarray([head.id not in dropped for head in self.heads], np.bool_)
        return mask

    def keep(self, path: Path, key: str) -> bool:
        """Write the cache file as a whole or not at all; a folder that cannot be written costs time, no more."""
        try:
            self.save(path, key)
        except OSError as error:
            log.warning("corpus.not_cached", dao=self.dao, why=str(error))
            return False
        return True

    def save(self, path: Path, key: str) -> None:
        """The same, but raises OSError."""
        arrays: Arrays = {"key": np.frombuffer(key.encode(), np.uint8), "known": self.known, "when": self.when, "length": self.length}
        arrays["ids"] = np.frombuffer("\n".join(head.id for head in self.heads).encode(), np.uint8)
        for name in ("body", "title", "pair", "gram", "lead"):
            field: Field = getattr(self, name)
            arrays |= field.arrays(name)
        arrays |= self.graph.arrays()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, **arrays)  # type: ignore[arg-type]
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path, key: str, dao: str, heads: "Sequence[Head]") -> "Corpus | None":
        """The cached corpus, or None if the file is missing, damaged or of another generation."""
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
                if file["key"].tobytes().decode() != key:
                    return None
                kept: Mapping[str, npt.NDArray[np.generic]] = {name: file[name] for name in file.files}
            wanted = kept["ids"].tobytes().decode().split("\n") if len(kept["ids"]) else []
            by_id = {head.id: head for head in heads}
            size = len(wanted)
            fields = {name: Field.from_arrays(name, kept, size) for name in ("body", "title", "pair", "gram", "lead")}
            known = kept["known"].astype(np.float64)
            return cls(
                dao=dao,
                heads=(found := [by_id[name] for name in wanted]),
                known=known,
                when=kept["when"].astype(np.float64),
                length=kept["length"].astype(np.float32),
                types=_codes([head.type or "" for head in found]),
                authors=_codes([head.author or f"?{i}" for i, head in enumerate(found)]),
                **fields,
                graph=Graph.from_arrays(kept, size),
            )
        except (OSError, EOFError, KeyError, ValueError, BadZipFile):
            return None


def _codes(values: Sequence[str]) -> Ints:
    numbers: dict[str, int] = {}
    return np.asarray([numbers.setdefault(value, len(numbers)) for value in values], np.int32)


def ordered(rows: Sequence[Proposal], known: Doubles) -> Doubles:
    """Times to order by. Of equal times the lower number of a series is the older, and undated ones are spread a week apart."""
    finite = known[np.isfinite(known)]
    when = np.where(np.isfinite(known), known, float(finite.max()) if len(finite) else 0.0)
    lines: dict[str, list[tuple[tuple[int, ...], int]]] = {}
    for place, row in enumerate(rows):
        found = series(row.id)
        if found:
            lines.setdefault(found[0], []).append((found[1], place))
    for line in lines.values():
        line.sort(reverse=True)
        steps = 0
        for number, (_, place) in enumerate(line):
            steps = 0 if rows[place].created else steps + 1
            when[place] -= steps * 7 * 86_400.0 + number * 1e-3
    return when


def cache_path(folder: Path, dao: str) -> Path:
    """Where the corpus of a DAO is cached: a readable name and a hash, as a DAO's name may hold anything."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", dao)[:40]
    return folder / f"{readable}-{hashlib.sha256(dao.encode()).hexdigest()[:12]}.npz"


def cache_key(generation: str) -> str:
    """What a cache file must carry to be used."""
    return f"{FORMAT}:{generation}"


def known_since(rows: Sequence[Proposal]) -> Doubles:
    """When each proposal is known to have existed, in Unix seconds; infinity if nothing tells.

    The creation date where there is one. Else the earliest of: a recorded start, end or ratification date (each comes
    after creation), and the latest creation date among the next three dated proposals of the same numbered series.
    """
    known = np.asarray([row.created.timestamp() if row.created else np.inf for row in rows], np.float64)
    dated: dict[str, list[tuple[tuple[int, ...], float]]] = {}
    places = [series(row.id) for row in rows]
    for place, row in zip(places, rows, strict=True):
        if place and row.created:
            dated.setdefault(place[0], []).append((place[1], row.created.timestamp()))
    for line in dated.values():
        line.sort()
    for i, (place, row) in enumerate(zip(places, rows, strict=True)):
        if row.created:
            continue
        later = [time for number, time in dated.get(place[0], ()) if number > place[1]][:NEIGHBOURS] if place else []
        known[i] = min([max(later), *_recorded(row)] if later else _recorded(row), default=np.inf)
    return known


def _recorded(row: Proposal) -> list[float]:
    found = []
    for name, value in row.extra.items():
        if isinstance(value, str) and _DATE_KEY.search(name):
            try:
                moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
            except ValueError:
                continue
            found.append((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return found
