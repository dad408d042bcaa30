"""Open the database, bring it up to date, and turn its failures into one sentence each."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from agent.errors import InputError, StoreError
from retrieval.tables import REVISIONS

Insert = postgresql.Insert | sqlite.Insert

WRITE_LOCK = 0x64616F  # PostgreSQL advisory lock: one writer at a time, as SQLite has it
SQLITE = {
    "SQLITE_BUSY": "is locked by another process; nothing was written, try again",
    "SQLITE_LOCKED": "is locked by another process; nothing was written, try again",
    "SQLITE_READONLY": "is read-only; nothing was written, make the file and its folder writable",
    "SQLITE_CANTOPEN": "cannot be opened; check that its folder exists and is writable",
    "SQLITE_FULL": "has no room: the disk is full; what was stored before is safe, free some space",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error or is full; what was stored before is safe",
    "SQLITE_NOTADB": "is not a SQLite database",
    "SQLITE_CORRUPT": "is damaged; restore it from a copy",
    "SQLITE_PERM": "may not be opened; check its permissions",
}
POSTGRES = {
    "53100": "has no room: the disk is full; what was stored before is safe, free some space",
    "25006": "is read-only; nothing was written",
    "42501": "may not be written by this user; grant it the rights",
    "55P03": "is locked by another process; nothing was written, try again",
    "57014": "is locked by another process; nothing was written, try again",
    "3D000": "does not exist; create it first",
    "28P01": "refuses this user or password",
    "28000": "refuses this user or password",
}


class Database:
    """An engine with two kinds of transaction. Threads may share it."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self.sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot. Raises StoreError."""
        with translated(self.name), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: all of it is stored or none. Writers take turns. Raises StoreError."""
        with translated(self.name), self.engine.connect().execution_options(write=True) as connection, connection.begin():
            if not self.sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
            yield connection

    def insert(self, table: Table) -> Insert:
        """INSERT that knows ON CONFLICT in this dialect."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn what the database raises into StoreError: one sentence that names it, and what to do."""
    try:
        yield
    except IntegrityError as error:
        raise StoreError(f"store: '{name}' refused the rows: {_first_line(error)}") from error
    except DBAPIError as error:
        raise StoreError(f"store: '{name}' {_problem(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"store: '{name}' cannot be used: {_first_line(error)}") from error


def _problem(error: DBAPIError) -> str:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorname", "") or ""
        for prefix, sentence in SQLITE.items():
            if code.startswith(prefix):
                return sentence
        return f"cannot be used: {_first_line(error)}"
    known = POSTGRES.get(getattr(original, "sqlstate", None) or "")
    if known is None and ("connection" in str(original).lower() or error.connection_invalidated):
        return f"cannot be reached: {_first_line(error)}"
    return known or f"cannot be used: {_first_line(error)}"


def _first_line(error: SQLAlchemyError) -> str:
    source: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(source).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(source).__name__


def connect(url: str, timeout: float = 10.0) -> Database:
    """Open without looking at the tables. `timeout`: seconds to wait for another writer or for the server.

    Raises InputError (not a database URL), StoreError (its folder can't be made).
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError("store: not a database URL, use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME") from error
    if parsed.get_backend_name() == "sqlite":
        return _connect_sqlite(parsed, timeout)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return _connect_postgres(parsed.set(drivername="postgresql+psycopg"), timeout)
    raise InputError(f"store: unknown kind of database '{parsed.drivername}', use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME")


def _connect_sqlite(url: URL, timeout: float) -> Database:
    if not url.database or url.database == ":memory:":
        raise InputError("store: the SQLite URL names no file, use sqlite:///FILE")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"store: cannot make the folder '{path.parent}': {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": timeout})

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        if isinstance(connection, sqlite3.Connection):
            _prepare_sqlite(connection, timeout)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer midway fails at once however long the timeout; so writers say so first.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")

    return Database(engine, str(path))


def _prepare_sqlite(raw: sqlite3.Connection, timeout: float) -> None:
    raw.isolation_level = None  # we begin transactions ourselves, DDL included
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout={int(timeout * 1000)}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA recursive_triggers=ON")  # otherwise INSERT OR REPLACE slips past the append-only triggers
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA cache_size=-16384")
    deadline = time.monotonic() + timeout
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # Two openers of a new file: the busy timeout does not cover this switch.
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    cursor.close()


def _connect_postgres(url: URL, timeout: float) -> Database:
    options = f"-c timezone=UTC -c lock_timeout={int(timeout * 1000)}"
    engine = create_engine(url, connect_args={"options": options, "connect_timeout": max(2, int(timeout))}, pool_pre_ping=True)
    return Database(engine, url.render_as_string(hide_password=True))


def migrate(database: Database) -> None:
    """Bring the tables up to date. Safe when several processes start at once.

    Raises StoreError: the database is newer than this code, or cannot be used.
    """
    if revision(database) == REVISIONS[-1]:
        return  # alembic itself takes a while to import
    with database.write() as connection:
        _upgrade(connection)


def revision(database: Database) -> str | None:
    """The migration the database stands at; None for an empty one. Raises StoreError if this code doesn't know it."""
    with database.read() as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found is not None and found not in REVISIONS:
        raise StoreError(
            f"store: '{database.name}' was written by a newer daoclerk (schema {found}, known up to {REVISIONS[-1]}); upgrade daoclerk"
        )
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, REVISIONS[-1])
