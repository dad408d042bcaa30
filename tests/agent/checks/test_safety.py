"""Form that cannot hurt: hidden characters, links, mentions, suffixes, lengths, choices and blanks are held to their limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.checks import safety
from agent.schemas import Blank, Draft
from tests.agent.harbor_draft import SAFE, draft, one, s


def found(made: Draft) -> list[tuple[str, str, str]]:
    return [(r.rule, r.level, r.where) for r in safety.check(made) if r.level != "pass"]


def test_a_sound_draft_passes_all_seven_rules() -> None:
    assert [r.level for r in safety.check(draft())] == ["pass"] * 7
    assert [r.level for r in safety.check(draft("zh"))] == ["pass"] * 7


def test_a_pass_says_how_much_was_looked_at() -> None:
    linked = one(s("See https://forum.harbor.example/t/HIP-31 and https://forum.harbor.example/t/HIP-44.", "opinion"), title="T", blanks=())
    assert [r.message for r in safety.check(linked)] == [
        "title 1, text 98 UTF-16 units",
        "3 choices, all different",
        "2 links, all to sources",
        "no hidden, control or direction characters; composed form",
        "no '#proposer=' suffix",
        "nobody is notified",
        "0 blanks, all listed and marked",
    ]


@pytest.mark.parametrize(
    "char",
    [
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u00ad",
        "\u0000",
        "\u0007",
        "\r",
        "\t",
        "\u0085",
        "\u2028",
        "\u2029",
        "\U000e0041",
        "\U000e0100",
        "\ufe00",
        "\u3164",
        "\u2800",
        "\ue000",
        "\u034f",
    ],
)
def test_each_hidden_character_is_an_error_wherever_it_stands(char: str) -> None:
    assert ("safety.hidden", "error", "motivation[0]") in found(one(s(f"Re{char}bates.", "opinion")))
    assert ("safety.hidden", "error", "title") in found(draft(title=f"Re{char}bates"))
    assert ("safety.hidden", "error", "choices[0]") in found(draft(choices=(f"Fo{char}r", "Against")))


@settings(deadline=None)
@given(st.sampled_from("aZ9é中，。“”—–…€😀ß\n −×"))
def test_letters_signs_and_line_feeds_are_not_hidden(char: str) -> None:
    assert not safety.hidden(char)


def test_letters_must_be_composed() -> None:
    assert found(one(s("cafe\u0301", "opinion"))) == [("safety.hidden", "error", "motivation[0]")]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("See https://forum.harbor.example/t/HIP-31.", None),
        ("See [it](https://forum.harbor.example/t/HIP-31).", None),
        ("See https://forum.harbor.example/t/HIP-31x", "error"),
        ("See http://evil.example", "error"),
        ("[x](javascript:alert(1))", "error"),
        ("data:text/html;base64,x", "error"),
        ("ipfs://bafy", "error"),
        ("Claim at harbor-airdrop.xyz now", "warning"),
        ("Go to www.evil.com/claim", "warning"),
        ("It moved, e.g. to v2.1 of the contract.", None),
    ],
)
def test_only_the_addresses_of_sources_are_linked(text: str, level: str | None) -> None:
    assert [(rule, lvl) for rule, lvl, _ in found(one(s(text, "opinion")))] == ([("safety.link", level)] if level else [])


@pytest.mark.parametrize("text", [f"Done #proposer={SAFE}", f"#proposer={SAFE.lower()} and more"])
def test_a_proposer_suffix_is_an_error(text: str) -> None:
    assert ("safety.proposer", "error", "motivation[0]") in found(one(s(text, "opinion")))


def test_a_short_suffix_locks_nobody_out() -> None:
    assert found(one(s("Done #proposer=0x12", "opinion"))) == []


@pytest.mark.parametrize("text", ["Hi @everyone", "@here", "@所有人 看", "<@123456>", "<@&99>", "<#12>"])
def test_nobody_is_notified(text: str) -> None:
    assert ("safety.mention", "error", "motivation[0]") in found(one(s(text, "opinion")))


def test_an_address_is_no_mention() -> None:
    assert found(one(s("mail at home, @hereafter", "opinion"))) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [("x" * 256, []), ("x" * 257, ["title"]), ("😀" * 128, []), ("😀" * 129, ["title"]), (" ", ["title"])],
)
def test_the_title_is_counted_in_utf16_units(title: str, expected: list[str]) -> None:
    assert [where for rule, _, where in found(draft(title=title)) if rule == "format.length"] == expected


@pytest.mark.parametrize(("size", "level"), [(9_900, None), (10_100, "advice"), (39_900, "advice"), (40_100, "warning")])
def test_the_text_is_held_against_snapshots_limits(size: int, level: str | None) -> None:
    assert [lvl for _, lvl, _ in found(one(s("字" * size, "opinion")))] == ([level] if level else [])


def test_an_empty_sentence_is_an_error() -> None:
    assert found(one(s(" ", "opinion"))) == [("format.length", "error", "motivation[0]")]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ((), []),
        (("For", "Against"), []),
        (("For",), [("error", "choices")]),
        (("For", "for "), [("error", "choices[1]")]),
        (("For", ""), [("error", "choices[1]")]),
        (("For", "x" * 257), [("error", "choices[1]")]),
        (tuple(map(str, range(21))), [("warning", "choices")]),
        (tuple(map(str, range(20))), []),
    ],
)
def test_choices_are_two_or_more_different_and_short(choices: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    assert [(level, where) for rule, level, where in found(draft(choices=choices)) if rule == "format.choices"] == expected


def test_a_choice_of_256_units_is_allowed_and_a_faulty_one_is_told_why() -> None:
    assert found(draft(choices=("x" * 256, "Against"))) == []
    told = {
        r.message
        for choices in (("For", ""), ("For", "for"), ("For", "x" * 257))
        for r in safety.check(draft(choices=choices))
        if r.level == "error"
    }
    assert {message.rsplit("' ", maxsplit=1)[1] for message in told} == {"is empty", "stands twice", "is longer than 256 UTF-16 units"}


def test_one_choice_is_no_fault_of_a_short_answer() -> None:
    assert found(draft(choices=("For",), answered=False)) == []


def test_blanks_in_the_text_are_those_listed() -> None:
    made = one(
        s("Pay [[whom]] in [[how\nmany]] parts.", "boilerplate"),
        blanks=(Blank(id=1, section="motivation", what="whom"), Blank(id=2, section="x", what="when")),
    )
    assert found(made) == [("format.blanks", "error", "motivation[0]"), ("format.blanks", "error", "blanks[2]")]
