"""Fixtures that several folders share: databases, the real data beside the repository, system programs."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from retrieval.store import Store

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # as the product sets it before LangGraph is imported

REPOSITORY = Path(__file__).parents[1]
SHARED = REPOSITORY.parent / "shared"
IN_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Skip and say what to install; where CI=true a skip would hide a hole, so fail."""
    if IN_CI:
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def find_program(name: str, hint: str, *folders: str) -> Path:
    """Path of a system program on PATH or in `folders` (glob patterns, newest last). `hint` says what to install."""
    for pattern in folders:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if os.access(folder / name, os.X_OK):
                return folder / name
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed: {hint}")
    return Path(found or name)


@pytest.fixture(scope="session")
def require_program() -> Callable[..., Path]:
    """`require_program(name, hint, *folders)`: see `find_program`."""
    return find_program


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the repository."""
    if not SHARED.is_dir():
        missing(f"the real data is not here: put it at {SHARED}")
    return SHARED


# --- databases ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server of our own on loopback; every test gets a database of its own."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://daoclerk@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(f"host=127.0.0.1 port={self.port} user=daoclerk dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def _owner() -> int | None:
    """PostgreSQL refuses to run as root: the user id to run it as."""
    if os.getuid() != 0:
        return None
    import pwd

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A real PostgreSQL, one a worker, without fsync."""
    hint = "install PostgreSQL (Debian: apt-get install postgresql)"
    initdb = find_program("initdb", hint, "/usr/lib/postgresql/*/bin")
    pg_ctl = find_program("pg_ctl", hint, "/usr/lib/postgresql/*/bin")
    folder, owner = Path(tempfile.mkdtemp(prefix="daoclerk-pg-")), _owner()
    if owner is not None:
        os.chown(folder, owner, -1)
    data, log = folder / "data", folder / "log"

    def run(*command: object) -> None:
        done = subprocess.run([str(part) for part in command], user=owner, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"{command[0]}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}", pytrace=False)

    run(initdb, "-D", data, "-U", "daoclerk", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off"
    try:
        # The server must not inherit our pipes, or reading them would never end.
        run("/bin/sh", "-c", f"exec '{pg_ctl}' -D '{data}' -l '{log}' -w -o '{options}' start >/dev/null 2>&1")
        yield Postgres(port)
    finally:
        if (data / "postmaster.pid").exists():
            os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


_numbers = count(1)


@contextmanager
def _database(server: Postgres, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """URL of a new, empty PostgreSQL database."""
    with _database(postgres_server, "template0") as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a new SQLite file."""
    return f"sqlite:///{tmp_path / 'daoclerk.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a new, empty database, in turn on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


# Migrating takes a while, so most tests start from a copy of a store that was migrated once.


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "daoclerk.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Postgres) -> str:
    postgres_server.execute("CREATE DATABASE migrated STRATEGY file_copy")
    Store.open(postgres_server.url("migrated")).close()
    return "migrated"


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """URL of a migrated, empty SQLite store."""
    shutil.copy(sqlite_template, tmp_path / "daoclerk.db")
    return f"sqlite:///{tmp_path / 'daoclerk.db'}"


@pytest.fixture
def postgres_store_url(postgres_server: Postgres, postgres_template: str) -> Iterator[str]:
    """URL of a migrated, empty PostgreSQL store."""
    with _database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def store_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty store, in turn on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue("sqlite_store_url" if request.param == "sqlite" else "postgres_store_url"))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open, empty store, in turn on SQLite and on PostgreSQL."""
    opened = Store.open(store_url)
    yield opened
    opened.close()
