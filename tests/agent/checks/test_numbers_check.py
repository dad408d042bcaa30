"""Numbers of a draft stand in what the sentence cites, outcomes are the recorded ones, contradictions are shown."""

import pytest

from agent.checks import numbers
from agent.checks.numbers import recorded, told
from agent.checks.places import Place
from agent.ledger import derive, evidence_sha256, number
from agent.schemas import Draft, Fact, Section, Sentence
from tests.agent.harbor_draft import draft, ledger, one, row, s


def errors(made: Draft) -> list[str]:
    return [result.rule for result in numbers.check(made) if result.level == "error"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_sound_draft_passes(lang: str) -> None:
    assert {result.level for result in numbers.check(draft("zh" if lang == "zh" else "en"))} == {"pass"}


def test_a_pass_says_how_much_was_looked_at() -> None:
    assert [result.message for result in numbers.check(draft())] == [
        "all 31 numbers, dates and ids stand in the evidence cited",
        "all 3 computed values that are cited are stated",
        "all 3 outcomes told are the recorded ones",
        "no evidence that is cited contradicts other evidence unseen",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        s("HIP-31 asked for 41 ETH.", "fact", "E3"),
        s("HIP-31 asked for 40 USDC.", "fact", "E3"),
        s("HIP-31 asked for 40 ETH.", "fact", "E5"),
        s("HIP-31 asked for 40 ETH.", "fact"),
        s("Sales rose by 40.0 %.", "fact", "E2"),
        s("It was made in 2023.", "fact", "E3"),
        s("A vote may last 8 days.", "opinion", "E8"),
        s("Two proposals asked.", "inference", "E3"),
        s("HIP-32 asked for 40 ETH.", "fact", "E3"),
    ],
)
def test_a_number_that_is_not_cited_is_an_error(sentence: Sentence) -> None:
    assert "number.grounded" in errors(one(sentence))


def test_the_finding_names_the_number_and_the_citations() -> None:
    found = [r for r in numbers.check(one(s("HIP-31 asked for 41 ETH.", "fact", "E3", "E5"))) if r.level == "error"]
    assert [(r.where, r.message) for r in found] == [("motivation[0]", "'41' is not in what the sentence cites (E3, E5)")]


def test_a_quote_that_is_not_genuine_grounds_nothing() -> None:
    assert errors(one(s("It said “99 ETH”.", "fact", "E3", quotes=("99 ETH",)))) == ["number.grounded"]
    assert errors(one(s("It said “40 ETH ($72,500)”.", "fact", "E3", quotes=("40 ETH ($72,500)",)))) == []


@pytest.mark.parametrize(
    ("text", "cites", "expected"),
    [
        ("HIP-31 failed with 46.25 % for.", ("E3", "E4"), []),
        ("HIP-31 failed.", ("E3", "E4"), ["number.stated"]),
        ("HIP-44 passed with 71.8 % for, HIP-31 had 71.8 %.", ("E3", "E4", "E5", "E6"), ["number.stated"]),
    ],
)
def test_a_computed_value_that_is_cited_is_stated(text: str, cites: tuple[str, ...], expected: list[str]) -> None:
    assert [rule for rule in errors(one(s(text, "fact", *cites))) if rule == "number.stated"] == expected


@pytest.mark.parametrize(
    ("text", "cites", "expected"),
    [
        ("HIP-31 failed.", ("E3",), []),
        ("HIP-31 passed.", ("E3",), ["outcome.recorded"]),
        ("HIP-31 was approved.", ("E3",), ["outcome.recorded"]),
        ("HIP-44 was rejected.", ("E5",), ["outcome.recorded"]),
        ("HIP-44 获得通过。", ("E5",), []),
        ("HIP-44 未获通过。", ("E5",), ["outcome.recorded"]),
        ("HIP-31 被否决。", ("E3",), []),
        ("HIP-52 was withdrawn.", ("E9",), []),
        ("HIP-31 已被撤回。", ("E3",), ["outcome.recorded"]),
        ("HIP-31 failed and HIP-44 passed.", ("E3", "E5"), []),
        ("If HIP-44 failed, nothing would change.", ("E5",), []),
        ("若 HIP-44 未获通过，则不变。", ("E5",), []),
        ("Sales failed.", ("E1",), ["outcome.recorded"]),
    ],
)
def test_an_outcome_told_is_the_recorded_one(text: str, cites: tuple[str, ...], expected: list[str]) -> None:
    assert errors(one(s(text, "fact", *cites))) == expected


def test_a_computed_count_tells_only_the_outcome_it_counts() -> None:
    fund = row("HIP-31")
    count = derive("count", [(fund, "status")], name="count", digits=0, role="count-failed").model_copy(update={"id": "E2"})
    assert recorded([count]) == {"failed"}
    assert recorded([row("HIP-44")]) == {"passed"}
    assert recorded([row("HIP-44").model_copy(update={"facts": (), "quote": "It passed."})]) == set()
    assert recorded([row("reply-4").model_copy(update={"quote": "Well, it passed."})]) == {"passed"}


def test_a_condition_further_away_than_forty_characters_tells_an_outcome() -> None:
    far = "If " + "x" * 38 + " it failed."
    assert told(Place("", s(far, "fact"), (), ())) == {"failed"}
    assert told(Place("", s("If it failed.", "fact"), (), ())) == set()


def test_other_things_and_other_daos_contradict_nothing() -> None:
    sales = row("sales")
    other = {"title": "Other sales"}, {"locator": sales.locator.model_copy(update={"dao": "elsewhere"})}
    for change in other:
        facts = (Fact(name="last", value=871, unit="sales", time="2025-04-02"),)
        rows = number([sales, sales.model_copy(update={"sha256": "0", "facts": facts, **change})])
        made = draft(sections=(Section(key="m", heading="M", sentences=(s("Sales were 744.", "fact", "E1"),)),), evidence=rows)
        assert [r.level for r in numbers.check(made) if r.rule == "contradiction.shown"] == ["pass"]


def test_what_contradicts_is_shown_and_not_chosen_between() -> None:
    sales = row("sales")
    read = sales.model_copy(
        update={"kind": "chart", "sha256": "0", "facts": (Fact(name="last", value=871, unit="sales", time="2025-04-02"),)}
    )
    rows = number([sales, read])
    note = draft().provenance.model_copy(update={"evidence_sha256": evidence_sha256(rows)})

    def warned(*sentences: Sentence) -> list[str]:
        made = draft(sections=(Section(key="m", heading="M", sentences=sentences),), evidence=rows, provenance=note)
        return [r.message for r in numbers.check(made) if r.rule == "contradiction.shown" and r.level == "warning"]

    assert warned(s("Sales were 744.", "fact", "E1")) == ["E1 and E2 differ on 'last' at 2025-04-02: 744 and 871; show both"]
    assert warned(s("Sales were 744.", "fact", "E1"), s("The picture gives 871.", "fact", "E2")) == []
    assert warned(s("Nothing is said.", "opinion")) == []
    assert ledger()
