"""Sentences keep exact offsets, English and Chinese, however the text is marked up; nothing takes more than linear time."""

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.text import clean, clean_map, is_cjk_heavy, plain, sentences, utf16_len


def cut(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EP 5.2 passed. It asked for 40 ETH, e.g. for audits.", ["EP 5.2 passed.", "It asked for 40 ETH, e.g. for audits."]),
        ("See https://a.b/c?x=1. Then what?", ["See https://a.b/c?x=1.", "Then what?"]),
        ('He said "No." OK.', ['He said "No."', "OK."]),
        (
            "The U.S. Treasury vs. the DAO, No. 5 and Jan. 3. Mr. Smith went.",
            ["The U.S. Treasury vs. the DAO, No. 5 and Jan. 3.", "Mr. Smith went."],
        ),
        ("J. Doe paid approx. 5 ETH etc. Then it ended.", ["J. Doe paid approx. 5 ETH etc.", "Then it ended."]),
        ("Wait... what? Really?! Yes…", ["Wait... what?", "Really?!", "Yes…"]),
        ("Use `a. B` here. Done.", ["Use `a. B` here.", "Done."]),
        ("Paid in Q3. 2024 was good.", ["Paid in Q3.", "2024 was good."]),
        (
            "提案 EP 5.2 已通过。它要求 40 ETH；为什么？因为3.5%！“好。”完",
            ["提案 EP 5.2 已通过。", "它要求 40 ETH；", "为什么？", "因为3.5%！", "“好。”", "完"],
        ),
        ("# Head\n\nPara one\nwrapped. Second.", ["Head", "Para one\nwrapped.", "Second."]),
        ("- item one\n- item\n  goes on\n1. First thing\n2) b", ["item one", "item\n  goes on", "First thing", "b"]),
        ("| a | b |\n|---|---|\n| 1. | x |\n---\n> quoted. Text", ["| a | b |", "| 1. | x |", "quoted.", "Text"]),
        ("a\n```py\nx. Y\n\nz\n```\nend", ["a", "```py\nx. Y\n\nz\n```", "end"]),
        ("~~~\nopen fence", ["~~~\nopen fence"]),
        ("", []),
        ("\n \n***\n", []),
    ],
)
def test_a_text_falls_into_its_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@settings(deadline=None)
@given(st.text(alphabet='aB .!?。；\n#-|`>*1("”…é', max_size=120))
def test_sentences_are_ordered_trimmed_and_leave_out_no_word(text: str) -> None:
    last = 0
    covered: set[int] = set()
    for span in sentences(text):
        assert last <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        covered.update(range(span.start, span.end))
        last = span.end
    assert all(index in covered for index, char in enumerate(text) if char in "aBé")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_the_offset_map_agrees_with_the_cleaned_text(text: str) -> None:
    cleaned, offsets = clean_map(text)
    assert cleaned == clean(text)
    assert len(offsets) == len(cleaned) + 1
    assert offsets == sorted(offsets)


@settings(deadline=None)
@given(st.text(max_size=80))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert unicodedata.is_normalized("NFC", clean(text))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_utf16_length_is_what_javascript_counts(text: str) -> None:
    assert utf16_len(text) == sum(2 if ord(char) > 0xFFFF else 1 for char in text)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**Bold** and _soft_ [link](https://x.y/z_(1)) `code`", "Bold and soft link code"),
        ("# Title\n- one\n2. two\n> said", "Title\none\ntwo\nsaid"),
        ("snake_case and 2 * 3 and 2*3", "snake_case and 2 * 3 and 2*3"),
        ("a <b>tag</b> &amp; <!-- gone --> rest", "a  tag  &   rest"),
        ("![chart](x.png) <https://a.b>", "chart https://a.b"),
        ("| a | b |\n|---|---|\n", "a b"),
    ],
)
def test_plain_text_is_what_a_reader_sees(markdown: str, expected: str) -> None:
    assert plain(markdown) == expected


def test_chinese_is_told_by_a_quarter_of_the_letters() -> None:
    assert is_cjk_heavy("提案 ETH")
    assert not is_cjk_heavy("The proposal named 提案")
    assert not is_cjk_heavy("123 !?")


@pytest.mark.parametrize(
    "unit", ["[", "(", "*", "_", "`", "|", "<", ".", "> ", "- ", "5. ", "<!--", "](", "....a", "|-", "\u0301", "。", "\n- ", "[a]("]
)
def test_hostile_texts_take_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit)) + "a"
    started = time.perf_counter()
    sentences(text)
    plain(text)
    clean_map(text)
    assert time.perf_counter() - started < 5
