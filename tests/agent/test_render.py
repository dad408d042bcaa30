"""Rendering: it reads as it should, is the same each time, and no stranger's text becomes structure."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from typing import Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from agent.errors import InputError
from agent.escape import clean, escape, escape_blanks, heading, link
from agent.phrases import EN, TABLE, ZH
from agent.render import SMALLEST, Flavour, markdown
from agent.schemas import CheckResult, Draft, EvidenceKind, Level, Op, Section, Sentence, Status
from agent.text import utf16_len
from tests.agent.fixture_drafts import ATTACKS, chinese, drafts, english, texts, unanswered

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
FLAVOURS: tuple[Flavour, ...] = get_args(Flavour)


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """What a reader sees of inline Markdown."""
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline", "text_special"))


def test_a_full_draft_opens_with_what_wrote_it_and_what_is_left_to_fill() -> None:
    lines = markdown(english()).split("\n")
    assert lines[0] == "# Draft: Quarterly rebates for creators on Harbor Market"
    assert "no language model" in lines[2]
    assert "7 sources" in lines[2]
    assert "31 passed, 1 advice, 2 blanks" in lines[2]
    assert lines[4] == "**For the author to fill (2):** ① which quarter starts the pilot ② recipient multisig"
    assert lines[6] == "## Abstract"


@pytest.mark.parametrize(
    "line",
    [
        "The pilot starts in **[to fill: which quarter starts the pilot]**.",
        "a fall of 40.0 %. [E1, E8]",
        "too few to generalise. [E4, E6] *(inference)*",
        "most. *(opinion)*",
        "1. The treasury pays **[to fill: recipient multisig]** 5 %",
        "For · Against · Abstain",
        "- [E4] proposal · HIP-31 Creator fund · 2024-06-01 · failed · <https://forum.harbor.example/t/hip-31>",
        "harbor HIP-31; characters 0–80; sha256 ",
        "block 19,566,870",
        f"picture's sha256 {'9f2c' * 16}",
        "read with 0.93 confidence",
        "computed · Fall of sales · change in per cent of E1 (first), E1 (last)\n  - (744 − 1,240) / 1,240 = −40.0 %",
        "Gathered and not cited: E7, E9.",
        "58 characters, 50 are suggested (Harbor rule 2.1, 2025-01-15)",
        "Not approved by anyone.",
        f"prompts sha256 {'ab' * 32}",
    ],
)
def test_a_full_english_draft_shows(line: str) -> None:
    assert line in markdown(english())


@pytest.mark.parametrize(
    "line",
    [
        "# 草案：港口市场创作者季度返利",
        "未使用语言模型",
        "**请作者填写（2）：** ① 试点从哪个季度开始 ② 收款多签地址",
        "试点自 **［待填：试点从哪个季度开始］** 起。",
        "样本太少，不宜推广。 [E4, E6] *（推断）*",
        "## 投票选项\n\n赞成 · 反对 · 弃权",
        "提案 · HIP-31 Creator fund · 2024-06-01 · 未通过",
        "第 0–80 字符",
        "检查：31 项通过、1 条建议、2 处待填",
        "尚未经任何人批准。",
    ],
)
def test_a_full_chinese_draft_shows(line: str) -> None:
    assert line in markdown(chinese())


def test_a_chinese_draft_holds_no_fixed_english_word() -> None:
    words = {word for value in dataclasses.astuple(EN) if isinstance(value, str) for word in re.findall(r"[A-Za-z]{4,}", value)}
    text = markdown(chinese())
    assert not {word for word in words - {"characters"} if re.search(rf"\b{word}\b", text)}


def test_a_short_answer_says_what_was_looked_for() -> None:
    text = markdown(unanswered())
    assert text.startswith("# Too little evidence for a draft: Validator insurance\n")
    assert "- “validator insurance” in proposals: 212 searched, 1 found" in text


def test_both_languages_have_every_phrase_with_the_same_blanks() -> None:
    def blanks(value: object) -> set[str]:
        found = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        return {
            name for item in found for text in (item if isinstance(item, tuple) else [item]) for name in re.findall(r"\{(\w+)\}", str(text))
        }

    for row in dataclasses.fields(EN):
        first, second = getattr(EN, row.name), getattr(ZH, row.name)
        assert blanks(first) == blanks(second), row.name
        assert type(first) is type(second)
        assert first != "", row.name
    for words in TABLE.values():
        assert set(words.kinds) == set(get_args(EvidenceKind))
        assert set(words.statuses) == set(get_args(Status))
        assert set(words.levels) == set(words.level_names) == set(get_args(Level))
        assert set(words.operations) == set(get_args(Op))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_each_flavour_names_the_writer_the_hashes_and_who_approved(flavour: Flavour) -> None:
    draft = english()
    text = markdown(draft, flavour=flavour)
    for part in (
        "Drafted by software: daoclerk 0.1.0",
        draft.provenance.evidence_sha256,
        "ab" * 32,
        draft.sha256,
        "Not approved by anyone.",
    ):
        assert part in text
    approved = draft.model_copy(update={"provenance": draft.provenance.model_copy(update={"approved_by": ("ada", "bo")})})
    assert "Approved by ada, bo." in markdown(approved, flavour=flavour)


def test_only_the_full_flavour_lists_what_the_checks_found() -> None:
    assert "title.length" in markdown(english())
    assert all("title.length" not in markdown(english(), flavour=flavour) for flavour in FLAVOURS[1:])


def test_a_governor_description_starts_with_the_title_and_a_snapshot_body_does_not_repeat_it() -> None:
    assert markdown(english(), flavour="governor").startswith("# Quarterly rebates")
    assert "Quarterly rebates" not in markdown(english(), flavour="snapshot")


def test_a_model_is_named_in_the_header_and_in_the_note() -> None:
    draft = english()
    origin = draft.provenance.model_copy(update={"writer": "model", "model": "Qwen3-VL-8B", "writer_note": "model writer 1.0"})
    text = markdown(draft.model_copy(update={"writer": "model", "provenance": origin}))
    assert "*model writer 1.0, language model Qwen3-VL-8B*" in text
    assert "Model: Qwen3-VL-8B." in text
    assert "no language model" not in text


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_sentence_that_failed_a_check_is_marked_in_every_flavour(flavour: Flavour) -> None:
    finding = CheckResult(rule="number.grounded", level="error", where="budget[0]", message="1,912 is not in E3")
    text = markdown(english().model_copy(update={"checks": (finding,)}), flavour=flavour)
    assert "The treasury holds 1,912 ETH. [E3] **(failed a check)**" in text


def test_an_unknown_source_is_said_to_be_unknown() -> None:
    section = Section(key="abstract", heading="Abstract", sentences=(Sentence(text="So.", kind="fact", cites=("E99",)),))
    assert "- [E99] cited, but not among the evidence" in markdown(english().model_copy(update={"sections": (section,)}))


def test_what_a_computed_value_came_from_is_listed_although_no_sentence_cites_it() -> None:
    section = Section(key="abstract", heading="Abstract", sentences=(Sentence(text="A fall.", kind="fact", cites=("E8",)),))
    text = markdown(english().model_copy(update={"sections": (section,)}))
    assert re.findall(r"^- \[(E\d+)\]", text, re.MULTILINE) == ["E1", "E8"]


def test_a_section_of_options_is_not_followed_by_a_second_one() -> None:
    section = Section(key="options", heading="Voting options", sentences=(Sentence(text="For means yes.", kind="boilerplate"),))
    assert "## Options" not in markdown(english().model_copy(update={"sections": (section,)}))


# --- strangers' text -------------------------------------------------------------------------


def assert_harmless(text: str) -> None:
    live = [
        token.type
        for token in tokens(text)
        if token.type not in ("text", "code_inline", "text_special", "inline", "paragraph_open", "paragraph_close")
    ]
    assert live == [], text
    outside = "\0".join(token.content for token in tokens(text) if token.type == "text")
    assert not re.search(r"@[A-Za-z0-9_]|//[^\s/]|\bwww\.|evil\.example|\[E\d+\]", outside), text


@settings(deadline=None)
@given(texts)
def test_escaped_text_is_plain_text_to_a_markdown_parser(text: str) -> None:
    assert_harmless(escape(text))


@settings(deadline=None)
@given(texts)
def test_escaped_text_shows_the_words_it_had(text: str) -> None:
    expected = re.sub(r"\[\s*(E\d+)\s*\]", r"(\1)", clean(text))
    assert shown(escape(text)).replace(" ", "") == expected.replace(" ", "")


def test_a_full_stop_after_a_name_is_not_part_of_it() -> None:
    assert escape("Sent to harbor.eth. Then e.g. 3.07 ETH.") == "Sent to `harbor.eth`. Then e.g. 3.07 ETH."


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("where", ["{}", "a{}", "{}a", "字{}字", "x {} y", "{0}{0}"])
def test_each_attack_is_harmless_wherever_it_stands(attack: str, where: str) -> None:
    assert_harmless(escape(where.format(attack)))


@settings(deadline=None)
@given(texts)
def test_a_heading_stays_one_heading(text: str) -> None:
    found = [token for token in tokens(f"## {heading('x' + text)}\n") if token.type == "heading_open"]
    assert [token.tag for token in found] == ["h2"]


@settings(deadline=None)
@given(texts)
def test_blanks_are_bold_and_everything_around_them_is_text(text: str) -> None:
    out = escape_blanks(f"{text}[[who]]{text}", lambda what: f"［待填：{what}］")
    assert "**［待填：who］**" in out
    kinds = {token.type for token in tokens(out)} - {"text", "code_inline", "text_special", "inline", "paragraph_open", "paragraph_close"}
    assert kinds == {"strong_open", "strong_close"}


@pytest.mark.parametrize(
    ("url", "ok"),
    [
        ("https://forum.example.org/t/1?x=1#p", True),
        ("http://a.example", True),
        ("https://snapshot.box@evil.example/x", False),
        ("javascript:alert(1)", False),
        ("https://a.example/<b>", False),
        ("https://a.example/ x", False),
        ("ipfs://Qm", False),
        ("https://еxample.org", False),
    ],
)
def test_only_plain_web_addresses_become_links(url: str, ok: bool) -> None:
    assert link(url).startswith("<") is ok
    assert link(url).startswith("`") is not ok


@settings(max_examples=50, deadline=None)
@given(drafts(), st.sampled_from(FLAVOURS))
def test_no_stranger_adds_structure_and_links_go_to_cited_sources_only(draft: Draft, flavour: Flavour) -> None:
    text = markdown(draft, flavour=flavour)
    allowed = {row.url for row in draft.evidence}
    for token in tokens(text):
        assert token.type not in ("image", "html_block", "html_inline", "fence", "code_block", "blockquote_open", "table_open", "s_open"), (
            text
        )
        if token.type == "link_open":
            assert token.markup == "autolink", text
            assert token.attrs["href"] in allowed, text
    tops = sum(token.type == "heading_open" and token.tag == "h1" for token in tokens(text))
    assert tops == (1 if flavour in ("full", "governor") else 0)
    assert sum(token.type == "hr" for token in tokens(text)) == 1
    fixed = {"## Options", "## Sources", "## Checks", "## What was looked for", "## 投票选项", "## 来源", "## 检查结果", "## 查找过的内容"}
    seconds = [line for line in text.split("\n") if line.startswith("## ") and line not in fixed]
    assert len(seconds) <= len(draft.sections)


@settings(max_examples=50, deadline=None)
@given(drafts(), st.sampled_from(FLAVOURS))
def test_the_text_is_nfc_with_lf_no_trailing_spaces_one_last_newline_and_the_same_again(draft: Draft, flavour: Flavour) -> None:
    text = markdown(draft, flavour=flavour)
    assert unicodedata.is_normalized("NFC", text)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not re.search(r"[ \t]\n|\r|[\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert markdown(draft, flavour=flavour) == text


# --- limits ----------------------------------------------------------------------------------


def large(sections: int, sentences: int, size: int, lang: Literal["en", "zh"] = "en") -> Draft:
    """A draft of many long sections; sentences are told apart by their numbers and end in a full stop."""
    keys = ["abstract", "precedents", "timeline", "specification", "own", "budget", "dissent", "rationale"]
    body = tuple(
        Section(
            key=keys[at % len(keys)],
            heading=f"Part {at}",
            sentences=tuple(
                Sentence(text=f"S{at}.{n} {'😀 text ' * size}end.", kind="fact", cites=(f"E{1 + n % 9}",)) for n in range(sentences)
            ),
        )
        for at in range(sections)
    )
    return (english() if lang == "en" else chinese()).model_copy(update={"sections": body})


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 80),
    st.sampled_from(["en", "zh"]),
    st.integers(SMALLEST, 12_000),
)
def test_a_snapshot_body_is_within_its_limit_and_no_sentence_is_cut(
    sections: int, sentences: int, size: int, lang: Literal["en", "zh"], limit: int
) -> None:
    draft = large(sections, sentences, size, lang)
    text = markdown(draft, flavour="snapshot", limit=limit)
    assert utf16_len(text) <= limit
    assert "Drafted by software" in text or "本文由软件起草" in text
    whole = {f"S{at}.{n} " for at in range(sections) for n in range(sentences)}
    found = [row for row in re.findall(r"S\d+\.\d+ ", text) if row in whole]
    assert len(re.findall(r"end\. \[E\d\]", text)) == len(found)
    if len(found) < len(whole):
        assert draft.sha256 in text
        assert "Shortened to fit" in text or "已作删减" in text


@settings(max_examples=15, deadline=None)
@given(drafts(), st.integers(1, 40))
def test_a_snapshot_body_of_strangers_fits_too(draft: Draft, times: int) -> None:
    grown = draft.model_copy(
        update={
            "sections": tuple(row.model_copy(update={"heading": row.heading * times}) for row in draft.sections * times)[:60],
            "blanks": draft.blanks * times,
            "evidence": tuple(row.model_copy(update={"quote": row.quote * times}) for row in draft.evidence),
        }
    )
    assert utf16_len(markdown(grown, flavour="snapshot", limit=SMALLEST)) <= SMALLEST


def test_sources_shrink_before_any_section_goes_and_the_case_against_stays_longest() -> None:
    draft = english()
    first = draft.sections[1]
    more = first.model_copy(update={"sentences": first.sentences * 6})
    draft = draft.model_copy(update={"sections": (draft.sections[0], more, *draft.sections[2:])})
    whole = utf16_len(markdown(draft, flavour="snapshot", limit=100_000))
    quotes = markdown(
        draft.model_copy(update={"evidence": tuple(row.model_copy(update={"quote": "q" * 380}) for row in draft.evidence)}),
        flavour="snapshot",
        limit=whole,
    )
    assert "Left out: quotes of sources." in quotes
    assert "## Precedents" in quotes
    long = draft.sections[2].model_copy(update={"sentences": draft.sections[2].sentences * 12})
    fewer = markdown(
        draft.model_copy(update={"sections": (*draft.sections[:2], long, *draft.sections[3:])}), flavour="snapshot", limit=whole
    )
    assert "## Precedents" not in fewer
    assert "the section Precedents" in fewer
    assert "## Case against" in fewer
    assert "[E4]" not in fewer, "a source that nothing cites any more is not listed"


def test_no_sentence_goes_that_would_have_fitted() -> None:
    row = Section(
        key="abstract", heading="A", sentences=tuple(Sentence(text=f"S{n:03} {'x' * 90} end.", kind="opinion") for n in range(200))
    )
    draft = english().model_copy(update={"sections": (row,)})
    for limit in range(4_000, 4_600, 25):
        text = markdown(draft, flavour="snapshot", limit=limit)
        assert limit - 120 < utf16_len(text) <= limit


def test_a_forum_post_is_capped_in_characters_and_a_governor_description_is_not() -> None:
    draft = large(12, 12, 40)
    assert len(markdown(draft, flavour="discourse")) <= 32_000
    assert len(markdown(draft, flavour="governor")) > 32_000


def test_a_limit_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(InputError, match="a limit below 3,000 characters"):
        markdown(english(), flavour="snapshot", limit=SMALLEST - 1)
