"""Evidence is numbered once, computed values follow from their inputs alone, and a draft's bytes are exact."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import DataError
from agent.ledger import canonical, compute, decimal, derive, evidence_sha256, facts_of, fingerprint, number, seal, sha256, show
from agent.schemas import Derivation, Draft, Evidence, Fact, FactRef, Locator, Op
from tests.agent.harbor_draft import READ, draft, ledger


def measured(*values: float | str, unit: str | None = "ETH", text: str = "measured") -> Evidence:
    facts = tuple(Fact(name=f"v{index}", value=value, unit=unit) for index, value in enumerate(values))
    return Evidence(id="", kind="market", quote=text, locator=Locator(id=text), sha256=sha256(text), retrieved_at=READ, facts=facts)


def computed(op: Op, *values: float | str, digits: int = 2, unit: str | None = "ETH") -> Decimal:
    row = measured(*values, unit=unit).model_copy(update={"id": "E1"})
    refs = tuple(FactRef(id="E1", fact=f"v{index}") for index in range(len(values)))
    return compute(Derivation(op=op, inputs=refs, digits=digits), facts_of([row]))


@pytest.mark.parametrize(
    ("op", "values", "expected"),
    [
        ("sum", (0.1, 0.2), "0.30"),
        ("difference", (3, 5), "-2.00"),
        ("share", (1, 2), "33.33"),
        ("change_pct", (1240, 744), "-40.00"),
        ("change_pct", (-10, -5), "50.00"),
        ("ratio", (1, 8), "0.13"),
        ("product", (0.05, 61.4), "3.07"),
        ("count", ("a", "b", 3), "3.00"),
        ("median", (4, 1, 3, 2), "2.50"),
        ("median", (9, 1, 3), "3.00"),
        ("mean", (1, 2, 4), "2.33"),
        ("min", (4, 1, 3), "1.00"),
        ("max", (4, 1, 3), "4.00"),
        ("days", ("2024-03-03", "2024-04-02T01:00:00Z"), "30.00"),
    ],
)
def test_each_operation_computes_what_its_name_says(op: Op, values: tuple[float | str, ...], expected: str) -> None:
    assert computed(op, *values) == Decimal(expected)


def test_halves_are_rounded_away_from_zero_and_nought_has_no_sign() -> None:
    assert computed("sum", 0.125, 0) == Decimal("0.13")
    assert computed("sum", -0.125, 0) == Decimal("-0.13")
    assert str(computed("sum", -0.001, 0)) == "0.00"


@pytest.mark.parametrize(
    ("op", "values", "problem"),
    [
        ("ratio", (1, 0), "divide by zero"),
        ("share", (1, -1), "divide by zero"),
        ("change_pct", (0, 1), "divide by zero"),
        ("sum", (1, "many"), "not a number 'many'"),
        ("sum", (1, float("inf")), "not a finite number"),
        ("days", ("2024-03-03", "soon"), "not a date 'soon'"),
        ("difference", (1,), "takes 2 inputs"),
        ("ratio", (1, 2, 3), "takes 2 inputs"),
        ("mean", (), "takes one or more inputs"),
    ],
)
def test_what_cannot_be_computed_is_said_in_a_sentence(op: Op, values: tuple[float | str, ...], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        computed(op, *values)


def test_different_units_are_not_added() -> None:
    row = Evidence(
        id="E1", kind="market", quote="q", locator=Locator(), sha256="0", retrieved_at=READ,
        facts=(Fact(name="a", value=40, unit="ETH"), Fact(name="b", value=40, unit="USDC")),
    )  # fmt: skip
    with pytest.raises(DataError, match="different units 'ETH, USDC'"):
        derive("sum", [(row, "a"), (row, "b")], name="total")
    assert derive("ratio", [(row, "a"), (row, "b")], name="ratio").facts[0].value == 1


def test_a_missing_fact_and_a_fact_with_two_values_are_refused() -> None:
    row = measured(1, 2)
    torn = row.model_copy(update={"facts": (Fact(name="v0", value=1), Fact(name="v0", value=2))})
    for bad, name in ((row, "v9"), (torn, "v0")):
        with pytest.raises(DataError, match="missing or has two values"):
            derive("sum", [(bad, name)], name="total")


@pytest.mark.parametrize(
    ("op", "values", "quote"),
    [
        ("change_pct", (1240, 744), "(744 − 1,240) / 1,240 = −40.0 %"),
        ("change_pct", (-4, 2), "(2 − (−4)) / |−4| = 150.0 %"),
        ("share", (8, 4), "8 / (8 + 4) = 66.7 %"),
        ("sum", (1200.5, -3), "1,200.5 + (−3) = 1,197.5 ETH"),
        ("count", ("HIP-31", "HIP-44"), "n(HIP-31; HIP-44) = 2.0"),
        ("median", (1, 2), "median(1; 2) = 1.5 ETH"),
    ],
)
def test_the_formula_is_written_for_people_of_any_language(op: Op, values: tuple[float | str, ...], quote: str) -> None:
    row = measured(*values)
    made = derive(op, [(row, f"v{index}") for index in range(len(values))], name="result")
    assert made.quote == quote
    assert (made.kind, made.sha256, made.retrieved_at) == ("derived", sha256(quote), READ)


def test_numbering_drops_repeats_and_rewrites_references() -> None:
    one, two = measured(8, text="one"), measured(4, text="two")
    share = derive("share", [(one, "v0"), (two, "v0")], name="share")
    twice = derive("product", [(share, "share"), (share, "share")], name="square")
    rows = number([twice, share, two, one, two.model_copy(update={"role": "again"})])
    assert [row.id for row in rows] == ["E1", "E2", "E3", "E4"]
    assert [ref.id for row in rows[:2] if row.derivation for ref in row.derivation.inputs] == ["E2", "E2", "E4", "E3"]
    assert compute(rows[1].derivation or Derivation(op="sum", inputs=()), facts_of(rows)) == Decimal("66.7")


def test_numbering_twice_changes_nothing() -> None:
    assert number(ledger()) == ledger()


def test_numbering_after_another_order_keeps_what_computed_values_rest_on() -> None:
    rows = number(tuple(reversed(ledger())))
    for row in rows:
        if row.derivation is not None:
            assert compute(row.derivation, facts_of(rows)) == decimal(row.facts[0].value)


def test_the_same_id_for_two_things_and_a_lost_input_are_refused() -> None:
    one, two = (measured(value, text=str(value)).model_copy(update={"id": "E1"}) for value in (1, 2))
    with pytest.raises(DataError, match="both called 'E1'"):
        number([one, two])
    with pytest.raises(DataError, match="not in the ledger"):
        number([derive("sum", [(one, "v0")], name="total")])


def test_a_fingerprint_sees_source_span_quote_and_facts_but_not_role_or_time_of_reading() -> None:
    row = measured(1)
    assert fingerprint(row) == fingerprint(row.model_copy(update={"role": "ask", "title": "t", "id": "E7"}))
    for change in ({"quote": "other"}, {"sha256": "1"}, {"locator": Locator(id="x")}, {"facts": ()}, {"kind": "chain"}, {"url": "u"}):
        assert fingerprint(row) != fingerprint(row.model_copy(update=change))


def test_a_draft_keeps_its_bytes_through_json() -> None:
    made = draft()
    again = Draft.model_validate_json(made.model_dump_json(by_alias=True))
    assert canonical(again) == canonical(made)
    assert seal(again).sha256 == made.sha256 == seal(made).sha256
    assert "sha256" not in json.loads(canonical(made))
    assert canonical(made).decode() == json.dumps(json.loads(canonical(made)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_whole_floats_and_decomposed_letters_give_the_same_bytes() -> None:
    def named(value: float, label: str) -> bytes:
        return canonical(draft(title=label, evidence=(measured(value),)))

    assert named(40.0, "caf\u00e9") == named(40, "cafe\u0301")
    assert named(40.5, "x") != named(40, "x")


def test_a_field_without_a_value_leaves_no_trace_in_the_bytes() -> None:
    assert b"null" not in canonical(draft())


def test_infinity_is_no_json() -> None:
    with pytest.raises(DataError, match="cannot be written as JSON"):
        canonical(draft(evidence=(measured(float("inf")),)))


def test_the_ledgers_hash_sees_every_row_and_their_order() -> None:
    rows = ledger()
    assert len({evidence_sha256(rows), evidence_sha256(rows[1:]), evidence_sha256(rows[::-1])}) == 3


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_a_shown_number_reads_back(whole: int, digits: int) -> None:
    value = Decimal(whole).scaleb(-digits)
    assert Decimal(show(value).replace(",", "").replace("−", "-")) == value


@settings(deadline=None)
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8))
def test_mean_and_median_lie_between_least_and_greatest(values: list[int]) -> None:
    for op in ("mean", "median"):
        assert min(values) <= computed(op, *values, digits=6) <= max(values)
