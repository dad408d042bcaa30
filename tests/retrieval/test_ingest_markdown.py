"""Markdown as ENS, Synthetix and Aave keep it becomes proposals; what is none is reported, never guessed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import DataError
from retrieval.ingest import Report, ingest_files
from retrieval.ingest_markdown import read_markdown, split_front
from retrieval.store import Counts, Store
from retrieval.words import status_of

DOCS_STYLE = """---
description: 'Pays the lighthouse keepers.'
authors: ['ana.eth', 'bo.eth']
proposal:
  tally: '33657496545373741813637578444724485'
  type: 'executable'
---

# [EP 5.16] [Executable] Pay the keepers

| **Status**            | Passed, with a budget of 3 HBR |
| --------------------- | ------ |
| **Discussion Thread** | [Forum](https://discuss.harbor.example/t/keepers/19613) |
| **Votes**             | [Portal](https://portal.harbor.example/proposal/33657496545373741813637578444724485) |

## Summary

Earlier: https://snapshot.org/#/h.eth/proposal/0x456 (passed).
"""
NUMBERED_STYLE = """---
sip: 31
title: Lights: brighter at night
status: Rejected
author: Ana (@ana), Bo (@bo)
discussions-to: https://discuss.harbor.example/c/31
created: 2019-07-02
type: Governance
network: Ethereum
---

## Abstract
Brighter.
"""
SHORT_STYLE = """---
title: Add rope to the stores
status: Proposed
author: Ana - a/b
shortDescription: "Rope for the stores"
discussions: https://governance.harbor.example/t/rope/7145
created: 2022/2/21
---
Body\r
with two lines"""


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    opened = Store.open(sqlite_store_url)
    yield opened
    opened.close()


def ingest(store: Store, path: Path) -> Report:
    return ingest_files(store, [path], dao="harbor")


def test_a_page_with_a_status_table_is_read(tmp_path: Path) -> None:
    read = read_markdown(DOCS_STYLE.encode(), tmp_path / "5.16.mdx", "harbor")
    assert (read.id, read.title) == ("EP-5.16", "[EP 5.16] [Executable] Pay the keepers")
    assert (read.status, read.status_raw, read.type) == ("passed", "Passed, with a budget of 3 HBR", "executable")
    assert (read.author, read.created) == ("ana.eth, bo.eth", None)
    assert read.body == DOCS_STYLE.split("---\n", 2)[2]
    assert read.url == "https://portal.harbor.example/proposal/33657496545373741813637578444724485"
    assert [link.kind for link in read.links] == ["forum", "other", "snapshot"]
    assert read.extra["description"] == "Pays the lighthouse keepers."


def test_a_numbered_document_is_read_even_where_its_front_matter_is_no_yaml(tmp_path: Path) -> None:
    read = read_markdown(NUMBERED_STYLE.encode(), tmp_path / "sip-31.md", "harbor")
    assert (read.id, read.title, read.type) == ("SIP-31", "Lights: brighter at night", "Governance")
    assert (read.status, read.author) == ("failed", "Ana (@ana), Bo (@bo)")
    assert read.created is not None
    assert read.created.date().isoformat() == "2019-07-02"
    assert read.extra["network"] == "Ethereum"


def test_a_document_with_a_short_description_is_read(tmp_path: Path) -> None:
    read = read_markdown(SHORT_STYLE.encode(), tmp_path / "0A1B-ROPE.md", "harbor")
    assert (read.id, read.status, read.status_raw) == ("0A1B-ROPE", "unknown", "Proposed")
    assert read.body == "Body\nwith two lines"
    assert read.created is not None
    assert read.created.date().isoformat() == "2022-02-21"
    assert read.url == "https://governance.harbor.example/t/rope/7145"
    assert read.extra["shortDescription"] == "Rope for the stores"


@pytest.mark.parametrize(
    ("front", "name", "expected"),
    [
        ("id: HIP-4", "x.md", "HIP-4"),
        ("aip: AIP-7", "x.md", "AIP-7"),
        ("sip: TBD", "sip-12.md", "SIP-12"),
        ("sip: 2.1", "x.md", "SIP-2.1"),
        ("x: 1", "fund-the-port.md", "fund-the-port"),
        ("x: 1", "5.2.mdx", "5.2"),
    ],
)
def test_the_id_comes_from_the_front_matter_or_the_file_name(tmp_path: Path, front: str, name: str, expected: str) -> None:
    assert read_markdown(f"---\ntitle: T\n{front}\n---\nB".encode(), tmp_path / name, "harbor").id == expected


@pytest.mark.parametrize(
    ("given_date", "year"),
    [("TBD", None), ("<date>", None), ("(yyyy-mm-dd)", None), ("2021-05-15, edited", 2021), ("2021-05-15T10:00:00Z", 2021)],
)
def test_a_placeholder_is_no_date(tmp_path: Path, given_date: str, year: int | None) -> None:
    read = read_markdown(f"---\ntitle: T\ncreated: {given_date}\n---\nB".encode(), tmp_path / "x.md", "harbor")
    assert (read.created.year if read.created else None) == year


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(range(256)) * 8, "not text: a binary file|not UTF-8"),
        (b"\x00" * 100, "not text: a binary file"),
        ("# Títle".encode("latin-1"), r"not UTF-8 text \(byte 0xed at byte 4\)"),
        (b"", "no title"),
        (b"only text", "no title"),
        (b"---\ntitle: T\ncreated: someday\n---\nB", r'"created" is not a date \(\'someday\'\)'),
        (b"---\ntitle: T\ncreated: 2022-09-95\n---\nB", '"created" is not a date'),
        (b"---\na: &a [x]\nb: [*a, *a]\ntitle: T\n---\nB", "YAML aliases"),
        (b"---\ntitle: T\nx: " + b"y" * 70_000 + b"\n---\nB", "longer than 64 KB"),
        (b"---\n{[\n---\n# T", "front matter is not YAML"),
    ],
)
def test_what_is_no_proposal_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        read_markdown(content, tmp_path / "x.md", "harbor")


def test_a_folder_is_read_in_order_and_a_second_run_finds_it_the_same(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    (folder / "sips").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name, text in {
        "5.16.mdx": DOCS_STYLE,
        "sips/sip-31.md": NUMBERED_STYLE,
        "rope.md": SHORT_STYLE,
        "README.md": "# Read me",
        ".git/x.md": "# X",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    report = ingest(store, folder)
    assert report.counts == Counts(new=3)
    assert [(skip.where, skip.reason) for skip in report.skips] == [("README.md line 1", "no proposal by its name")]
    assert ingest(store, folder).counts == Counts(same=3)
    (folder / "rope.md").write_text(SHORT_STYLE.replace("Proposed", "Implemented"), encoding="utf-8")
    assert ingest(store, folder).counts == Counts(changed=1, same=2)


def test_a_binary_file_named_md_does_not_stop_its_neighbours(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "b.md").write_text(NUMBERED_STYLE)
    assert ingest_files(store, [tmp_path / "a.md", tmp_path / "b.md"], dao="harbor").counts == Counts(new=1)


@given(st.text() | st.lists(st.sampled_from(["---", "a: b", "title: x: y", "- z", "", "# H"]), max_size=8).map("\n".join))
def test_front_matter_and_body_never_lose_text(text: str) -> None:
    try:
        front, body = split_front(text)
    except DataError:
        return
    assert text.endswith(body)
    assert body == text or (not front and text.lstrip("\ufeff").lstrip().startswith("---")) or all(key in text for key in front)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Passed (elected: Ana)", "passed"),
        ("IMPLEMENTED", "passed"),
        ("Not passed", "failed"),
        ("Canceled", "withdrawn"),
        ("Vote Pending", "draft"),
        ("closed", "unknown"),
        ("Proposed", "unknown"),
        ("未通过", "failed"),
        ("已通过", "passed"),
        ("passedby", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_word_for_the_status_is_mapped_only_where_it_tells_an_outcome(word: str | None, status: str) -> None:
    assert status_of(word) == status
