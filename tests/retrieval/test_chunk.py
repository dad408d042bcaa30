"""Chunks follow headings, keep exact places and lose nothing; a lead says what a proposal is about."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.chunk import LEAD, LIMIT, Chunk, chunks, lead, plain

WORDS = st.text(alphabet="abc é国会。！?. \u2028\t", min_size=1, max_size=400).map(lambda text: f"w{text}w")
PARAGRAPHS = st.lists(WORDS, min_size=1, max_size=4).map("\n".join)
HEADINGS = st.tuples(st.sampled_from(["# {}", "## {} ##", "{}\n===", "**{}**"]), st.text("xyz", min_size=1, max_size=20)).map(
    lambda pair: pair[0].format(pair[1])
)
BLOCKS = st.lists(
    st.one_of(st.tuples(st.just(True), PARAGRAPHS), st.tuples(st.just(False), HEADINGS), st.just((False, "***"))), max_size=12
)


def texts(title: str, body: str) -> list[tuple[str, str]]:
    return [(chunk.heading, body[chunk.start : chunk.end]) for chunk in chunks(title, body)]


def assert_in_order(body: str, found: list[Chunk]) -> None:
    assert all(0 <= chunk.start < chunk.end <= len(body) for chunk in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
    assert all(chunk.end - chunk.start <= LIMIT for chunk in found)
    assert all(body[chunk.start : chunk.end].strip() == body[chunk.start : chunk.end] for chunk in found)


@given(st.text(alphabet=st.characters(exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=3000))
def test_chunks_of_any_text_are_ordered_disjoint_bounded_and_trimmed(body: str) -> None:
    assert_in_order(body, chunks("", body))


@given(BLOCKS)
def test_every_visible_character_of_a_paragraph_lies_in_exactly_one_chunk(blocks: list[tuple[bool, str]]) -> None:
    body = ""
    wanted: set[int] = set()
    for prose, text in blocks:
        if prose:
            wanted.update(len(body) + i for i, character in enumerate(text) if not character.isspace())
        body += f"{text}\n\n"
    found = chunks("", body)
    assert_in_order(body, found)
    covered = {i for chunk in found for i in range(chunk.start, chunk.end) if not body[i].isspace()}
    assert covered == wanted


def test_headings_of_every_kind_name_the_chunks_below_them() -> None:
    body = "before\n\n# One\n\na\n\nTwo\n---\n\nb\n\n**Three:**\n\nc\n\n### [Four](http://x.org) ###\nd"
    assert texts("", body) == [("", "before"), ("One", "a"), ("Two", "b"), ("Three", "c"), ("Four", "d")]


def test_a_heading_in_a_code_block_or_a_quote_cuts_nothing() -> None:
    body = "# Code\n\n```sh\n# no heading\n---\n```\n\n> # quoted\n> words"
    assert texts("", body) == [("Code", body.removeprefix("# Code\n\n"))]


def test_a_long_paragraph_above_a_rule_stays_prose() -> None:
    prose = "The treasury pays ten delegates. " * 8
    assert texts("", f"{prose.strip()}\n---\nmore") == [("", prose.strip()), ("", "more")]


def test_a_heading_that_repeats_the_title_is_not_named_again() -> None:
    assert texts("Pay  the Delegates", "# Pay the delegates\n\nwords") == [("", "words")]


def test_front_matter_belongs_to_no_chunk_but_a_leading_rule_is_only_a_rule() -> None:
    assert texts("", "---\ntitle: X\nauthors:\n  - A\n\ntags: [a]\n---\n# H\n\nwords") == [("H", "words")]
    assert texts("", "---\n\nprose first\n\n---\n\nlast") == [("", "prose first"), ("", "last")]


def test_offsets_count_code_points_past_line_separators_and_wide_characters() -> None:
    body = "😀 a\u2028b\n\n# 标题\n\n资助😀二期。"
    assert texts("", body) == [("", "😀 a\u2028b"), ("标题", "资助😀二期。")]


def test_a_long_english_paragraph_is_cut_at_sentence_ends() -> None:
    body = "The council pays the first grant in May. " * 80
    found = [text for _, text in texts("", body)]
    assert len(found) > 2
    assert all(text.endswith("May.") and text.startswith("The council") for text in found)


def test_a_long_chinese_paragraph_is_cut_at_sentence_ends() -> None:
    body = "委员会在五月支付第一笔资助。预算是多少？" * 120
    found = [text for _, text in texts("", body)]
    assert len(found) > 2
    assert all(text[-1] in "。？" for text in found)


def test_a_long_table_is_cut_between_its_rows() -> None:
    body = "| a | b |\n|---|---|\n" + "".join(f"| row {i} | {i * 1000} ETH |\n" for i in range(200))
    found = [text for _, text in texts("", body)]
    assert len(found) > 3
    assert all(text.startswith("|") and text.endswith("|") for text in found)


def test_text_without_a_space_is_cut_hard() -> None:
    assert "".join(text for _, text in texts("", "x" * 5000)) == "x" * 5000


def test_an_empty_body_has_no_chunks_and_its_lead_is_the_title() -> None:
    for body in ("", " \n\n\t", "# only a heading"):
        assert chunks("T", body) == []
        assert lead("A  title", body) == "A title"


@pytest.mark.slow
def test_a_huge_body_takes_time_in_proportion() -> None:
    for block in ("A sentence about grants. ", "line\n", "# h\n\ntext\n\n", "> ", "\n \n", "[a](", "| a | b |\n", "**b**\n\n"):
        started = time.process_time()
        body = block * (170_000 // len(block))
        lead("t", body)
        assert_in_order(body, chunks("t", body))
        assert time.process_time() - started < 5, block


def test_the_lead_prefers_the_summary_over_what_stands_first() -> None:
    body = "Discussion: http://forum.x\n\nA long introduction that says hello to everyone in the forum.\n\n## 2. Abstract\n\n"
    body += (
        "Fund the [bug bounty](https://x.org/a_(b)) with **50,000 USDC** for one year from the treasury.\n\n## Motivation\n\nBugs are bad."
    )
    text = lead("Bug bounty", body)
    assert text.startswith("Bug bounty\nFund the bug bounty with 50,000 USDC for one year")
    assert "http" not in text


def test_the_lead_knows_a_chinese_summary() -> None:
    body = "大家好，这是论坛里的一个讨论帖子，欢迎留言。" * 4 + "\n\n## 摘要\n\n" + "从国库拨款五万美元，资助一年的漏洞赏金计划。" * 3
    assert lead("漏洞赏金", body).startswith("漏洞赏金\n从国库拨款五万美元")


def test_the_lead_passes_over_tables_code_and_metadata_lines() -> None:
    body = "Author: someone\nStatus: draft\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n# One\n\n```\ncode code code code code code code code code\n```\n\n"
    body += "# Two\n\nThe working group asks for 10 ETH to keep the lights on until spring comes."
    assert lead("T", body) == "T\nThe working group asks for 10 ETH to keep the lights on until spring comes."


@given(st.text(max_size=100), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=3000))
def test_a_lead_is_never_longer_than_asked(title: str, body: str) -> None:
    assert len(lead(title, body)) <= LEAD
    assert len(lead(title, body, 50)) <= 50


def test_plain_keeps_words_and_drops_markup() -> None:
    assert plain('- **Pay** `x_y` ![chart](c.png) <b>now</b> [here](u "t") https://a.b/c\n> quoted') == "Pay x y chart now here quoted"
