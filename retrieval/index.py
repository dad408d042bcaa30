"""The dense index: nearest neighbours over vectors that the database owns. Chroma is a cache of them."""

import random
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import structlog
from numpy.typing import NDArray

from agent.errors import InputError, StoreError
from retrieval.chroma import Chroma, Meta, seal, unseal, wipe
from retrieval.embed import Embedder
from retrieval.filters import UNDATED, Filter
from retrieval.scan import DenseHit, Piece, Shelf, Vectors
from retrieval.units import VERSION, Depth

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from retrieval.store import Head

Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]

BATCH = 128  # proposals embedded, stored and indexed at a time: what a kill can lose
PAGE = 500  # proposals moved or compared at a time
SAMPLE = 128  # proposals whose vectors the check at start compares
CLOSE = 1e-4  # largest difference of a number between Chroma and the database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """`embedded`: texts the embedder saw; `reused`: vectors the database had; `added`, `removed`: rows of Chroma."""

    proposals: int = 0
    embedded: int = 0
    reused: int = 0
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Ids of Chroma against the database. `checked`: vectors compared; `pending`: proposals not embedded yet."""

    checked: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    pending: int = 0

    @property
    def ok(self) -> bool:
        """Chroma holds exactly what the database has vectors for."""
        return not (self.missing or self.extra or self.wrong)


class DenseIndex:
    """Threads may share one. One process owns an embedded folder; another answers from the database's vectors.

    `mode` "scan" means: exact, in memory, without Chroma, because the folder is busy or cannot be used; `why` says it.
    """

    def __init__(self, store: Vectors, embedder: Embedder, path: Path | None, url: str | None, depth: Depth) -> None:
        """Use `open`."""
        self.embedder = embedder
        self.mode: Literal["embedded", "server", "scan"] = "scan"
        self.why: str | None = None
        self._store, self._path, self._url = store, path, url
        self._recipe = f"{embedder.name}|{depth}|{VERSION}"
        self._shelf = Shelf(store, embedder.name, depth)
        self._guard = threading.RLock()
        self._lock: BaseFileLock | None = None
        self._chroma: Chroma | None = None
        self._generation: str | None = None
        self._heads: dict[int, Head] = {}
        self._held: dict[int, list[str]] = {}  # Chroma's ids of each proposal that is there whole and current

    @classmethod
    def open(
        cls, store: Vectors, embedder: Embedder, *, path: Path | None = None, url: str | None = None, depth: Depth = "lead"
    ) -> "DenseIndex":
        """Open and check against the database; what is damaged or stale is built anew from stored vectors.

        Nothing is embedded here: `sync` does that. Raises InputError (no place, or two), StoreError (server not reached).
        """
        if (path is None) == (url is None):
            raise InputError("index: give either a folder or the URL of a chroma server")
        index = cls(store, embedder, path, url, depth)
        index._refresh()
        if path is None:
            index._chroma, index.mode = Chroma(index._recipe, url=url), "server"
            index._mend()
        elif index._own(path):
            index._open_folder(path)
        return index

    def close(self) -> None:
        """Let go of Chroma and of the lock. Closing twice does no harm."""
        with self._guard:
            if self._chroma is not None:
                self._chroma.close()
            if self._lock is not None:
                self._lock.release()
            self._chroma, self._lock, self.mode = None, None, "scan"

    def __enter__(self) -> "DenseIndex":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- opening ----------------------------------------------------------------------------

    def _own(self, path: Path) -> bool:
        """Take the lock beside the folder; without it this process scans."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{path}.lock", timeout=0)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            return self._scan_because(f"another process owns '{path}'")
        except OSError as error:
            return self._scan_because(f"'{path}' cannot be written: {error.strerror or error}")
        self._lock = lock
        return True

    def _scan_because(self, why: str) -> bool:
        self.mode, self.why, self._held = "scan", why, {}
        log.info("index.scan", reason=why)
        return False

    def _open_folder(self, path: Path) -> None:
        """Open; if that fails in any way wipe and fill; if that fails too, scan."""
        try:
            self._chroma = Chroma(self._recipe, path=path)
            self.mode = "embedded"
            self._mend()
            return
        except StoreError as error:
            log.warning("index.rebuilt", path=str(path), reason=str(error))
        self._anew(path)

    def _anew(self, path: Path, progress: Progress | None = None) -> SyncReport:
        """Wipe the folder and fill it from stored vectors; where that cannot be done, scan."""
        if self._chroma is not None:
            self._chroma.close()
            self._chroma = None
        try:
            wipe(path)
            self._chroma = Chroma(self._recipe, path=path)
            self.mode, self._held = "embedded", {}
            return self._fill(list(self._heads.values()), [], embed=False, progress=progress)
        except (StoreError, OSError) as error:
            if self._chroma is not None:
                self._chroma.close()
                self._chroma = None
            self._scan_because(str(error))
            return SyncReport()

    def _mend(self) -> None:
        """Compare ids and a sample of vectors; add what is missing, remove what is stale. Raises StoreError if vectors are wrong."""
        extra = self._survey()
        sample = random.Random(0).sample(sorted(self._held), min(SAMPLE, len(self._held)))
        checked, wrong = self._compare([self._heads[row] for row in sample])
        if not wrong:
            self._fill([head for row, head in self._heads.items() if row not in self._held], extra, embed=False)
            return
        problem = f"{len(wrong)} of {checked} vectors compared are wrong"
        if self._url is None:
            raise StoreError(f"index: {problem}")
        log.warning("index.rebuilt", url=self._url, reason=problem)
        self.rebuild()

    # --- what is where ----------------------------------------------------------------------

    def _refresh(self) -> None:
        """Read the heads again if the database has changed."""
        generation = self._store.generation()
        if generation == self._generation:
            return
        self._heads = {head.row: head for head in self._store.heads()}
        self._generation = generation
        self._held = {row: ids for row, ids in self._held.items() if row in self._heads and ids[0].startswith(self._prefix(row))}
        self._shelf.forget(self._heads)

    def _prefix(self, row: int) -> str:
        return f"{row}.{self._heads[row].sha256[:16]}."

    def _ids(self, row: int, count: int) -> list[str]:
        """`row.version.number.count`: an id says what it stands for and how many belong together."""
        return [f"{self._prefix(row)}{number}.{count}" for number in range(count)]

    def _survey(self) -> list[str]:
        """Read Chroma's ids into `_held`; return those that are no part of a whole, current proposal."""
        found: dict[int, set[str]] = {}
        extra: list[str] = []
        for name in self._chroma.ids() if self._chroma else []:
            row = int(name.partition(".")[0]) if name.partition(".")[0].isdigit() else -1
            if row in self._heads and name.startswith(self._prefix(row)) and name.rpartition(".")[2].isdigit():
                found.setdefault(row, set()).add(name)
            else:
                extra.append(name)
        self._held = {}
        for row, names in found.items():
            ids = self._ids(row, len(names))
            if names == set(ids):
                self._held[row] = ids
            else:
                extra.extend(sorted(names))
        return extra

    def _compare(self, heads: "Sequence[Head]") -> tuple[int, list[str]]:
        """Vectors and metadata in Chroma against the database: how many were compared, and the ids that differ."""
        checked, wrong = 0, []
        for start in range(0, len(heads), PAGE):
            part = heads[start : start + PAGE]
            pieces = self._shelf.pieces(part)
            ids = [name for head in part for name in self._held[head.row]]
            there = self._chroma.vectors(ids) if self._chroma else {}
            checked += len(ids)
            for head in part:
                piece, names = pieces.get(head.row), self._held[head.row]
                if piece is None or len(piece.units) != len(names):
                    wrong.extend(names)
                    continue
                metas = self._metas(head, piece)
                for name, vector, meta in zip(names, piece.matrix, metas, strict=True):
                    if name not in there or not _same(there[name], (vector, meta)):
                        wrong.append(name)
        return checked, wrong

    @staticmethod
    def _metas(head: "Head", piece: Piece) -> list[Meta]:
        created = UNDATED if head.created is None else int(head.created.timestamp())
        about: dict[str, str | int] = {
            "row": head.row,
            "dao": head.dao,
            "status": head.status,
            "type": head.type or "",
            "lang": head.lang,
            "created": created,
        }
        return [about | {"start": unit.start, "end": unit.end, "key": unit.key} for unit in piece.units]

    # --- writing ----------------------------------------------------------------------------

    def sync(self, progress: Progress | None = None, dao: str | None = None) -> SyncReport:
        """Embed what has no vector (stored in the database first), and bring Chroma up to date.

        `progress(done, all)` counts proposals. After a kill, the next call goes on. Raises what the embedder raises, StoreError.
        """
        with self._guard:
            self._refresh()
            extra = self._survey() if self._chroma else []
            heads = [head for row, head in self._heads.items() if row not in self._held and dao in (None, head.dao)]
            return self._fill(heads, extra, embed=True, progress=progress)

    def rebuild(self, progress: Progress | None = None) -> SyncReport:
        """Drop Chroma's content and fill it from the database's vectors; nothing is embedded. Raises StoreError."""
        with self._guard:
            self._refresh()
            if self._path is not None and self._lock is not None:
                return self._anew(self._path, progress)
            if self._chroma is None:
                raise StoreError(f"index: cannot rebuild: {self.why or 'it is closed'}")
            self._chroma.clear()
            self._held = {}
            return self._fill(list(self._heads.values()), [], embed=False, progress=progress)

    def audit(self) -> AuditReport:
        """Compare every id and every vector with the database. Raises StoreError (no Chroma here, or it cannot be read)."""
        with self._guard:
            self._refresh()
            if self._chroma is None:
                raise StoreError(f"index: nothing to audit: {self.why or 'it is closed'}")
            extra = self._survey()
            checked, wrong = self._compare([self._heads[row] for row in sorted(self._held)])
            missing: list[str] = []
            pending = 0
            lacking = [head for row, head in self._heads.items() if row not in self._held]
            for start in range(0, len(lacking), PAGE):
                part = lacking[start : start + PAGE]
                pieces = self._shelf.pieces(part)
                pending += len(part) - len(pieces)
                missing.extend(name for row, piece in pieces.items() for name in self._ids(row, len(piece.units)))
            parts = set(missing)
            missing = [name for name in missing if name not in set(extra)]
            return AuditReport(checked, tuple(missing), tuple(name for name in extra if name not in parts), tuple(wrong), pending)

    def _fill(self, heads: "Sequence[Head]", extra: list[str], *, embed: bool, progress: Progress | None = None) -> SyncReport:
        """Bring `heads` into Chroma and take `extra` out; with `embed`, make and store the vectors that lack."""
        if self._chroma is not None and self._path is not None and (heads or extra):
            unseal(self._path)
        try:
            if self._chroma is not None and extra:
                self._chroma.remove(extra)
            report = self._pages(heads, embed, progress)
        except BaseException:
            with suppress(StoreError):  # what is there is whole: the next start need not wipe it
                self._settle()
            raise
        self._settle()
        return replace(report, removed=len(extra) if self._chroma else 0)

    def _pages(self, heads: "Sequence[Head]", embed: bool, progress: Progress | None) -> SyncReport:
        embedded = reused = added = 0
        step = BATCH if embed else PAGE
        for start in range(0, len(heads), step):
            part = heads[start : start + step]
            new = self._embed(part) if embed else 0
            pieces = self._shelf.pieces(part)
            embedded += new
            reused += max(0, sum(len(piece.units) for piece in pieces.values()) - new)
            added += self._put([head for head in part if head.row in pieces], pieces)
            if progress is not None:
                progress(min(start + step, len(heads)), len(heads))
        return SyncReport(len(heads), embedded, reused, added)

    def _embed(self, heads: "Sequence[Head]") -> int:
        """Embed and store the texts that have no vector; their number."""
        keys = list({span.key for found in self._shelf.spans(heads).values() for span in found})
        stored = self._store.vectors(self.embedder.name, keys)
        lacking = [key for key in keys if key not in stored]
        if lacking:
            texts = self._shelf.texts(heads)
            vectors = self.embedder.embed([texts[key] for key in lacking])
            self._store.add_vectors(self.embedder.name, list(zip(lacking, vectors, strict=True)))
        return len(lacking)

    def _put(self, heads: "Sequence[Head]", pieces: dict[int, Piece]) -> int:
        """Write whole proposals to Chroma; the number of its rows."""
        if self._chroma is None or not heads:
            return 0
        ids = {head.row: self._ids(head.row, len(pieces[head.row].units)) for head in heads}
        names = [name for head in heads for name in ids[head.row]]
        metas = [meta for head in heads for meta in self._metas(head, pieces[head.row])]
        self._chroma.put(names, np.concatenate([pieces[head.row].matrix for head in heads]), metas)
        self._held.update(ids)
        return len(names)

    def _settle(self) -> None:
        """Make Chroma write what it still holds back, then seal its files."""
        if self._chroma is None or self._path is None:
            return
        self._chroma.near(np.ones((1, self.embedder.dim), np.float32), 1)
        try:
            seal(self._path)
        except OSError as error:
            raise StoreError(f"index: cannot write '{self._path}': {error.strerror or error}") from error

    # --- asking -----------------------------------------------------------------------------

    def query(
        self,
        text: str,
        *,
        k: int,
        dao: str | None = None,
        rows: Collection[int] | None = None,
        status: str | Sequence[str] = (),
        type: str | None = None,
        lang: str | None = None,
        before: datetime | None = None,
    ) -> list[DenseHit]:
        """The `k` proposals nearest to `text` among those allowed, each once with its best passage, best first.

        `before`: created at or before it; the undated only where `rows` (the allowed `Head.row`s) names them.
        """
        return self.near(self.embedder.embed([text])[0], k=k, dao=dao, rows=rows, status=status, type=type, lang=lang, before=before)

    def near(
        self,
        vector: Floats,
        *,
        k: int,
        dao: str | None = None,
        rows: Collection[int] | None = None,
        status: str | Sequence[str] = (),
        type: str | None = None,
        lang: str | None = None,
        before: datetime | None = None,
    ) -> list[DenseHit]:
        """The same for a unit vector that was made before, e.g. many queries embedded at once."""
        with self._guard:
            self._refresh()
            wanted = Filter.of(dao=dao, rows=rows, status=status, type=type, lang=lang, before=before)
            allowed = {row: head for row, head in self._heads.items() if wanted.allows(head)}
            if self._chroma is not None:
                try:
                    found = self._ask(vector, k, allowed, wanted.where())
                    if len(found) >= min(k, sum(row in self._held for row in allowed)):
                        return found
                except StoreError as error:
                    log.warning("index.unreadable", reason=str(error))
            return self._shelf.scan(vector, list(allowed.values()), k)

    def _ask(self, vector: Floats, k: int, allowed: "dict[int, Head]", where: dict[str, object] | None) -> list[DenseHit]:
        """Ask Chroma for more until `k` allowed proposals are among the answers or it has no more."""
        assert self._chroma is not None
        total = sum(map(len, self._held.values()))
        n = min(total, max(64, 4 * k))
        hits: dict[int, DenseHit] = {}
        while n and allowed:
            found = self._chroma.near(vector[None, :], n, where)[0]
            hits = {}
            for hit in found:
                if hit.row in allowed and hit.id in self._held.get(hit.row, ()):
                    hits.setdefault(hit.row, DenseHit(hit.row, hit.start, hit.end, hit.score))
            if len(hits) >= k or len(found) < n or n >= total:
                break
            n = min(total, 4 * n)
        return sorted(hits.values(), key=lambda hit: (-hit.score, hit.row))[:k]


def _same(there: tuple[Floats, Meta], ours: tuple[Floats, Meta]) -> bool:
    (vector, meta), (own, about) = there, ours
    return vector.shape == own.shape and bool(np.abs(vector - own).max() < CLOSE) and dict(meta) == dict(about)
