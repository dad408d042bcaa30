"""Reading a proposal's Markdown: headings of every style, front matter, options, links, with offsets into the text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.document import Document, decode, pairs, read_document
from agent.errors import DataError

MARKS = st.sampled_from(
    [
        "# ",
        "## ",
        "**",
        "__",
        "---\n",
        "===\n",
        "```",
        "|",
        "| - |\n",
        "- ",
        "1. ",
        "> ",
        "<h2>",
        "</h2>",
        "<!--",
        "-->",
        "\n",
        "\n\n",
        "https://a.b/c)",
        "[x](",
        ":",
        "\r",
        "\0",
        "\u2028",
        "摘要",
        "🚀",
        " ",
    ]
)
MARKDOWN = st.lists(st.one_of(MARKS, st.text(max_size=8)), max_size=40).map("".join)


def names(document: Document) -> list[str]:
    return [heading.name for heading in document.headings]


@pytest.mark.parametrize(
    "written",
    [
        "## Abstract",
        "Abstract\n--------",
        "**Abstract**",
        "__Abstract:__",
        "**Abstract:** the text follows",
        "Abstract: the text follows",
        "Abstract:",
        "### 1. Abstract",
        "## 1.2 **Abstract:**",
        "## 🚀 Abstract 🚀",
        "<h2 align='center'>Abstract</h2>",
        "## _Abstract_ ##",
        "## [Abstract](#abstract)",
        "## I. Abstract",
        "1. **Abstract**",
    ],
)
def test_a_heading_is_found_however_it_is_written(written: str) -> None:
    document = read_document(f"{written}\n\nWhat we want.\n\n## Motivation\n\nWhy.\n")
    found = document.find(["Abstract"])
    assert found is not None
    assert "Motivation" not in document.under(found)
    assert document.under(found).endswith(("What we want.",))


@pytest.mark.parametrize("written", ["## 摘要", "**摘要：**", "## 一、摘要", "## （一）摘要", "## 1、摘要", "摘要：我们想要的"])
def test_a_chinese_heading_is_found(written: str) -> None:
    document = read_document(f"{written}\n\n我们想要的。\n")
    assert document.find(["摘要"]) is not None


@pytest.mark.parametrize(
    "heading", ["Background and Motivation", "Motivation & Rationale", "Motivation / Why", "Motivation: why now", "MIP3c1: Motivation"]
)
def test_a_heading_of_several_parts_counts_for_each(heading: str) -> None:
    found = read_document(f"## {heading}\n\nx\n").find(["Motivation"])
    assert found is not None


def test_an_exact_heading_goes_before_one_of_several_parts() -> None:
    document = read_document("## Summary and Budget\n\na\n\n## Budget\n\nb\n")
    found = document.find(["budget"])
    assert found is not None
    assert document.under(found) == "b"


def test_a_heading_inside_code_or_a_comment_is_none() -> None:
    document = read_document("```\n## Abstract\n```\n\n<!--\n## Motivation\n-->\n\n    ## Budget\n\n## Risks\n\nx.\n")
    assert names(document) == ["risks"]


def test_a_heading_inside_an_html_block_is_found() -> None:
    assert "abstract" in names(read_document("<details>\n## Abstract\n\nx\n</details>\n"))


def test_a_section_holds_its_subsections_and_bold_lines() -> None:
    document = read_document("## Budget\n\na\n\n### Team\n\nb\n\n**Total**\n\nc\n\n## Risks\n\nd\n")
    found = document.find(["Budget"])
    assert found is not None
    assert document.under(found).startswith("a")
    assert document.under(found).endswith("c")


def test_front_matter_is_read_and_is_no_part_of_the_body() -> None:
    document = read_document(
        "---\ntitle: 'A title'\nTags:\n  - one\n  - two\ncreated: 2024-03-01\nlist: [a, 'b']\n---\n# Heading\n\nText.\n"
    )
    assert document.front == {"title": "A title", "tags": "one, two", "created": "2024-03-01", "list": "a, b"}
    assert (document.title, document.created) == ("A title", date(2024, 3, 1))
    assert document.body == "# Heading\n\nText.\n"
    assert names(document) == ["heading"]


@pytest.mark.parametrize("text", ["---\nno end", "---\n\n---\n", "--- a\n---", "text\n---\ntitle: x\n---\n"])
def test_what_is_no_front_matter_is_left_alone(text: str) -> None:
    assert read_document(text).front == {}


def test_a_date_that_is_none_is_left_out() -> None:
    assert read_document("---\ncreated: 2024-13-41\n---\nx").created is None


def test_a_preamble_block_is_read_like_front_matter() -> None:
    document = read_document("# MIP9: Nine\n\n## Preamble\n\n```\nMIP#: 9\nTitle: Nine\n```\n\n## Summary\n\nother: thing\n")
    assert document.front == {"mip#": "9", "title": "Nine"}
    assert document.title == "Nine"


def test_the_title_given_goes_before_the_first_heading() -> None:
    assert read_document("# Written\n\nx").title == "Written"
    assert read_document("# Written\n\nx", title="Given").title == "Given"


def test_several_first_level_headings_are_sections_and_no_title() -> None:
    assert read_document("# Summary\n\na\n\n# Motivation\n\nb\n").title is None


def test_labels_are_read_from_the_title() -> None:
    assert read_document("x", title="[EP5.1] [Social] 【草案】 Elect").labels == ("EP5.1", "Social", "草案")


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("---\nchoices: [For, Against]\n---\nx", ("For", "Against")),
        ("---\nchoices:\n  - For\n  - Against\n---\nx", ("For", "Against")),
        ("## Voting options\n\n- **For**: pay\n- Against - do not\n", ("For", "Against")),
        ("## 投票选项\n\n1. 赞成：付款\n2. 反对\n", ("赞成：付款", "反对")),
        ("no options here", ()),
    ],
)
def test_options_are_read_from_front_matter_or_their_section(text: str, options: tuple[str, ...]) -> None:
    assert read_document(text).choices == options


def test_a_table_is_read_with_its_place() -> None:
    text = "Before.\n\n| Address | Value |\n|---|---|\n| 0x1 | 2 |\n| 0x3 | |\n\nAfter.\n"
    (table,) = read_document(text).tables
    assert table.header == ("Address", "Value")
    assert table.rows == (("0x1", "2"), ("0x3", ""))
    assert text[table.start : table.end] == "| Address | Value |\n|---|---|\n| 0x1 | 2 |\n| 0x3 | |"


def test_links_are_found_without_the_marks_around_them() -> None:
    text = "See [here](https://a.org/x_(y)), <https://b.org>, https://c.org/z. 见https://d.org。"
    assert [anchor.url for anchor in read_document(text).links] == [
        "https://a.org/x_(y)",
        "https://b.org",
        "https://c.org/z",
        "https://d.org",
    ]


@given(MARKDOWN)
def test_no_text_makes_reading_fail_and_every_offset_fits(text: str) -> None:
    document = read_document(text)
    assert "\0" not in document.text
    assert "\r" not in document.text
    assert 0 <= document.body_start <= len(document.text)
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(starts)
    for heading in document.headings:
        assert document.body_start <= heading.start <= heading.end <= heading.until <= len(document.text)
        if heading.kind != "html":
            assert all(word in document.text[heading.start : heading.end] for word in heading.text.split()[:1])
    for anchor in document.links:
        assert document.text[anchor.start : anchor.end] == anchor.url
    for table in document.tables:
        assert "|" in document.text[table.start : table.end] or "-" in document.text[table.start : table.end]


@given(st.binary())
def test_bytes_are_read_or_refused_in_one_sentence(data: bytes) -> None:
    try:
        data.decode("utf-8-sig")
        readable = b"\0" not in data
    except UnicodeDecodeError:
        readable = False
    if readable:
        assert read_document(data, name="file.md").name == "file.md"
    else:
        with pytest.raises(DataError, match=r"\Afile.md: [^\n]+\Z"):
            read_document(data, name="file.md")


def test_a_binary_file_is_refused() -> None:
    with pytest.raises(DataError, match="binary"):
        decode(b"PK\0\x03", "x.zip")
    with pytest.raises(DataError, match="byte 0"):
        decode(b"\x89PNG", "x.png")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode("\ufeff# Title".encode()) == "# Title"


@given(st.text())
def test_pairs_never_fail(text: str) -> None:
    assert all(key == key.casefold() for key in pairs(text) if key.isascii())
