"""Opening is safe: at once from several processes, on a newer database, a locked one, a full or a read-only disk."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from agent.errors import InputError, StoreError
from agent.schemas import Proposal
from retrieval.proposals import proposal_hashes
from retrieval.store import Store
from retrieval.tables import REVISIONS, metadata


def make(key: str, body: str = "text") -> Proposal:
    row = {"dao": "d", "id": key, "title": "T", "body": body, "status": "passed", "sha256": "", "body_sha256": ""}
    return proposal_hashes(Proposal.model_validate(row))


def test_the_migrations_make_exactly_the_tables_that_the_code_uses(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []


def test_the_newest_known_revision_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "retrieval/migrations"))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [REVISIONS[-1]]
    assert [each.revision for each in script.walk_revisions()] == list(reversed(REVISIONS))


def test_an_up_to_date_store_opens_without_alembic(sqlite_store_url: str) -> None:
    code = f"import sys; from retrieval.store import Store; Store.open({sqlite_store_url!r}).close(); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_several_processes_may_open_a_new_store_at_once(database_url: str) -> None:
    code = "import sys; from retrieval.store import Store; s = Store.open(sys.argv[1]); s.heads(); s.close()"
    every = [subprocess.Popen([sys.executable, "-c", code, database_url], stderr=subprocess.PIPE, text=True) for _ in range(5)]
    errors = [each.communicate()[1] for each in every]
    assert [each.returncode for each in every] == [0] * 5, errors


def test_a_database_newer_than_the_code_is_left_alone(store: Store, store_url: str) -> None:
    with store.db.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for migrate in (True, False):
        with pytest.raises(StoreError, match=r"written by a newer daoclerk \(schema 9999, known up to"):
            Store.open(store_url, migrate=migrate)


def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("retrieval.database.REVISIONS", ("0001", "no-such"))
        with pytest.raises(Exception, match="no-such"):
            Store.open(database_url)
    store = Store.open(database_url)
    assert store.heads() == []
    store.close()


def test_a_locked_database_is_said_and_nothing_is_lost(sqlite_store_url: str, tmp_path: Path) -> None:
    store = Store.open(sqlite_store_url, timeout=0.05)
    other = sqlite3.connect(tmp_path / "daoclerk.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"daoclerk\.db' is locked by another process; nothing was written, try again$"):
        store.add_proposals([make("1")])
    assert store.heads() == []  # readers go on
    other.execute("ROLLBACK")
    store.add_proposals([make("1")])
    assert len(store.heads()) == 1
    other.close()
    store.close()


@pytest.mark.slow
def test_a_locked_postgresql_is_said_too(postgres_store_url: str) -> None:
    holder, store = Store.open(postgres_store_url), Store.open(postgres_store_url, timeout=0.1)
    with holder.db.write(), pytest.raises(StoreError, match="is locked by another process"):
        store.add_proposals([make("1")])
    store.add_proposals([make("1")])
    holder.close()
    store.close()


def test_a_full_disk_is_said_and_what_was_stored_stays(sqlite_store_url: str) -> None:
    store = Store.open(sqlite_store_url)
    store.add_proposals([make("1")])

    @event.listens_for(store.db.engine, "connect")
    def shrink(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA max_page_count=100")

    store.db.engine.dispose()
    with pytest.raises(StoreError, match="the disk is full; what was stored before is safe"):
        store.add_proposals([make("2", "x" * 10**6)])
    assert [head.id for head in store.heads()] == ["1"]
    store.close()


NOBODY = """
import os, sys
from agent.errors import StoreError
from retrieval.store import Store
if os.getuid() == 0:
    os.setuid(65534)  # root may write everywhere
try:
    with Store.open(sys.argv[1]).db.write() as connection:
        connection.exec_driver_sql("INSERT INTO generation VALUES ('d', 't')")
    print("written")
except StoreError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("daoclerk.db", "is read-only; nothing was written, make the file and its folder writable"),
        ("new.db", "cannot be opened; check that its folder exists and is writable"),
        ("new/new.db", "cannot make the folder"),
    ],
)
def test_a_folder_that_may_not_be_written_is_said(sqlite_template: Path, name: str, said: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="daoclerk-"))
    shutil.copy(sqlite_template, folder / "daoclerk.db")
    folder.chmod(0o555)
    try:
        done = subprocess.run([sys.executable, "-c", NOBODY, f"sqlite:///{folder / name}"], capture_output=True, text=True, check=False)
        assert said in done.stdout, done.stderr
        assert len(done.stdout.splitlines()) == 1
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_database_file_that_may_only_be_read_is_said(sqlite_template: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="daoclerk-"))
    shutil.copy(sqlite_template, folder / "daoclerk.db")
    (folder / "daoclerk.db").chmod(0o444)
    folder.chmod(0o777)
    try:
        done = subprocess.run(
            [sys.executable, "-c", NOBODY, f"sqlite:///{folder}/daoclerk.db"], capture_output=True, text=True, check=False
        )
        assert "is read-only; nothing was written" in done.stdout, done.stderr
    finally:
        shutil.rmtree(folder)


def test_a_file_that_is_no_database_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("these are my notes\n" * 100)
    with pytest.raises(StoreError, match=r"notes\.db' is not a SQLite database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text() == "these are my notes\n" * 100


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("notes.db", "not a database URL"),
        ("mysql://localhost/x", "unknown kind of database 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_url_we_cannot_use_is_said(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Store.open(url)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Store.open("postgresql://ana:s3cret@127.0.0.1:1/x", timeout=2)
    assert "s3cret" not in str(caught.value)


@pytest.mark.slow
def test_a_database_that_does_not_exist_is_said(postgres_url: str) -> None:
    with pytest.raises(StoreError, match=r"does not exist|cannot be reached"):
        Store.open(postgres_url + "_absent")
