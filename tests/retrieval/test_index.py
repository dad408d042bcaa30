"""The dense index answers as the database would, notices every damage and mends it from stored vectors."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from numpy.typing import NDArray
from structlog.testing import capture_logs

from agent.errors import InputError, StoreError
from agent.schemas import DaoId, Proposal, ProposalId, Status
from retrieval.chroma import seal
from retrieval.index import DenseIndex
from retrieval.proposals import proposal_hashes
from retrieval.store import Store

DIM = 24


class Words:
    """A bag of hashed words: like texts are near. Counts what it is asked, and may fail."""

    name = "words"
    dim = DIM

    def __init__(self) -> None:
        self.asked = 0
        self.fails_after: int | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.fails_after is not None and self.asked >= self.fails_after:
            raise StoreError("words: out of order")
        self.asked += len(texts)
        vectors = np.full((len(texts), DIM), 0.01, np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                row[sum(map(ord, word)) % DIM] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def proposal(number: int, text: str, dao: str = "d", status: Status = "passed", **more: object) -> Proposal:
    made = Proposal(
        dao=DaoId(dao),
        id=ProposalId(f"p{number}"),
        title=f"{text} {number}",
        body=f"## Abstract\n\n{text} says what it wants at length, so that it is prose.\n\n## Costs\n\n{text} costs {number} ETH.",
        status=status,
        sha256="",
        body_sha256="",
    )
    return proposal_hashes(made.model_copy(update=more))


TOPICS = ("bounty", "grants", "council", "treasury", "wearables", "fees", "oracle", "delegates")


def day(number: int) -> datetime:
    return datetime(2024, 1, 1 + number % 28, tzinfo=UTC)


def fill(store: Store, count: int = 40) -> None:
    store.add_proposals(
        [
            proposal(
                i,
                f"{TOPICS[i % 8]} {TOPICS[(i // 8) % 8]}",
                "d" if i % 2 else "e",
                "failed" if i % 3 else "passed",
                created=None if i % 10 == 0 else day(i),
                lang="zh" if i % 5 == 0 else "en",
                type="grant" if i % 4 == 0 else None,
            )
            for i in range(count)
        ]
    )


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index" / "chroma"


@pytest.fixture
def filled(sqlite_store_url: str, words: Words, folder: Path) -> Iterator[Store]:
    """A store whose 40 proposals are indexed under `folder`; the index is closed again."""
    store = Store.open(sqlite_store_url)
    fill(store)
    with DenseIndex.open(store, words, path=folder) as index:
        assert index.sync().embedded == 40
    words.asked = 0
    yield store
    store.close()


def assert_exact(index: DenseIndex, store: Store, words: Words, **filters: object) -> None:
    """The answer is that of a scan of the database."""
    vector = words.embed(["bounty grants"])[0]
    heads = {head.row: head for head in store.heads()}
    got = index.near(vector, k=7, **filters)  # type: ignore[arg-type]
    scores = []
    for head in heads.values():
        before, rows = filters.get("before"), filters.get("rows")
        if (
            filters.get("dao") in (None, head.dao)
            and filters.get("status", head.status) in (head.status, [head.status])
            and filters.get("type") in (None, head.type)
            and filters.get("lang") in (None, head.lang)
            and (rows is None or head.row in rows)  # type: ignore[operator]
            and (before is None or (head.created <= before if head.created else rows is not None))  # type: ignore[operator]
        ):
            [[_, piece]] = index._shelf.pieces([head]).items()
            scores.append(float((piece.matrix @ vector).max()))
    assert [hit.score for hit in got] == pytest.approx(sorted(scores, reverse=True)[:7], abs=1e-5)
    assert len({hit.row for hit in got}) == len(got)


# --- keeping in step -------------------------------------------------------------------------


def test_sync_embeds_each_text_once_and_only_what_changed(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index.sync().proposals == 0
        filled.add_proposals([proposal(1, "oracle changed", "d"), proposal(100, "wholly new", "d")])
        report = index.sync()
        assert (report.proposals, report.embedded, report.added, report.removed) == (2, 2, 2, 1)
        assert words.asked == 2
        assert index.audit().ok
        [best] = index.query("wholly new 100 wholly new says", k=1)
        assert {head.row: head.id for head in filled.heads()}[best.row] == "p100"


def test_a_change_of_status_alone_needs_no_embedding(filled: Store, words: Words, folder: Path) -> None:
    old = filled.proposal("d", "p1")
    assert old is not None
    filled.add_proposals([proposal_hashes(old.model_copy(update={"status": "withdrawn"}))])
    with DenseIndex.open(filled, words, path=folder) as index:
        assert words.asked == 0
        assert len(index.query("bounty", k=5, status="withdrawn")) == 1
        assert index.audit().ok


def test_sync_of_one_dao_leaves_the_others_pending(sqlite_store_url: str, words: Words, folder: Path) -> None:
    store = Store.open(sqlite_store_url)
    fill(store)
    with DenseIndex.open(store, words, path=folder) as index:
        done: list[tuple[int, int]] = []
        assert index.sync(lambda at, total: done.append((at, total)), dao="e").proposals == 20
        assert done[-1] == (20, 20)
        report = index.audit()
        assert report.ok
        assert report.pending == 20
        assert index.query("bounty", k=5, dao="d") == []
    store.close()


def test_what_was_embedded_before_a_failure_is_kept(sqlite_store_url: str, words: Words, folder: Path) -> None:
    store = Store.open(sqlite_store_url)
    fill(store, 300)
    words.fails_after = 200
    with DenseIndex.open(store, words, path=folder) as index, pytest.raises(StoreError, match="out of order"):
        index.sync()
    assert words.asked == 256
    words.fails_after = None
    with capture_logs() as logs, DenseIndex.open(store, words, path=folder) as index:
        assert logs == []
        assert words.asked == 256
        assert index.sync().embedded == 44
        assert index.audit().ok
    store.close()


def test_passages_stand_where_the_hit_says(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder, depth="all") as index:
        index.sync()
        for hit in index.query("wearables costs eth", k=5):
            body = filled.bodies([hit.row])[hit.row]
            assert body[hit.start : hit.end].startswith(tuple(TOPICS))


def test_another_depth_or_model_replaces_the_collection(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder, depth="all") as index:
        assert index.audit().extra == ()
        assert index.sync().added > 80
        assert index.audit().ok
    other = Words()
    other.name = "other"
    with DenseIndex.open(filled, other, path=folder) as index:
        assert index.sync().embedded == 40
        assert index.audit().ok


# --- asking ----------------------------------------------------------------------------------


FILTERS: tuple[dict[str, object], ...] = (
    {},
    {"dao": "d"},
    {"status": "passed"},
    {"status": ["failed"]},
    {"type": "grant"},
    {"lang": "zh", "dao": "e"},
    {"before": day(12)},
    {"before": day(12), "dao": "d", "status": "passed"},
    {"rows": range(1, 9)},
    {"rows": range(1, 30), "before": day(9)},
    {"rows": ()},
    {"dao": "nobody"},
)


def test_the_best_allowed_are_found_with_chroma_and_without(filled: Store, words: Words, folder: Path) -> None:
    index = DenseIndex.open(filled, words, path=folder)
    assert index.mode == "embedded"
    for filters in FILTERS:
        assert_exact(index, filled, words, **filters)
    index.close()
    for filters in FILTERS:
        assert_exact(index, filled, words, **filters)


def test_undated_proposals_are_found_before_a_date_only_where_rows_name_them(filled: Store, words: Words, folder: Path) -> None:
    undated = {head.row for head in filled.heads() if head.created is None}
    with DenseIndex.open(filled, words, path=folder) as index:
        assert not undated & {hit.row for hit in index.query("bounty", k=40, before=day(27))}
        assert {hit.row for hit in index.query("bounty", k=40, before=day(27), rows=undated)} == undated


def test_a_second_owner_answers_alike_by_scanning(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as first, DenseIndex.open(filled, words, path=folder) as second:
        assert (first.mode, second.mode) == ("embedded", "scan")
        assert second.why is not None
        assert "another process owns" in second.why
        mine, theirs = first.query("council fees", k=10), second.query("council fees", k=10)
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=1e-5)
        with pytest.raises(StoreError, match="nothing to audit: another process"):
            second.audit()
        filled.add_proposals([proposal(200, "seen by both")])
        assert second.sync().embedded == 1
        assert first.sync().embedded == 0
        assert first.query("seen by both 200", k=1)[0].row == second.query("seen by both 200", k=1)[0].row


def test_a_lock_left_by_nobody_is_no_hindrance(filled: Store, words: Words, folder: Path) -> None:
    assert Path(f"{folder}.lock").exists()
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index.mode == "embedded"
    FileLock(f"{folder}.lock", timeout=0).acquire().lock.release()


# --- damage ----------------------------------------------------------------------------------


def garbage_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(os.urandom(5000))


def cut_database(folder: Path) -> None:
    with (folder / "chroma.sqlite3").open("r+b") as opened:
        opened.truncate(50_000)


def no_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").unlink()


def empty_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def file_instead(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("not a folder")


def strange_vector_file(folder: Path) -> None:
    (folder / "segment").mkdir()
    (folder / "segment" / "data_level0.bin").write_bytes(os.urandom(5000))


def not_closed_in_order(folder: Path) -> None:
    (folder / "seal.json").unlink()


SLOWLY = (cut_database, no_database, empty_database, no_folder, file_instead, not_closed_in_order)


@pytest.mark.parametrize(
    "damage", [garbage_database, strange_vector_file, *(pytest.param(damage, marks=pytest.mark.slow) for damage in SLOWLY)]
)
def test_a_damaged_folder_is_filled_again_from_stored_vectors(filled: Store, words: Words, folder: Path, damage: object) -> None:
    assert callable(damage)
    damage(folder)
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index.mode == "embedded"
        assert words.asked == 0
        report = index.audit()
        assert (report.ok, report.checked, report.pending) == (True, 40, 0)
        assert_exact(index, filled, words, dao="d")


def test_a_rebuild_is_one_log_line_with_the_reason(filled: Store, words: Words, folder: Path) -> None:
    garbage_database(folder)
    with capture_logs() as logs:
        DenseIndex.open(filled, words, path=folder).close()
    [line] = logs
    assert line["event"] == "index.rebuilt"
    assert "file is not a database" in line["reason"]


def test_an_older_copy_of_the_folder_is_brought_up_to_date(filled: Store, words: Words, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "old")
    filled.add_proposals([proposal(1, "oracle changed", "d"), proposal(100, "wholly new", "d")])
    with DenseIndex.open(filled, words, path=folder) as index:
        index.sync()
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "old", folder)
    asked = words.asked
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index.audit().ok
        assert words.asked == asked


def test_a_folder_of_another_database_is_emptied(filled: Store, words: Words, folder: Path, tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "other.db")
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}")
    with DenseIndex.open(other, words, path=folder) as index:
        assert index.audit().ok
        assert index.query("bounty", k=5) == []
    other.close()


def test_a_folder_that_cannot_be_made_ends_in_a_scan(filled: Store, words: Words, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with DenseIndex.open(filled, words, path=tmp_path / "file" / "chroma") as index:
        assert index.mode == "scan"
        assert index.why is not None
        assert "cannot be written" in index.why
        assert len(index.query("bounty", k=5)) == 5


# --- the audit -------------------------------------------------------------------------------


def test_the_audit_finds_a_planted_wrong_vector_and_a_rebuild_removes_it(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index._chroma is not None
        victim = sorted(index._held)[3]
        [name] = index._held[victim]
        vector, meta = index._chroma.vectors([name])[name]
        index._chroma.put([name], -vector[None, :], [meta])
        seal(folder)
        assert index.audit().wrong == (name,)
        index.rebuild()
        assert index.audit().ok


def test_a_wrong_vector_is_noticed_at_start(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index._chroma is not None
        [name] = index._held[sorted(index._held)[3]]
        vector, meta = index._chroma.vectors([name])[name]
        index._chroma.put([name], -vector[None, :], [meta])
        seal(folder)
    with capture_logs() as logs, DenseIndex.open(filled, words, path=folder) as index:
        assert index.audit().ok
    assert [line["reason"] for line in logs] == ["index: 1 of 40 vectors compared are wrong"]


def test_the_audit_finds_wrong_metadata(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index._chroma is not None
        [name] = index._held[sorted(index._held)[3]]
        vector, meta = index._chroma.vectors([name])[name]
        index._chroma.put([name], vector[None, :], [{**meta, "dao": "another"}])
        assert index.audit().wrong == (name,)


def test_the_audit_finds_what_is_missing_and_what_does_not_belong(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        assert index._chroma is not None
        [name] = index._held[sorted(index._held)[0]]
        vector, meta = index._chroma.vectors([name])[name]
        index._chroma.remove([name])
        index._chroma.put(["999.feed.0.1"], vector[None, :], [meta])
        report = index.audit()
        assert (report.missing, report.extra, report.ok) == ((name,), ("999.feed.0.1",), False)
        assert len({hit.row for hit in index.query("bounty", k=40)}) == 40
        index.sync()
        assert index.audit().ok


def test_a_vector_changed_in_the_database_is_found(filled: Store, words: Words, folder: Path) -> None:
    with DenseIndex.open(filled, words, path=folder) as index:
        head = filled.heads()[0]
        [key] = index._shelf.texts([head])
        filled.add_vectors("words", [(key, np.eye(DIM, dtype=np.float32)[0])])
        assert index.audit().wrong == tuple(index._held[head.row])


def test_a_place_is_needed_and_only_one(filled: Store, words: Words, folder: Path) -> None:
    with pytest.raises(InputError, match="either a folder or the URL"):
        DenseIndex.open(filled, words)
    with pytest.raises(InputError, match="either a folder or the URL"):
        DenseIndex.open(filled, words, path=folder, url="http://127.0.0.1:1")


@pytest.mark.parametrize(("url", "kind"), [("127.0.0.1:8000", InputError), ("http://127.0.0.1:9", StoreError)])
def test_a_server_that_is_not_there_is_one_sentence(filled: Store, words: Words, url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="chroma: "):
        DenseIndex.open(filled, words, url=url)
