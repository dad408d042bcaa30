"""Proves what a search may find, what it must not, and that every quote stands in its body."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schemas import DaoId, Proposal, ProposalId, Query
from retrieval.batch import Answer, BadLine, batch
from retrieval.corpus import cache_path
from retrieval.passages import MAX_CHARS, passages
from retrieval.proposals import proposal_hashes
from retrieval.ranker import Ranker
from retrieval.scan import DenseHit
from retrieval.search import Searcher
from retrieval.store import Store

PIER = """---
title: pier
---
# Summary

This proposal asks the treasury to pay 40,000 HBR for the repair of the old pier. The work was planned by the harbour crew.

## Budget

| item | cost |
|---|---|
| wood | 30,000 |

The wooden planks cost 30,000 HBR and the crew asks for 10,000 HBR more as wages over two months of work.
"""
BODIES = {
    "HIP-1": ("Repair the pier", PIER, "2022-01-10", "grant"),
    "HIP-2": (
        "Lower the quorum",
        "The quorum of votes is lowered from ten to five percent, since few members vote in summer months.",
        "2022-02-10",
        "rules",
    ),
    "HIP-3": (
        "Renew the lighthouse grant",
        "As HIP-1 did for the pier, this grant pays for the lamp of the lighthouse and its keeper for a year.",
        "2022-03-10",
        "grant",
    ),
    "HIP-4": ("Undated works", "The crew repairs ropes and nets of the fishing boats in the old dock, paid by a grant.", None, "grant"),
    "HIP-5": (
        "Pay the lighthouse keeper",
        "The keeper of the lighthouse is paid monthly from the grant budget that HIP-3 set up last spring.",
        "2022-05-10",
        "grant",
    ),
    "HIP-6": (
        "国库资金投资",
        "本提案建议把国库资金的一部分投资于稳定币，以便在市场下跌时支付码头维修和灯塔看守人的费用，并降低风险。",
        "2022-06-10",
        "treasury",
    ),
}


def make(name: str, title: str, body: str, created: str | None, kind: str, dao: str = "harbor") -> Proposal:
    lang = "zh" if name == "HIP-6" else "en"
    shape = {"dao": dao, "id": name, "title": title, "body": body, "status": "passed", "created": created, "type": kind, "lang": lang}
    return proposal_hashes(Proposal.model_validate(shape | {"sha256": "", "body_sha256": ""}))


class Nearest:
    """A dense index that always finds the same rows."""

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def query(self, text: str, *, k: int, dao: str | None = None, rows: Sequence[int] | None = None) -> list[DenseHit]:
        self.asked.append(text)
        return [DenseHit(row, 0, 40, 0.9) for row in self.rows if rows is None or row in rows][:k]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'test.db'}")
    opened.add_proposals([make(name, *rest) for name, rest in BODIES.items()])
    yield opened
    opened.close()


@pytest.fixture
def searcher(store: Store, tmp_path: Path) -> Searcher:
    return Searcher(store, tmp_path / "lexical")


def found(searcher: Searcher, text: str, **more: object) -> list[str]:
    return [hit.id for hit in searcher.find(Query.model_validate({"text": text, "dao": "harbor"} | more))]


def test_the_best_hit_is_about_the_topic(searcher: Searcher) -> None:
    assert found(searcher, "repair of the wooden pier")[0] == "HIP-1"
    assert found(searcher, "how many members must vote, quorum")[0] == "HIP-2"


async def test_it_answers_as_the_memory_port_asks(searcher: Searcher) -> None:
    hits = await searcher.search(Query(text="quorum", dao=DaoId("harbor")))
    assert hits[0].id == "HIP-2"
    proposal = await searcher.proposal(DaoId("harbor"), ProposalId("HIP-2"))
    assert proposal is not None
    assert hits[0].body_sha256 == proposal.body_sha256
    assert await searcher.proposals(DaoId("harbor")) == 6
    assert await searcher.proposals(DaoId("harbor"), datetime(2022, 2, 10, tzinfo=UTC)) == 2


@pytest.mark.parametrize("text", ["HIP-2", "hip 2", "what did HIP 2 change"])
def test_a_named_proposal_comes_first(searcher: Searcher, text: str) -> None:
    assert found(searcher, text)[0] == "HIP-2"


def test_each_proposal_comes_once_and_scores_fall(searcher: Searcher) -> None:
    hits = searcher.find(Query(text="grant lighthouse pier keeper HIP-3", dao=DaoId("harbor")))
    assert len({hit.id for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_nothing_later_than_before_is_found_even_if_named(searcher: Searcher) -> None:
    assert set(found(searcher, "grant lighthouse keeper HIP-5", before="2022-03-10")) == {"HIP-1", "HIP-3"}


def test_a_bare_date_is_its_first_instant(store: Store) -> None:
    store.add_proposals([make("HIP-7", "Noon", "A grant that was asked for at noon of that very day.", "2022-03-10T12:00:00Z", "grant")])
    assert "HIP-7" not in found(Searcher(store), "grant asked at noon", before="2022-03-10")
    assert "HIP-7" in found(Searcher(store), "grant asked at noon", before="2022-03-10T12:00:00Z")


def test_an_undated_proposal_counts_once_its_numbered_neighbours_do(searcher: Searcher) -> None:
    assert "HIP-4" not in found(searcher, "fishing boats ropes grant", before="2022-05-10")
    assert "HIP-4" in found(searcher, "fishing boats ropes grant", before="2022-06-10")
    assert "HIP-4" in found(searcher, "fishing boats ropes grant")


def test_excluded_proposals_are_not_found(searcher: Searcher) -> None:
    assert "HIP-1" not in found(searcher, "repair the pier HIP-1", exclude=("HIP-1",))


@pytest.mark.parametrize(
    ("name", "value", "expected"), [("type", "rules", {"HIP-2"}), ("lang", "zh", {"HIP-6"}), ("status", ("failed",), set())]
)
def test_filters_hold(searcher: Searcher, name: str, value: object, expected: set[str]) -> None:
    assert set(found(searcher, "quorum votes 国库 HIP-1", **{name: value})) == expected


def test_a_chinese_question_finds_an_english_proposal(searcher: Searcher) -> None:
    assert found(searcher, "降低法定人数", lang="en")[0] == "HIP-2"


def test_an_english_question_finds_a_chinese_proposal(searcher: Searcher) -> None:
    assert found(searcher, "invest the treasury in stablecoins")[0] == "HIP-6"


def test_a_question_without_a_dao_looks_everywhere(store: Store) -> None:
    store.add_proposals(
        [make("X-1", "Plant trees", "We plant olive trees along the road to the upper village.", "2022-01-01", "grant", dao="grove")]
    )
    hits = Searcher(store).find(Query(text="olive trees"))
    assert [(hit.dao, hit.id) for hit in hits] == [("grove", "X-1")]


@pytest.mark.parametrize("text", ["zzzz qqqq", "?!", "的"])
def test_a_question_with_no_known_word_finds_nothing(searcher: Searcher, text: str) -> None:
    assert found(searcher, text) == []


def test_an_unknown_dao_has_nothing(searcher: Searcher) -> None:
    assert searcher.find(Query(text="pier", dao=DaoId("nowhere"))) == []


def test_quotes_are_prose_that_stands_in_the_body(searcher: Searcher, store: Store) -> None:
    for hit in searcher.find(Query(text="pier planks cost budget lighthouse quorum", dao=DaoId("harbor"))):
        proposal = store.proposal(hit.dao, hit.id)
        assert proposal is not None
        assert proposal.body[hit.start : hit.end] == hit.quote
        assert len(hit.quote) <= MAX_CHARS
        assert not hit.quote.startswith(("#", "|", "---"))


def test_the_quote_is_the_passage_that_fits(searcher: Searcher) -> None:
    best = searcher.find(Query(text="what do wooden planks cost", dao=DaoId("harbor")))[0]
    assert best.quote.startswith("The wooden planks cost 30,000 HBR")


def test_a_line_that_is_mostly_a_link_is_no_prose() -> None:
    link = "[Renew the budget of the harbour crew](https://snapshot.example/#/s:harbor.eth/proposal/0x" + "0c" * 32 + ")"
    prose = "The crew asks for a budget that lasts one more year, and it will report to the members each quarter of it."
    assert [passage.prose for passage in passages(f"{link}\n\n{prose}")] == [False, True]


@settings(max_examples=60)
@given(st.text(alphabet="ab .\n#|`-国。！", max_size=900))
def test_passages_of_any_text_stay_inside_it(body: str) -> None:
    for passage in passages(body):
        assert 0 <= passage.start < passage.end <= len(body)
        assert passage.end - passage.start <= MAX_CHARS


# --- the cache -------------------------------------------------------------------------------


def test_the_index_is_read_back_from_its_file(store: Store, tmp_path: Path) -> None:
    first = found(Searcher(store, tmp_path / "x"), "lighthouse grant")
    file = cache_path(tmp_path / "x", "harbor")
    written = file.stat().st_mtime_ns
    assert found(Searcher(store, tmp_path / "x"), "lighthouse grant") == first
    assert file.stat().st_mtime_ns == written


def test_a_change_in_the_store_is_seen_at_once(store: Store, searcher: Searcher) -> None:
    assert "HIP-8" not in found(searcher, "anchor chain")
    store.add_proposals(
        [make("HIP-8", "Anchor", "A new anchor chain is bought for the ferry that crosses the bay.", "2022-07-01", "grant")]
    )
    assert found(searcher, "anchor chain")[0] == "HIP-8"


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_a_damaged_index_is_built_anew(store: Store, tmp_path: Path, content: bytes) -> None:
    searcher = Searcher(store, tmp_path / "x")
    first = found(searcher, "lighthouse grant")
    cache_path(tmp_path / "x", "harbor").write_bytes(content)
    assert found(Searcher(store, tmp_path / "x"), "lighthouse grant") == first
    assert cache_path(tmp_path / "x", "harbor").stat().st_size > len(content)


def test_a_truncated_index_is_built_anew(store: Store, tmp_path: Path) -> None:
    first = found(Searcher(store, tmp_path / "x"), "lighthouse grant")
    file = cache_path(tmp_path / "x", "harbor")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert found(Searcher(store, tmp_path / "x"), "lighthouse grant") == first


def test_a_folder_that_cannot_be_written_costs_only_time(store: Store, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert found(Searcher(store, tmp_path / "file" / "x"), "quorum")[0] == "HIP-2"


# --- dense -----------------------------------------------------------------------------------


def test_dense_hits_join_a_short_topic(store: Store) -> None:
    row = next(head.row for head in store.heads("harbor") if head.id == "HIP-2")
    assert "HIP-2" not in found(Searcher(store), "lamp for ships")
    assert "HIP-2" in found(Searcher(store, dense=Nearest([row])), "lamp for ships")


def test_what_shares_no_word_and_no_citation_is_not_found(searcher: Searcher) -> None:
    assert set(found(searcher, "lamp")) == {"HIP-3", "HIP-1"}


def test_dense_hits_obey_the_date(store: Store) -> None:
    rows = [head.row for head in store.heads("harbor")]
    assert set(found(Searcher(store, dense=Nearest(rows)), "zzzz", before="2022-02-10")) == {"HIP-1", "HIP-2"}


def test_a_full_text_is_left_to_the_ranker(store: Store) -> None:
    dense = Nearest([])
    text = " ".join(f"pier word{n}" for n in range(60))
    assert found(Searcher(store, dense=dense), text)[0] == "HIP-1"
    assert dense.asked == []


def test_a_chinese_question_reaches_the_dense_index_in_english_unless_it_is_multilingual(store: Store) -> None:
    one, both = Nearest([]), Nearest([])
    found(Searcher(store, dense=one), "降低法定人数")
    found(Searcher(store, dense=both, multilingual=True), "降低法定人数")
    assert one.asked == ["lower reduce decrease quorum"]
    assert both.asked == ["降低法定人数"]


# --- the ranker ------------------------------------------------------------------------------


def test_without_a_model_the_search_still_works_and_says_so(store: Store, tmp_path: Path) -> None:
    ranker = Ranker.load(tmp_path)
    assert ranker.why_not
    assert found(Searcher(store, ranker=ranker), "repair of the pier")[0] == "HIP-1"


def test_a_damaged_model_is_not_used(tmp_path: Path) -> None:
    card = {"files": {"text": ["a.txt"], "topic": ["a.txt"]}, "features": ["x"]}
    (tmp_path / "ranker.json").write_text(json.dumps(card))
    (tmp_path / "a.txt").write_text("nonsense")
    assert Ranker.load(tmp_path).why_not


def test_the_shipped_models_load_and_are_small() -> None:
    ranker = Ranker.load()
    assert ranker.why_not is None
    folder = Path(__file__).parents[2] / "retrieval" / "data"
    assert sum(file.stat().st_size for file in folder.glob("ranker*")) < 1_500_000


def test_the_same_question_gives_the_same_answer(store: Store) -> None:
    one, two = (Searcher(store).find(Query(text="grant for the lighthouse", dao=DaoId("harbor"))) for _ in range(2))
    assert one == two
    assert np.isfinite([hit.score for hit in one]).all()


# --- batch -----------------------------------------------------------------------------------


def test_a_batch_answers_each_line_and_reports_bad_ones(searcher: Searcher) -> None:
    lines = [
        json.dumps({"query_id": "a", "query": "pier", "dao": "harbor", "before": "2022-12-01", "exclude_ids": ["HIP-3"]}),
        "",
        "{broken",
        "[]",
        json.dumps({"query_id": "b", "query": " "}),
        json.dumps({"query_id": "c", "query": "pier", "dao": "nowhere"}),
        json.dumps({"query_id": "d", "query": "pier", "before": "soon"}),
        json.dumps({"query_id": "e", "query": "pier", "exclude_ids": "HIP-1"}),
        json.dumps({"query": "pier"}),
        json.dumps({"query_id": 7, "query": "quorum"}),
    ]
    results = list(batch(searcher, lines, k=3))
    answers = [one for one in results if isinstance(one, Answer)]
    assert [(one.line, one.query_id) for one in answers] == [(1, "a"), (10, "7")]
    row = json.loads(answers[0].json())
    assert row["hits"][0] | {"score": 0, "quote": "", "start": 0, "end": 0} == {
        "id": "HIP-1", "dao": "harbor", "score": 0, "quote": "", "start": 0, "end": 0, "url": None,
    }  # fmt: skip
    bad = [one for one in results if isinstance(one, BadLine)]
    assert [one.line for one in bad] == [3, 4, 5, 6, 7, 8, 9]
    assert all(one.problem.startswith(f"line {one.line}: ") and "\n" not in one.problem for one in bad)
