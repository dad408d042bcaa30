"""The store keeps every version, tells what changed, and gives back exactly what it was given."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from agent.errors import StoreError
from agent.schemas import DaoId, Link, Proposal, ProposalId, Tally
from retrieval.proposals import normalise, proposal_hashes
from retrieval.store import Counts, Store
from retrieval.tables import APPEND_ONLY


def make(key: str = "1", body: str = "text", dao: str = "harbor", **more: object) -> Proposal:
    fields: dict[str, object] = {"title": "Title", "status": "passed", "sha256": "", "body_sha256": ""} | more
    return proposal_hashes(Proposal.model_validate({"dao": dao, "id": key, "body": body} | fields))


FULL = make(
    "HIP-1",
    "# 标题\n\nLine\u2028separated \U0001f680 text",
    status_raw="Implemented",
    author="ana.eth",
    created=datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    type="social",
    lang="zh",
    links=(Link(url="https://example.org/1", kind="forum"),),
    tally=Tally(for_votes=0.1 + 0.2, against_votes=1e-9, unit="HBR"),
    choices=("For", "Against"),
    scores=(0.1 + 0.2, 1e-9),
    voters=7,
    url="https://example.org/1",
    source="repo:path@commit",
    licence="CC0-1.0",
    licence_clear=True,
    extra={"big": 2**80, "nested": {"a": [1, None, "x"]}},
)


def test_a_proposal_comes_back_exactly_as_it_was_stored(store: Store) -> None:
    assert store.add_proposals([FULL]) == Counts(new=1)
    assert store.proposal("harbor", "HIP-1") == FULL
    assert list(store.proposals()) == [FULL]


def test_storing_the_same_rows_again_changes_nothing(store: Store) -> None:
    rows = [make(str(n)) for n in range(1, 8)]
    assert store.add_proposals(rows) == Counts(new=7)
    token = store.generation()
    assert store.add_proposals(rows) == Counts(same=7)
    assert store.generation() == token


def test_a_changed_row_becomes_a_new_version_and_the_old_one_stays_readable(store: Store) -> None:
    old, new = make(body="old"), make(body="new")
    store.add_proposals([old])
    row = store.heads()[0].row
    assert store.add_proposals([new]) == Counts(changed=1)
    assert store.proposal("harbor", "1") == new
    assert store.proposal("harbor", "1", old.sha256) == old
    assert store.version_by_body("harbor", "1", old.body_sha256) == old
    assert [(head.row, head.sha256) for head in store.heads()] == [(row, new.sha256)]


def test_a_text_that_returns_is_current_again_without_a_second_copy(store: Store) -> None:
    old, new = make(body="old"), make(body="new")
    for row in (old, new):
        store.add_proposals([row])
    assert store.add_proposals([old]) == Counts(changed=1)
    assert store.proposal("harbor", "1") == old
    with store.db.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM proposal_version")).scalar() == 2


def test_of_the_same_id_twice_in_one_batch_the_later_wins_and_both_are_kept(store: Store) -> None:
    first, second = make(body="first"), make(body="second")
    assert store.add_proposals([first, second]) == Counts(new=1, changed=1)
    assert store.proposal("harbor", "1") == second
    assert store.version_by_body("harbor", "1", first.body_sha256) == first


def test_the_version_of_a_body_is_the_newest_that_has_it(store: Store) -> None:
    draft, passed = make(status="draft"), make(status="passed")
    store.add_proposals([draft, passed])
    assert store.version_by_body("harbor", "1", draft.body_sha256) == passed


def test_the_commit_a_row_came_from_is_no_new_version(store: Store) -> None:
    store.add_proposals([make(source="repo:path@a")])
    assert store.add_proposals([make(source="repo:path@b")]) == Counts(same=1)


def test_generation_changes_only_for_the_dao_that_changed(store: Store) -> None:
    assert store.generation("harbor") == store.generation() == ""
    store.add_proposals([make(dao="harbor"), make(dao="meridian")])
    harbor, meridian, whole = store.generation("harbor"), store.generation("meridian"), store.generation()
    store.add_proposals([make(dao="harbor", body="new")])
    assert store.generation("harbor") != harbor
    assert store.generation("meridian") == meridian
    assert store.generation() != whole


def test_listings_can_be_narrowed_to_a_dao(store: Store) -> None:
    store.add_proposals([make("1"), make("2", dao="meridian"), make("3")])
    assert store.daos() == {"harbor": 2, "meridian": 1}
    assert [head.id for head in store.heads("harbor")] == ["1", "3"]
    assert [row.id for row in store.proposals("meridian")] == ["2"]
    assert store.proposal("meridian", "1") is None


def test_bodies_are_found_by_row_and_unknown_rows_left_out(store: Store) -> None:
    store.add_proposals([make(str(n), f"body {n}") for n in range(1200)])
    rows = [head.row for head in store.heads()]
    assert sorted(store.bodies([*rows, 10**6]).values()) == sorted(f"body {n}" for n in range(1200))


def test_pages_of_a_long_listing_join_without_gap_or_repeat(store: Store) -> None:
    store.add_proposals([make(f"{n:04}") for n in range(1001)])
    assert [row.id for row in store.proposals()] == [f"{n:04}" for n in range(1001)]


def test_vectors_come_back_bit_by_bit_and_a_second_write_wins(store: Store) -> None:
    values = {f"k{n}": np.random.default_rng(n).normal(size=5).astype(np.float32) for n in range(1100)}
    store.add_vectors("m", values.items())
    store.add_vectors("other", [("k1", np.zeros(5, dtype=np.float32))])
    found = store.vectors("m", [*values, "absent"])
    assert found.keys() == values.keys()
    assert all(np.array_equal(found[key], value) for key, value in values.items())
    store.add_vectors("m", [("k1", np.ones(3, dtype=np.float32))])
    assert store.vectors("m", ["k1"])["k1"].tolist() == [1, 1, 1]


def test_a_batch_that_fails_midway_leaves_nothing_behind(store: Store) -> None:
    broken = make("2").model_copy(update={"title": None})
    with pytest.raises(StoreError, match="refused the rows"):
        store.add_proposals([make("1"), broken])
    assert store.heads() == []
    assert store.generation() == ""


ROW = {
    "run": "INSERT INTO run (id, dao, topic, request, begun) VALUES ('r', 'd', 't', '{}', '2024-01-01')",
    "proposal_version": "",
    "draft": "INSERT INTO draft (sha256, run, version, dao, title, lang, writer, answered, stored, content) "
    "VALUES ('s', 'r', 1, 'd', 't', 'en', 'grounded', true, '2024-01-01', '{}')",
    "evidence": "INSERT INTO evidence (run, id, content_sha256, kind, content) VALUES ('r', 'E1', 'c', 'proposal', '{}')",
    "check_result": "INSERT INTO check_result (draft, content_sha256, rule, level, content) VALUES ('s', 'c', 'r', 'pass', '{}')",
    "review": "INSERT INTO review (draft, reviewer, n, verdict, reason, time) VALUES ('s', 'a', 1, 'approve', '', '2024-01-01')",
    "feedback": "INSERT INTO feedback (draft, person, n, value, note, time) VALUES ('s', 'a', 1, 1, '', '2024-01-01')",
    "export": "INSERT INTO export (draft, format, sha256, content, time) VALUES ('s', 'md', 'h', '', '2024-01-01')",
}


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_itself_refuses_to_change_or_delete_a_decision(store: Store, table: str) -> None:
    store.add_proposals([make()])
    with store.db.write() as connection:
        for statement in ROW.values():
            if statement:
                connection.execute(text(statement))
    column = {"proposal_version": "title", "export": "format"}.get(table, "content" if table not in ("review", "feedback") else "n")
    value = "2" if column == "n" else "'forged'"
    for statement in (f"UPDATE {table} SET {column} = {value}", f"DELETE FROM {table}"):
        with pytest.raises(StoreError, match="append-only"), store.db.write() as connection:
            connection.execute(text(statement))
    with store.db.read() as connection:
        assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 1


def test_replacing_a_row_does_not_slip_past_the_guard(sqlite_url: str) -> None:
    store = Store.open(sqlite_url)
    store.add_proposals([make()])
    with pytest.raises(StoreError, match="append-only"), store.db.write() as connection:
        connection.execute(
            text(
                "INSERT OR REPLACE INTO proposal_version SELECT seq, dao, id, sha256, body_sha256, 'forged', status, type, lang,"
                " created, author, url, stored, fields, body FROM proposal_version"
            )
        )
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(), title=st.text(min_size=1))
def test_any_text_survives_once_normalised(store: Store, body: str, title: str) -> None:
    row = make(body=normalise(body), title=normalise(title))
    store.add_proposals([row])
    assert store.proposal("harbor", "1") == row


@given(st.text())
def test_normalising_twice_is_normalising_once(body: str) -> None:
    once = normalise(body)
    assert normalise(once) == once
    assert "\r" not in once
    assert "\x00" not in once


def test_proposal_ids_are_compared_exactly(store: Store) -> None:
    store.add_proposals([make("EP-1"), make("ep-1"), make("EP-1 ")])
    assert len(store.heads()) == 3
    assert store.proposal(DaoId("harbor"), ProposalId("Ep-1")) is None
