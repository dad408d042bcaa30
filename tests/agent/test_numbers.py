"""Numbers, amounts, dates, percentages, addresses and ids are found in both languages, and grounded only by their equals."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.ledger import derive, sha256, show
from agent.numbers import claims, extract, supported, unsupported
from agent.quantity import Quantity
from agent.schemas import Evidence, Fact, Locator
from tests.agent.harbor_draft import SAFE


def evidence(quote: str = "", *facts: Fact, **changes: object) -> Evidence:
    values: dict[str, object] = {
        "id": "E1",
        "kind": "proposal",
        "quote": quote,
        "locator": Locator(),
        "sha256": sha256(quote),
        "retrieved_at": datetime(2031, 7, 9, tzinfo=UTC),
        "facts": facts,
    }
    return Evidence.model_validate(values | changes)


def fact(value: float | str, unit: str | None = None, name: str = "value") -> Fact:
    return Fact(name=name, value=value, unit=unit)


def grounded(sentence: str, *rows: Evidence) -> bool:
    return not unsupported(sentence, rows)


def values(text: str) -> list[tuple[str, str]]:
    """(value or key, units) of what was found."""
    return [(f"{q.value.normalize():f}" if q.value is not None else q.key or q.text, "/".join(sorted(q.units))) for q in extract(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,240 sales", [("1240", "sale")]),
        ("1 240 and 1 240", [("1240", ""), ("1240", "")]),
        ("1.240.000 Stimmen", [("1240000", "")]),
        ("12,40 and 1.240", [("12.4", ""), ("1240", "")]),
        ("1.240 ETH", [("1.24", "eth")]),
        ("40 %", [("40", "%")]),
        ("40.0% and %43", [("40", "%"), ("43", "%")]),
        ("百分之四十，百分之40.5", [("40", "%"), ("40.5", "%")]),
        ("四成五的票", [("45", "%")]),
        ("50 bps, 25 basis points, 25 个基点", [("0.5", "%"), ("0.25", "%"), ("0.25", "%")]),
        ("5 percentage points，5个百分点", [("5", "pp"), ("5", "pp")]),
        ("1.2k, 3M, 2.5 billion", [("1200", ""), ("3000000", ""), ("2500000000", "")]),
        ("1.2万枚ETH和3亿美元", [("12000", "eth"), ("300000000", "usd")]),
        ("$50,000, €3, US$2m and USD 500", [("50000", "usd"), ("3", "eur"), ("2000000", "usd"), ("500", "usd")]),
        ("500k USDC", [("500000", "usdc")]),
        ("15,000 $MGH", [("15000", "mgh")]),
        ("2–4 million ETH", [("2000000", "eth"), ("4000000", "eth")]),
        ("2-4 ETH or 2 to 4 ETH", [("2", "eth"), ("4", "eth"), ("2", "eth"), ("4", "eth")]),
        ("−6, +11 and ±3%", [("-6", ""), ("11", ""), ("3", "%")]),
        ("8 of 12 delegates", [("8", ""), ("12", "delegate")]),
        ("two of the three proposals", [("2", ""), ("3", "proposal")]),
        ("twenty-five votes, two hundred thousand ENS", [("25", "vote"), ("200000", "ens")]),
        ("一百二十三票，三千五百万枚 ENS，两项提案", [("123", "vote"), ("35000000", "ens"), ("2", "proposal")]),
        ("3亿2000万", [("300000000", ""), ("20000000", "")]),
        ("24h, 30-day, 2x, 12个月", [("24", "hour"), ("30", "day"), ("2", "×"), ("12", "month")]),
        ("10^18 and 1e18", [("1000000000000000000", ""), ("1000000000000000000", "")]),
        ("2024-03-03, 3 March 2024, March 3, 2024, 2024年3月3日, 二〇二四年三月三日", [("2024-03-03", "")] * 5),
        ("in March 2024, 2024-03, 2024年3月", [("2024-03", "")] * 3),
        ("3–7 March 2024", [("2024-03-07", ""), ("2024-03-03", "")]),
        ("3 March and 3月3日 and in March", [("--03-03", ""), ("--03-03", ""), ("--03", "")]),
        ("Q3 2024 and 2024年第三季度", [("2024-Q3", ""), ("2024-Q3", "")]),
        ("19:00 UTC, 7 pm, 晚上7点, 9:30 am", [("19:00", ""), ("19:00", ""), ("19:00", ""), ("09:30", "")]),
        ("EP 5.2, [EP5.2], EP-5.2, SIP-105, sip-105", [("ep5.2", "")] * 3 + [("sip105", "")] * 2),
        ("MIP102c2-SP8, v1.2.3, ERC-20 and #12", [("mip102c2-sp8", ""), ("v1.2.3", ""), ("erc20", ""), ("12", "")]),
        ("alice.eth and 0x1a2b…cdef", [("alice.eth", ""), ("0x1a2b…cdef", "")]),
        (SAFE, [(SAFE.lower(), "")]),
        ("two thirds, 三分之二", [("66.66666666666666666666666667", "")] * 2),
        ("half of them, doubled, 减半", [("50", ""), ("200", ""), ("50", "")]),
        ("第3条, 第三条, phase 2", [("3", ""), ("3", ""), ("2", "")]),
        ("the third vote and 3rd", [("3", ""), ("3", "")]),
        ("one proposal; one of the three", [("1", "proposal"), ("1", ""), ("3", "")]),
        ("only 仅一票", [("1", "vote")]),
    ],
)
def test_what_looks_like_a_number_is_found_with_its_value_and_unit(text: str, expected: list[tuple[str, str]]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    "text", ["one could say so", "first, we look", "一个提案，一些人，统一，一致，十分，万一，千万不要", "no one", "a quarter", "zero"]
)
def test_words_that_count_nothing_are_no_numbers(text: str) -> None:
    assert values(text) == []


def test_list_markers_that_count_up_need_no_evidence_but_others_do() -> None:
    assert claims("It (1) pays, (2) reports.") == ()
    assert [q.text for q in claims("It (1) pays, (3) reports.")] == ["1", "3"]
    assert [q.text for q in claims("It pays (40).")] == ["40"]


SAME = [
    ("1,240", "1240"),
    ("1.2k", "1,240"),
    ("0.7k", "744"),
    ("about 1,200", "1,240"),
    ("4.1", "4.10"),
    ("4.10", "4.1"),
    ("3.07 ETH", "3.0701 ETH"),
    ("40 %", "40.0%"),
    ("百分之四十", "40 percent"),
    ("0.5 %", "50 bps"),
    ("1.2万枚 ETH", "12,000 ETH"),
    ("$2.5 million", "US$2,500,000"),
    ("three proposals", "3 proposals"),
    ("两项提案", "two proposals"),
    ("3 March 2024", "2024-03-03"),
    ("March 2024", "2024年3月3日"),
    ("in 2024", "2024-03-03"),
    ("3 March", "2024-03-03"),
    ("Q1 2024", "3 March 2024"),
    ("7 pm", "19:00 UTC"),
    ("EP 5.2", "[EP5.2]"),
    ("Proposal 12", "Proposal #12"),
    ("block 19,351,002", "block 19351002"),
    ("第3条", "第三条"),
    ("phase 2", "Phase 2"),
    ("8/12", "8 of 12"),
    ("two thirds", "66.7 %"),
    ("half of", "50 %"),
    ("0xd8dA…6045", SAFE),
    (SAFE, SAFE.lower()),
    ("40", "40 ETH"),
    ("the 3rd vote", "the third vote"),
    ("5 percentage points", "5 %"),
    ("1INCH", "the 1INCH token"),
    ("①", "step ①"),
    ("sales doubled", "sales rose by 100 %"),
    ("fell by 40 %", "a 40 % drop"),
    ("https://a.b/t/12", "see https://a.b/t/12"),
]
OTHER = [
    ("1,240", "12,40"),
    ("1,240", "1,241"),
    ("0.7k", "760"),
    ("1,200", "1,240"),
    ("about 1,300", "1,240"),
    ("1,234", "1.2k"),
    ("4.11", "4.1"),
    ("40 ETH", "40 USDC"),
    ("40 votes", "40 voters"),
    ("$40", "40 ETH"),
    ("40 %", "40"),
    ("40 %", "0.4"),
    ("40 %", "40 percentage points"),
    ("40 bps", "40 %"),
    ("4,125 ETH", "4.125 ETH"),
    ("0", "0.3"),
    ("4 March 2024", "2024-03-03"),
    ("3 March 2025", "2024-03-03"),
    ("3 March 2024", "March 2024"),
    ("2025", "2024-03-03"),
    ("Q2 2024", "3 March 2024"),
    ("18:00", "19:00"),
    ("EP 5.2", "EP 5.3"),
    ("EP 5.2", "5.2 ETH"),
    ("SIP-105", "SCCP-105"),
    ("5.2", "EP 5.2"),
    ("v2.1", "v2.2"),
    ("block 19,351,002", "block 19351003"),
    ("第3条", "第4条"),
    ("8/12", "8 of 13"),
    ("two thirds", "60 %"),
    ("half of", "49.6 %"),
    ("0xd8dA…6046", SAFE),
    (SAFE[:-1] + "6", SAFE),
    ("alice.eth", "alice2.eth"),
    ("three proposals", "four proposals"),
    ("the 3rd vote", "the fourth vote"),
    ("rose by 40 %", "fell by 40 %"),
    ("fell by 40 %", "a 40 % increase"),
    ("doubled", "rose by 90 %"),
    ("+40", "−40"),
    ("https://a.b/t/13", "see https://a.b/t/12"),
    ("5 percentage points", "5 ETH"),
]


@pytest.mark.parametrize(("sentence", "quote"), SAME)
def test_equal_claims_are_grounded(sentence: str, quote: str) -> None:
    assert grounded(sentence, evidence(quote))


@pytest.mark.parametrize(("sentence", "quote"), OTHER)
def test_different_claims_are_not_grounded(sentence: str, quote: str) -> None:
    assert not grounded(sentence, evidence(quote))


@pytest.mark.parametrize(
    ("sentence", "known", "expected"),
    [
        ("744 sales", fact(744, "sales"), True),
        ("744 ETH", fact(744, "sales"), False),
        ("744 MKR", fact(744, "votes (MKR)"), True),
        ("744 votes", fact(744, "votes (MKR)"), True),
        ("744 ETH", fact(744, "ETH/day"), True),
        ("0.93", fact(0.93), True),
        ("40 %", fact(40, None, "change_pct"), True),
        ("12 voters", fact(12, None, "voters"), True),
        ("12 ETH", fact(12, None, "voters"), False),
        ("fell 40 %", fact(-40, "%"), True),
        ("sales were lower, by 40 %", fact(-40, "%"), True),
        ("−40 %", fact(-40, "%"), True),
        ("changed 40 %", fact(-40, "%"), False),
        ("rose 40 %", fact(-40, "%"), False),
        ("−40 %", fact(40, "%"), False),
        ("2024-03-03", fact("2024-03-03"), True),
        ("2.5 %", fact(250, "bps"), True),
    ],
)
def test_recorded_facts_ground_their_value_in_their_unit(sentence: str, known: Fact, expected: bool) -> None:
    assert grounded(sentence, evidence("", known)) is expected


def test_a_computed_rise_does_not_ground_a_fall() -> None:
    series = evidence("", fact(10, "ETH", "a"), fact(14, "ETH", "b"))
    rise = derive("change_pct", [(series, "a"), (series, "b")], name="change")
    assert grounded("It rose by 40.0 %.", rise)
    assert not grounded("It fell by 40.0 %.", rise)
    assert grounded("It went from 10 to 14.", rise)


def test_titles_ids_blocks_and_fact_times_ground_but_offsets_and_reading_times_do_not() -> None:
    row = evidence(
        "text",
        Fact(name="first", value=7, time="2025-03-03"),
        title="EP 5.2: 40 ETH",
        url="https://a.b/t/77",
        locator=Locator(dao="ens", id="EP-5.2", start=123, end=456, block=19_351_002, tx="0x" + "ab" * 32),
        confidence=0.93,
    )
    for text in ("EP 5.2", "40 ETH", "block 19,351,002", "2025-03-03", "0x" + "ab" * 32, "0.93", "https://a.b/t/77"):
        assert grounded(text, row), text
    for text in ("123", "456", "2031-07-09", "77", "5.2"):
        assert not grounded(text, row), text


def test_what_stands_in_a_checked_quote_is_grounded_by_it() -> None:
    assert unsupported("It said “41 ETH or 42”.", [evidence("x")], ["41 ETH or 42"]) == []
    assert [q.text for q in unsupported("It said “41 ETH” and 42.", [evidence("x")], ["41 ETH"])] == ["42"]


def test_each_number_may_come_from_another_citation() -> None:
    assert grounded("8 of 12", evidence("8"), evidence("12"))
    assert not grounded("8 of 12", evidence("8"))
    assert not grounded("8 of 12")


@settings(deadline=None)
@given(st.integers(0, 10**12), st.integers(0, 4), st.sampled_from(["ETH", "%", "", "votes", "USDC"]))
def test_a_number_shown_is_read_back(whole: int, digits: int, unit: str) -> None:
    value = Decimal(whole).scaleb(-digits)
    found = extract(f"It was {show(value, digits)} {unit}.")
    assert [q.value for q in found] == [value]
    assert found[0].step == Decimal(1).scaleb(-digits)
    assert (
        grounded(f"It was {show(value, digits)} {unit}.", evidence("", fact(float(value), unit or None))) or digits + len(str(whole)) > 15
    )


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 3), st.data())
def test_a_changed_digit_is_always_noticed(whole: int, digits: int, data: st.DataObject) -> None:
    shown = show(Decimal(whole).scaleb(-digits), digits)
    at = data.draw(st.sampled_from([index for index, char in enumerate(shown) if char.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != shown[at]]))
    changed = shown[:at] + other + shown[at + 1 :]
    assert grounded(f"It was {shown} ETH.", evidence(f"exactly {shown} ETH"))
    assert not grounded(f"It was {changed} ETH.", evidence(f"exactly {shown} ETH"))


@settings(deadline=None)
@given(st.dates(min_value=datetime(1990, 1, 1).date(), max_value=datetime(2099, 12, 31).date()))
def test_a_date_is_the_same_date_in_every_form(day: object) -> None:
    from datetime import date

    assert isinstance(day, date)
    forms = [
        day.isoformat(),
        f"{day.day} {day:%B} {day.year}",
        f"{day:%B} {day.day}, {day.year}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%b} {day.day}, {day.year}",
    ]
    for form in forms:
        assert grounded(f"It was on {form} then.", evidence("", fact(day.isoformat())))
        assert not grounded(f"It was on {form} then.", evidence("", fact(date.fromordinal(day.toordinal() + 1).isoformat())))


@settings(deadline=None)
@given(st.text(alphabet="0123456789 .,-–/:%$€kMETHxabc年月日第一二十百万票个（）()[]“”#v_①²½", max_size=40))
def test_every_digit_belongs_to_exactly_one_claim_and_grounds_itself(text: str) -> None:
    found = extract(text)
    spans = sorted({(q.start, q.end) for q in found})
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    covered = {index for start, end in spans for index in range(start, end)}
    assert all(index in covered for index, char in enumerate(text) if char.isdigit())
    assert all(text[q.start : q.end] == q.text for q in found)


def test_a_long_text_is_read_in_linear_time() -> None:
    import time

    started = time.perf_counter()
    assert len(extract("Pay 1,240 ETH on 3 March 2024 to EP 5.2 at 40 %. " * 500)) == 2000
    for unit in ("0x", "1 ", "1,", "1.", "a1", "第", "-", "3月", "$", "v1", "A-", "一"):
        extract(unit * (10_000 // len(unit)))
    assert time.perf_counter() - started < 10


def test_a_claim_can_be_asked_alone() -> None:
    claim = Quantity("number", "40", 0, 2, Decimal(40), Decimal(1))
    assert supported(claim, evidence("40"))
    assert not supported(claim, [])
