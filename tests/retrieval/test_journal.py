"""The journal keeps every decision once, never changes one, and finds drafts by hash or by the start of it."""

import hashlib
from datetime import UTC, datetime

import pytest

from agent.errors import InputError
from agent.ports import Journal as Port
from agent.schemas import CheckResult, DaoId, Draft, Evidence, Locator, Provenance, Request, RunId
from retrieval.journal import Journal
from retrieval.store import Store

RUN = RunId("run-1")
WHEN = datetime(2024, 1, 1, tzinfo=UTC)
REQUEST = Request(topic="creator rebates 创作者", dao=DaoId("harbor"))


def evidence(key: str = "E1", quote: str = "5 % of fees") -> Evidence:
    return Evidence(
        id=key, kind="proposal", quote=quote, locator=Locator(dao="harbor", id="1", start=0, end=11), sha256="0" * 64, retrieved_at=WHEN
    )


def draft(sha256: str, version: int = 1, run: str = RUN) -> Draft:
    provenance = Provenance(
        software="daoclerk 0", writer="grounded", writer_note="n", prompts_sha256="p", evidence_sha256="e", created=WHEN
    )
    return Draft(
        run=run,
        version=version,
        answered=True,
        title=f"Title {version}",
        dao=DaoId("harbor"),
        lang="en",
        topic="t",
        writer="grounded",
        sections=(),
        evidence=(evidence(),),
        provenance=provenance,
        sha256=sha256.ljust(64, "0"),
    )


@pytest.fixture
async def journal(store: Store) -> Journal:
    opened = Journal(store)
    port: Port = opened
    await port.begin(RUN, REQUEST)
    return opened


async def test_a_run_is_kept_once_and_belongs_to_its_request(journal: Journal) -> None:
    await journal.begin(RUN, REQUEST)
    assert [run.request for run in await journal.runs()] == [REQUEST]
    assert (await journal.run(RUN)).id == RUN
    with pytest.raises(InputError, match="belongs to another request"):
        await journal.begin(RUN, REQUEST.model_copy(update={"topic": "something else"}))
    with pytest.raises(InputError, match="no run 'run-2'"):
        await journal.run(RunId("run-2"))


async def test_evidence_is_kept_once_for_each_content(journal: Journal) -> None:
    for _ in range(2):
        await journal.evidence(RUN, [evidence("E1"), evidence("E2")])
    await journal.evidence(RUN, [evidence("E1", "another quote")])
    await journal.evidence(RUN, [])
    assert [(row.id, row.quote) for row in await journal.evidence_of(RUN)] == [
        ("E1", "5 % of fees"),
        ("E2", "5 % of fees"),
        ("E1", "another quote"),
    ]


async def test_a_draft_is_kept_once_and_the_last_one_is_the_latest(journal: Journal) -> None:
    assert await journal.latest(RUN) is None
    for each in (draft("aa", 1), draft("ab", 2), draft("aa", 1)):
        await journal.draft(each)
    latest = await journal.latest(RUN)
    assert latest == draft("ab", 2)
    assert [(head.title, head.version) for head in await journal.drafts()] == [("Title 2", 2), ("Title 1", 1)]


async def test_a_draft_is_found_by_the_start_of_its_hash_if_only_one_has_it(journal: Journal) -> None:
    for each in (draft("aa"), draft("ab", 2)):
        await journal.draft(each)
    assert await journal.find("AB") == draft("ab", 2)
    assert await journal.find("aa".ljust(64, "0")) == draft("aa")
    with pytest.raises(InputError, match="2 drafts begin with 'a', give more digits"):
        await journal.find("a")
    with pytest.raises(InputError, match="no draft 'f'"):
        await journal.find("f")
    for odd in ("", "%", "a_", "title"):
        with pytest.raises(InputError, match="is no draft hash"):
            await journal.find(odd)


async def test_checks_are_kept_once(journal: Journal) -> None:
    await journal.draft(draft("aa"))
    rows = [
        CheckResult(rule="cites", level="pass", where="draft", message="m"),
        CheckResult(rule="tone", level="advice", where="draft", message="m"),
    ]
    for _ in range(2):
        await journal.checks(draft("aa").sha256, rows)
    assert await journal.checks_of(draft("aa").sha256) == rows


async def test_a_reviewer_may_change_their_mind_and_back_but_not_say_the_same_twice_running(journal: Journal) -> None:
    await journal.draft(draft("aa"))
    sha = draft("aa").sha256
    for verdict in ("approve", "approve", "reject", "approve"):
        await journal.review(sha, "ana", verdict, "")
    await journal.review(sha, "bo", "approve", "fine")
    said = [(row.reviewer, row.n, row.verdict, row.reason) for row in await journal.reviews(sha)]
    assert said == [("ana", 1, "approve", ""), ("ana", 2, "reject", ""), ("ana", 3, "approve", ""), ("bo", 1, "approve", "fine")]


async def test_feedback_is_a_thumb_and_kept_like_a_review(journal: Journal) -> None:
    await journal.draft(draft("aa"))
    sha = draft("aa").sha256
    for value in (1, 1, -1):
        await journal.feedback(sha, "ana", value)
    assert [row.value for row in await journal.feedback_of(sha)] == [1, -1]
    with pytest.raises(InputError, match="none of -1, 0, 1"):
        await journal.feedback(sha, "ana", 5)


async def test_an_export_keeps_the_exact_bytes(journal: Journal) -> None:
    await journal.draft(draft("aa"))
    content = "中文\x00\n".encode()
    for _ in range(2):
        assert await journal.export(draft("aa").sha256, "md", content) == hashlib.sha256(content).hexdigest()
    (kept,) = await journal.exports(draft("aa").sha256)
    assert (kept.format, kept.content) == ("md", content)


async def test_nothing_is_kept_about_what_is_not_stored(journal: Journal) -> None:
    with pytest.raises(InputError, match="no run 'run-2' is stored"):
        await journal.evidence(RunId("run-2"), [evidence()])
    with pytest.raises(InputError, match="no run 'run-2' is stored"):
        await journal.draft(draft("aa", run="run-2"))
    for call in (journal.checks("f" * 64, []), journal.review("f" * 64, "ana", "approve", ""), journal.export("f" * 64, "md", b"")):
        with pytest.raises(InputError, match="no draft"):
            await call
    with pytest.raises(InputError, match="has no sha256"):
        await journal.draft(draft("aa").model_copy(update={"sha256": ""}))
