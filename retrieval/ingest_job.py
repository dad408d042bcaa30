"""One file's way into the store: rows, progress and what was skipped are committed together."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, func, select

from agent.schemas import Chart, Post, Proposal, Series
from retrieval.records import Records
from retrieval.store import Counts, Store
from retrieval.tables import ingest_progress, ingest_skipped

BATCH_ROWS = 500
BATCH_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Skip:
    """A row that was not stored, and why."""

    file: Path
    line: int
    reason: str

    @property
    def where(self) -> str:
        return f"{self.file.name} line {self.line}"


@dataclass(slots=True)
class Tallies:
    """What a file has given so far."""

    counts: Counts = field(default_factory=Counts)
    records: Counts = field(default_factory=Counts)
    skipped: int = 0
    through: bool = False
    """The file was read to its end."""

    @property
    def rows(self) -> int:
        return self.skipped + sum(each.new + each.changed + each.same for each in (self.counts, self.records))

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Tallies":
        read = json.loads(text)
        return cls(Counts(**read["counts"]), Counts(**read["records"]), read["skipped"], read["through"])


class Job:
    """Rows wait here until `commit` stores them, with the place to go on from, in one transaction."""

    def __init__(self, store: Store, path: Path, dao: str | None, tell: Callable[["Job"], None]) -> None:
        self.store, self.path, self.dao, self.tell = store, path, dao, tell
        self.key = _key(path, dao)
        self.offset = 0
        """Bytes of text (unpacked) that are dealt with."""
        self.line = 0
        """Lines that are dealt with."""
        self.done = 0
        """Bytes of the file on disk that are dealt with."""
        self.tallies = Tallies()
        self.resumed = 0
        """Rows that an earlier, interrupted run had dealt with."""
        self._waiting: list[Proposal | Series | Post | Chart] = []
        self._skips: list[Skip] = []
        self._bytes = 0
        self._load()

    def _load(self) -> None:
        with self.store.db.read() as connection:
            row = connection.execute(select(ingest_progress).where(ingest_progress.c.job == self.key)).first()
        if row is not None:
            self.offset, self.line, self.tallies = row.offset, row.line, Tallies.from_json(row.counts)
            self.resumed = self.tallies.rows

    def add(self, row: Proposal | Series | Post | Chart, size: int) -> None:
        """Take a row of `size` bytes; call `commit` when `full`."""
        self._waiting.append(row)
        self._bytes += size

    def skip(self, line: int, reason: str) -> None:
        """Note a row that can't be stored."""
        self._skips.append(Skip(self.path, line, reason))

    @property
    def full(self) -> bool:
        return len(self._waiting) + len(self._skips) >= BATCH_ROWS or self._bytes >= BATCH_BYTES

    def commit(self, offset: int, line: int, done: int, *, through: bool = False) -> None:
        """Store what waits and the place behind it. Raises StoreError; then nothing of it is stored."""
        counts = records = Counts()
        keeper = Records(self.store)
        with self.store.db.write() as connection:
            if proposals := [row for row in self._waiting if isinstance(row, Proposal)]:
                counts = self.store.put_proposals(connection, proposals)
            records += keeper.put_series(connection, [row for row in self._waiting if isinstance(row, Series)])
            records += keeper.put_posts(connection, [row for row in self._waiting if isinstance(row, Post)])
            records += keeper.put_charts(connection, [row for row in self._waiting if isinstance(row, Chart)])
            tallies = Tallies(
                self.tallies.counts + counts, self.tallies.records + records, self.tallies.skipped + len(self._skips), through
            )
            place = {"path": str(self.path), "offset": offset, "line": line, "counts": tallies.to_json(), "updated": datetime.now(UTC)}
            upsert = self.store.db.insert(ingest_progress).values(place | {"job": self.key})
            connection.execute(upsert.on_conflict_do_update(index_elements=["job"], set_=place))
            if self._skips:
                connection.execute(
                    self.store.db.insert(ingest_skipped).on_conflict_do_nothing(),
                    [{"job": self.key, "line": skip.line, "reason": skip.reason} for skip in self._skips],
                )
        self.offset, self.line, self.done, self.tallies = offset, line, done, tallies
        self._waiting, self._skips, self._bytes = [], [], 0
        self.tell(self)

    def skips(self) -> Iterator[Skip]:
        """Every skipped row of the file by line, also those of an interrupted run."""
        wanted = (
            select(ingest_skipped.c.line, ingest_skipped.c.reason).where(ingest_skipped.c.job == self.key).order_by(ingest_skipped.c.line)
        )
        with self.store.db.read() as connection:
            for line, reason in connection.execute(wanted):
                yield Skip(self.path, line, reason)

    def finish(self) -> None:
        """Forget the place: the file is through, and the next run looks at all of it again."""
        with self.store.db.write() as connection:
            connection.execute(delete(ingest_skipped).where(ingest_skipped.c.job == self.key))
            connection.execute(delete(ingest_progress).where(ingest_progress.c.job == self.key))


def unfinished(store: Store) -> int:
    """Number of files that an interrupted run has left half read."""
    with store.db.read() as connection:
        return connection.execute(select(func.count()).select_from(ingest_progress)).scalar_one()


def _key(path: Path, dao: str | None) -> str:
    """Hash of the file's bytes and the options: a changed file begins anew."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(f"\0{dao or ''}".encode())
    return digest.hexdigest()
