"""Proves who cites whom: ids, links and threads, and never forward in time."""

import pytest

from agent.schemas import Link, Proposal
from retrieval.citations import Graph, cited, key, link_keys, series
from retrieval.corpus import known_since
from retrieval.proposals import proposal_hashes

HASH = "0x" + "ab" * 32


def make(
    name: str, title: str = "", body: str = "", created: str | None = "2022-01-01", links: tuple[str, ...] = (), **more: object
) -> Proposal:
    shape = {"dao": "harbor", "id": name, "title": title or name, "body": body, "status": "passed", "created": created}
    urls = tuple(Link(url=url) for url in links)
    return proposal_hashes(Proposal.model_validate(shape | {"links": urls, "sha256": "", "body_sha256": ""} | more))


def edges(*rows: Proposal) -> set[tuple[str, str]]:
    graph = Graph.build(rows, known_since(rows))
    return {(rows[a].id, rows[b].id) for a, b in zip(graph.src.tolist(), graph.dst.tolist(), strict=True)}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("EP-5.2", ("ep", (5, 2))),
        ("MIP40c3-SP36", ("mip40c3-sp", (36,))),
        ("AIPv3-224", ("aipv3", (224,))),
        ("mip2", ("mip", (2,))),
        (HASH, None),
        ("a proposal about nothing", None),
    ],
)
def test_series_and_number_of_an_id(name: str, expected: object) -> None:
    assert series(name) == expected


def test_keys_forget_separators_and_zeros() -> None:
    assert key("MIP-040 c3 SP36") == key("mip40c3-sp36") == "mip40c3sp36"
    assert key("AIPv3-17") != key("AIPv31-7")


def test_link_keys_tell_threads_and_hashes() -> None:
    assert link_keys(f"https://snapshot.example/#/harbor.eth/proposal/{HASH}") == [HASH]
    assert link_keys("https://forum.harbor.example/t/some-words/12/3?u=x") == ["t:forum.harbor.example/12"]
    assert link_keys("https://harbor.example/a/?b=1#c") == ["u:harbor.example/a"]


@pytest.mark.parametrize("words", ["as HIP 1 says", "HIP-001", "see hip-1.", "HIP1"])
def test_an_id_in_the_text_is_a_citation(words: str) -> None:
    assert edges(make("HIP-1"), make("HIP-2", body=words)) == {("HIP-2", "HIP-1")}


def test_hip_10_is_not_hip_1() -> None:
    assert edges(make("HIP-1"), make("HIP-2", body="HIP-10 and HIP-1.5")) == set()


def test_a_proposal_never_cites_a_later_one() -> None:
    later = make("HIP-9", created="2023-01-01")
    assert edges(make("HIP-1", body="will be replaced by HIP-9"), later) == set()


def test_a_vote_is_cited_by_its_address() -> None:
    old = make(HASH, "Fund the pier")
    assert edges(old, make("HIP-2", body=f"after https://snapshot.example/#/harbor.eth/proposal/{HASH}")) == {("HIP-2", HASH)}


def test_a_thread_belongs_to_the_proposal_its_address_spells() -> None:
    thread = "https://forum.harbor.example/t/fund-the-pier-repairs/77"
    old, new = make(HASH, "Fund the pier repairs", links=(thread,)), make("HIP-2", "Another thing", links=(thread,), created="2022-05-01")
    assert edges(old, new) == {("HIP-2", HASH)}


def test_an_id_that_only_the_title_gives_is_found_but_not_exact() -> None:
    rows = [make("0x" + c * 64, f"MDP-20.{n}: rewards") for n, c in ((1, "a"), (2, "b"))]
    names = Graph.build(rows, known_since(rows)).names
    assert cited(names, "as voted in MDP 20.2") == [1]
    assert cited(names, "as voted in MDP 20.2", exact=True) == []


def test_named_proposals_come_in_the_order_of_the_text() -> None:
    rows = [make(f"HIP-{n}") for n in (1, 2, 3)]
    assert cited(Graph.build(rows, known_since(rows)).names, "HIP-3 builds on HIP-1 and HIP-3") == [2, 0]


def test_required_numbers_are_citations() -> None:
    assert edges(make("HIP-1"), make("HIP-2", extra={"requires": "1"})) == {("HIP-2", "HIP-1")}


def test_an_undated_proposal_is_bounded_by_its_next_dated_neighbours() -> None:
    rows = [make("HIP-1", created=None), *(make(f"HIP-{n}", created=f"2022-0{n}-01") for n in (2, 3, 4, 5))]
    known = known_since(rows)
    assert known[0] == rows[3].created.timestamp()  # type: ignore[union-attr]


def test_an_undated_proposal_with_no_neighbour_is_unbounded_unless_a_date_was_recorded() -> None:
    bare, ratified = make("Pier", created=None), make("Dock", created=None, extra={"date_ratified": "2022-10-24"})
    known = known_since([bare, ratified])
    assert known[0] == float("inf")
    assert known[1] == 1666569600.0
