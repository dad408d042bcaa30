"""Proves the arithmetic of the benchmark and that training runs end to end on other data."""

import gzip
import json
from pathlib import Path

import pytest

from agent.errors import DataError
from retrieval import bench, cases
from retrieval.bench import Measured, Ranking
from retrieval.cases import Reference
from retrieval.ranker import Ranker

WORDS = "anchor barge crane dock ebb ferry gull harbor inlet jetty keel lantern mast net oar pier quay rope sail tide".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six DAOs of twenty proposals; each from the tenth on cites the one nine before it, on the same thing."""
    folder = tmp_path_factory.mktemp("data")
    proposals: list[dict[str, object]] = []
    asked: list[dict[str, object]] = []
    for dao in "abcdef":
        for n in range(20):
            thing = WORDS[n % 9]
            body = f"We fund the {thing} and its {WORDS[(n * 7) % 20]} for one more year. " * 4 + (
                f"It follows XIP-{n - 9}." if n >= 9 else ""
            )
            proposals.append({"dao": dao, "id": f"XIP-{n}", "title": f"Fund the {thing}", "body_markdown": body, "status": "passed"})
            proposals[-1] |= {"created": f"2022-01-{n + 1:02d}", "type": "grant", "links": []}
            if n >= 9:
                row: dict[str, object] = {
                    "dao": dao,
                    "query_id": f"XIP-{n}",
                    "relevant_ids": [f"XIP-{n - 9}"],
                    "near_title_ids": [],
                    "query_created": f"2022-01-{n + 1:02d}",
                }
                row["query_text_masked"] = f"Fund the {thing}\n\nWe fund the {thing} for one more year."
                asked.append(row)
    for name, rows in (("proposals", proposals), ("references", asked)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def reference(*relevant: str, near: tuple[str, ...] = ()) -> Reference:
    return Reference("d", "q", "text", frozenset(relevant), frozenset(near))


def test_recall_and_reciprocal_rank() -> None:
    measured = Measured.of([Ranking(reference("b", "z"), ["a", "b"]), Ranking(reference("a", near=("a",)), ["a"])])
    assert measured.r10 == [0.5, 1.0]
    assert measured.mrr == [0.5, 1.0]
    assert measured.hard[0] == 0.5
    assert measured.row()[2] == 0.5


def test_the_interval_of_a_constant_gap_is_that_gap() -> None:
    assert bench.interval([1.0] * 9, [0.5] * 9) == (0.5, 0.5, 0.5)


def test_folds_keep_a_dao_together_and_are_balanced() -> None:
    place = cases.folds(["a"] * 6 + ["b"] * 3 + ["c"] * 3 + ["d"], 2)
    assert place["a"] == 0
    assert place["b"] == place["c"] == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_there_are_fifty_questions_of_our_own(lang: str) -> None:
    assert len({row.id for row in cases.questions(lang)}) == 50


def test_a_query_finds_neither_itself_nor_later_proposals(data: Path) -> None:
    corpus = cases.corpora(data / "proposals.jsonl.gz", {"a"})["a"]
    row = next(row for row in cases.references(data / "references.jsonl.gz") if row.id == "XIP-9")
    for rule in ("instant", "numbered"):
        mask = cases.candidates(corpus, row, rule)
        assert [head.id for head, ok in zip(corpus.heads, mask, strict=True) if ok] == [f"XIP-{n}" for n in range(9)]


def test_training_is_repeatable_and_ranks(data: Path, tmp_path: Path) -> None:
    asked = cases.references(data / "references.jsonl.gz")
    indexed = cases.corpora(data / "proposals.jsonl.gz", set("abcdef"))
    plains = cases.plain_fields(data / "proposals.jsonl.gz", set("abcdef"))
    found = cases.cases(indexed, asked, "instant", plains)
    one, two = (cases.train(found, found, seeds=(1,)) for _ in range(2))
    orders = [cases.learned(one, case) for case in found]
    assert orders == [cases.learned(two, case) for case in found]
    assert Measured.of(Ranking(case.reference, order) for case, order in zip(found, orders, strict=True)).row()[3] > 0.9
    assert Ranker.load(tmp_path).why_not


@pytest.mark.slow
def test_the_report_has_every_set_and_method(data: Path) -> None:
    report = bench.run(data, seeds=(1,))
    assert set(report.tables["Full text"]) == {"plain BM25", "tuned BM25", "weighted sum", "ranker"}
    assert "| a | 11 |" in report.markdown()
    assert json.dumps(report.json())


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "references.jsonl.gz").write_bytes(gzip.compress(b"{}\n{broken\n"))
    with pytest.raises(DataError, match="line 2"):
        list(cases.lines(tmp_path / "references.jsonl.gz"))
    with pytest.raises(DataError, match="cannot read"):
        list(cases.lines(tmp_path / "absent.jsonl"))
