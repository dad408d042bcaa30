"""The database: the source of truth for proposals and their vectors. SQLite or PostgreSQL, by URL."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Select, func, select

from agent.schemas import Proposal
from retrieval import database
from retrieval.proposals import FIELD_COLUMNS, from_row, to_row
from retrieval.tables import generation, proposal, proposal_version, vector

SLICE = 500  # keys one statement asks for; SQLite allows 32,766 variables, PostgreSQL 65,535


@dataclass(frozen=True, slots=True)
class Head:
    """A proposal's current version, without its text. `row` stays the same for the life of (dao, id)."""

    row: int
    dao: str
    id: str
    title: str
    status: str
    type: str | None
    lang: str
    created: datetime | None
    author: str | None
    url: str | None
    sha256: str
    body_sha256: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows that were handed in."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.new + other.new, self.changed + other.changed, self.same + other.same)


class Store:
    """Proposals, versioned by content hash, and vectors by content key. Threads may share one.

    Every method raises StoreError, one sentence, if the database cannot be used.
    """

    def __init__(self, db: database.Database) -> None:
        self.db = db

    @classmethod
    def open(cls, url: str, *, migrate: bool = True, timeout: float = 10.0) -> "Store":
        """Open, and bring the tables up to date. `timeout`: seconds to wait for another writer.

        Raises InputError (no database URL), StoreError (unreachable, read-only, locked, newer than this code).
        """
        store = cls(database.connect(url, timeout))
        try:
            if migrate:
                database.migrate(store.db)
            else:
                database.revision(store.db)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        """Let go of every connection. Closing twice does no harm."""
        self.db.engine.dispose()

    # --- proposals --------------------------------------------------------------------------

    def add_proposals(self, rows: Sequence[Proposal]) -> Counts:
        """Store the rows in one transaction; a changed row becomes a new version, an old text that returns is current again.

        Of rows with the same (dao, id) the later wins; each is kept as a version. Hashes are taken as given.
        """
        with self.db.write() as connection:
            return self.put_proposals(connection, rows)

    def put_proposals(self, connection: Connection, rows: Sequence[Proposal]) -> Counts:
        """The same inside a write transaction of the caller's."""
        before = _current(connection, rows)
        now = dict(before)
        new = changed = same = 0
        versions: list[dict[str, object]] = []
        for row in rows:
            key = (row.dao, row.id)
            if now.get(key) == row.sha256:
                same += 1
                continue
            if key in now:
                changed += 1
            else:
                new += 1
            now[key] = row.sha256
            versions.append(to_row(row))
        if versions:
            connection.execute(self.db.insert(proposal_version).on_conflict_do_nothing(), versions)
            self._point_to(connection, {key: sha for key, sha in now.items() if before.get(key) != sha})
        return Counts(new, changed, same)

    def _point_to(self, connection: Connection, heads: dict[tuple[str, str], str]) -> None:
        if not heads:
            return
        insert = self.db.insert(proposal)
        connection.execute(
            insert.on_conflict_do_update(index_elements=["dao", "id"], set_={"sha256": insert.excluded.sha256}),
            [{"dao": dao, "id": key, "sha256": sha} for (dao, key), sha in heads.items()],
        )
        token = uuid.uuid4().hex
        touched = self.db.insert(generation)
        connection.execute(
            touched.on_conflict_do_update(index_elements=["dao"], set_={"token": touched.excluded.token}),
            [{"dao": dao, "token": token} for dao in sorted({"", *(dao for dao, _ in heads)})],
        )

    def proposal(self, dao: str, proposal_id: str, sha256: str | None = None) -> Proposal | None:
        """The current version, or the one with this hash; None if there is none."""
        wanted = _current_versions() if sha256 is None else _full().where(proposal_version.c.sha256 == sha256)
        return self._one(wanted.where(proposal_version.c.dao == dao, proposal_version.c.id == proposal_id))

    def version_by_body(self, dao: str, proposal_id: str, body_sha256: str) -> Proposal | None:
        """The newest version that has exactly this body: where the offsets of a quote hold."""
        c = proposal_version.c
        return self._one(_full().where(c.dao == dao, c.id == proposal_id, c.body_sha256 == body_sha256).order_by(c.seq.desc()).limit(1))

    def _one(self, wanted: Select[*tuple[object, ...]]) -> Proposal | None:
        with self.db.read() as connection:
            row = connection.execute(wanted).first()
        return None if row is None else from_row(row)

    def heads(self, dao: str | None = None) -> list[Head]:
        """Every current version, by `row`, without texts."""
        c = proposal_version.c
        wanted = select(
            proposal.c.row, c.dao, c.id, c.title, c.status, c.type, c.lang, c.created, c.author, c.url, c.sha256, c.body_sha256
        ).join_from(proposal, proposal_version)
        if dao is not None:
            wanted = wanted.where(proposal.c.dao == dao)
        with self.db.read() as connection:
            return list(starmap(Head, connection.execute(wanted.order_by(proposal.c.row))))

    def bodies(self, rows: Sequence[int]) -> dict[int, str]:
        """Current texts by `Head.row`; unknown rows are left out."""
        wanted = select(proposal.c.row, proposal_version.c.body).join_from(proposal, proposal_version)
        found: dict[int, str] = {}
        with self.db.read() as connection:
            for start in range(0, len(rows), SLICE):
                part = connection.execute(wanted.where(proposal.c.row.in_(rows[start : start + SLICE])))
                for row, body in part:
                    found[row] = body
        return found

    def proposals(self, dao: str | None = None) -> Iterator[Proposal]:
        """Every current version in the order of `row`, a page at a time: holds no transaction open in between."""
        wanted = _current_versions(proposal.c.row).order_by(proposal.c.row).limit(SLICE)
        if dao is not None:
            wanted = wanted.where(proposal.c.dao == dao)
        last = -1
        while True:
            with self.db.read() as connection:
                page = connection.execute(wanted.where(proposal.c.row > last)).all()
            for row in page:
                yield from_row(row)
            if len(page) < SLICE:
                return
            last = page[-1].row

    def daos(self) -> dict[str, int]:
        """Number of proposals of each DAO, by name."""
        with self.db.read() as connection:
            return dict(sorted((dao, n) for dao, n in connection.execute(select(proposal.c.dao, func.count()).group_by(proposal.c.dao))))

    def generation(self, dao: str | None = None) -> str:
        """A token that is new whenever a current version of the DAO (or of any) has changed; "" before the first."""
        with self.db.read() as connection:
            return connection.execute(select(generation.c.token).where(generation.c.dao == (dao or ""))).scalar() or ""

    # --- vectors ----------------------------------------------------------------------------

    def vectors(self, model: str, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Stored vectors by key; unknown keys are left out. The arrays are read-only."""
        found: dict[str, NDArray[np.float32]] = {}
        with self.db.read() as connection:
            for start in range(0, len(keys), SLICE):
                wanted = select(vector.c.key, vector.c.data).where(vector.c.model == model, vector.c.key.in_(keys[start : start + SLICE]))
                found.update({key: np.frombuffer(data, dtype="<f4") for key, data in connection.execute(wanted)})
        return found

    def add_vectors(self, model: str, rows: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Store vectors in one transaction; a key that is there already takes the new values."""
        values = [{"model": model, "key": key, "data": np.ascontiguousarray(data, dtype="<f4").tobytes()} for key, data in rows]
        if not values:
            return
        insert = self.db.insert(vector)
        statement = insert.on_conflict_do_update(index_elements=["model", "key"], set_={"data": insert.excluded.data})
        with self.db.write() as connection:
            for start in range(0, len(values), SLICE):
                connection.execute(statement, values[start : start + SLICE])


def _full(*more: Column[int]) -> Select[*tuple[object, ...]]:
    return select(*FIELD_COLUMNS, *more)


def _current_versions(*more: Column[int]) -> Select[*tuple[object, ...]]:
    return _full(*more).join_from(proposal, proposal_version)


def _current(connection: Connection, rows: Sequence[Proposal]) -> dict[tuple[str, str], str]:
    """Hashes of the stored current versions of these rows."""
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.dao, []).append(row.id)
    found: dict[tuple[str, str], str] = {}
    for dao, names in ids.items():
        for start in range(0, len(names), SLICE):
            wanted = select(proposal.c.id, proposal.c.sha256).where(proposal.c.dao == dao, proposal.c.id.in_(names[start : start + SLICE]))
            found.update({(dao, name): sha for name, sha in connection.execute(wanted)})
    return found
