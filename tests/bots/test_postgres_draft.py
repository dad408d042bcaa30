"""The same flow with PostgreSQL behind it, checkpoints too: draft, wait, review, files; and two Apps at once."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from agent.errors import InputError
from agent.schemas import Draft
from agent.state import Event, Verdict
from agent.verify import failing, verify
from bots import asking
from bots.drafting import begin, resume, review
from bots.sources import StoredSources
from bots.wiring import App
from tests.bots.conftest import lexical_app, with_sample
from tests.bots.program import program, well

pytestmark = pytest.mark.slow

TOPIC = "creator rebates: NFT sales are falling"


def silent(event: Event) -> None:
    """No progress."""


@pytest.fixture
def app(postgres_store_url: str, tmp_path: Path) -> Iterator[App]:
    """An App on the sample DAO in PostgreSQL."""
    with with_sample(lexical_app(tmp_path / "home", database_url=postgres_store_url)) as opened:
        yield opened


async def draft(app: App, run: str, topic: str = TOPIC) -> Draft:
    return await begin(app, run, asking.request(app, topic, dao="harbor", exclude=[]), silent)


def rows(url: str, table: str) -> int:
    """Rows of a table, counted by another client."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert found is not None
        return int(found[0])


def verified(app: App, made: Draft) -> bool:
    return not failing(verify(made, StoredSources(app.store, app.records, app.journal, made)))


def test_a_draft_waits_is_approved_and_its_files_are_written(app: App, postgres_store_url: str) -> None:
    made = asyncio.run(draft(app, "r1"))
    assert made.answered
    assert not [check for check in made.checks if check.level == "error"]
    assert rows(postgres_store_url, "checkpoints") > 0
    assert not (app.home / "checkpoints.db").exists()
    assert not (app.home / "daoclerk.db").exists()
    assert asyncio.run(resume(app, "r1", silent)) == made, "a run that waits gives its draft again"
    assert verified(app, made)
    verdict = Verdict(decision="approve", by="alice", sha256=made.sha256)
    approved, files = asyncio.run(review(app, "r1", verdict, silent))
    assert approved.sha256 == made.sha256
    assert {Path(file).suffix for file in files} >= {".md", ".json"}
    assert all(Path(file).stat().st_size for file in files)
    assert (rows(postgres_store_url, "draft"), rows(postgres_store_url, "review")) == (1, 1)
    assert rows(postgres_store_url, "export") == len(files)
    with pytest.raises(InputError, match="waits for no verdict"):
        asyncio.run(review(app, "r1", verdict, silent))


def test_the_same_topic_gives_the_same_text_as_on_sqlite(app: App, harbor: App) -> None:
    here, there = asyncio.run(draft(app, "r1")), asyncio.run(draft(harbor, "r1"))
    assert [section.model_dump() for section in here.sections] == [section.model_dump() for section in there.sections]
    assert [row.quote for row in here.evidence] == [row.quote for row in there.evidence]


async def test_two_apps_draft_at_once_on_one_database(app: App, postgres_store_url: str, tmp_path: Path) -> None:
    with lexical_app(tmp_path / "other", database_url=postgres_store_url) as second:
        first, other = await asyncio.gather(draft(app, "r1"), draft(second, "r2", "a grants round for builders"))
        assert (first.run, other.run) == ("r1", "r2")
        assert first.answered
        assert other.answered
        crossed = await resume(second, "r1", silent)
        assert crossed == first, "one App goes on with what another began"
        both = await asyncio.gather(
            review(second, "r1", Verdict(decision="approve", by="alice", sha256=first.sha256), silent),
            review(app, "r2", Verdict(decision="reject", by="bob", sha256=other.sha256, reason="too early"), silent),
        )
        assert both[0][1]
        assert not both[1][1]
    assert (rows(postgres_store_url, "run"), rows(postgres_store_url, "draft"), rows(postgres_store_url, "review")) == (2, 2, 2)


def test_the_program_itself_works_on_postgresql(app: App, postgres_store_url: str) -> None:
    def run(*words: object) -> str:
        return well(program(app.home, *words, DAOCLERK_DATABASE_URL=postgres_store_url)).stdout

    made = json.loads(run("draft", TOPIC, "--dao", "harbor", "--run", "r1", "--json"))
    assert "verified" in run("verify", "r1")
    done = json.loads(run("review", "r1", "--by", "alice", "--approve", made["sha256"][:12], "--json"))
    assert done["decision"] == "approve"
    assert all(Path(file).is_file() for file in done["files"])
    assert json.loads(run("drafts", "--json"))[0]["sha256"] == made["sha256"]


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    url = "postgresql+psycopg://daoclerk:secret@127.0.0.1:1/none"
    done = program(tmp_path / "home", "draft", "grants", "--dao", "harbor", DAOCLERK_DATABASE_URL=url)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("daoclerk: store: ")
    assert "secret" not in done.stderr
