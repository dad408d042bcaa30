"""Files go in again and again without harm, past every bad row, and the report says what was left out and why."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import InputError, StoreError
from retrieval import ingest_jsonl
from retrieval.ingest import Progress, Report, ingest_files
from retrieval.ingest_job import unfinished
from retrieval.records import Records
from retrieval.store import Counts, Store


def row(n: int, **more: object) -> dict[str, object]:
    return {"dao": "harbor", "id": f"HIP-{n}", "title": f"Title {n}", "body_markdown": f"Body {n}"} | more


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in rows), encoding="utf-8", newline="")
    return path


@pytest.fixture
def light(sqlite_store_url: str) -> Iterator[Store]:
    """A store on SQLite alone, for what does not depend on the database."""
    opened = Store.open(sqlite_store_url)
    yield opened
    opened.close()


def ingest(store: Store, path: Path, **more: str) -> Report:
    return ingest_files(store, [path], skipped=path.parent / "out", **more)  # type: ignore[arg-type]


def reasons(report: Report) -> list[tuple[int, str]]:
    return [(skip.line, skip.reason) for skip in report.skips]


def test_a_second_run_finds_everything_the_same(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", *(row(n) for n in range(1100)))
    assert ingest(store, path).counts == Counts(new=1100)
    token = store.generation()
    assert ingest(store, path).counts == Counts(same=1100)
    assert store.generation() == token
    assert unfinished(store) == 0


def test_only_changed_rows_become_new_versions(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", row(1), row(2))
    ingest(store, path)
    write(path, row(1), row(2, status="Rejected"), row(3))
    assert ingest(store, path).counts == Counts(new=1, changed=1, same=1)
    changed = store.proposal("harbor", "HIP-2")
    assert changed is not None
    assert (changed.status, changed.status_raw) == ("failed", "Rejected")


def test_of_an_id_twice_in_a_file_the_later_wins(store: Store, tmp_path: Path) -> None:
    ingest(store, write(tmp_path / "p.jsonl", row(1, title="first"), row(1, title="second")))
    assert [head.title for head in store.heads()] == ["second"]


def test_gzip_and_plain_give_the_same_rows(light: Store, tmp_path: Path) -> None:
    plain = write(tmp_path / "p.jsonl", *(row(n) for n in range(20)))
    ingest(light, plain)
    packed = tmp_path / "p.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert ingest(light, packed).counts == Counts(same=20)


def test_one_bad_row_never_stops_the_rest(store: Store, tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        row(1),
        row(2, created="soon"),
        "{broken\n",
        "\n",
        [1, 2],
        row(3, title=7.5, scores="many"),
        {"dao": "harbor", "id": "x", "title": "no body"},
        row(4, votes={"for": "1"}),
        row(5, votes={"for": float("inf")}),
        row(6, record="poem"),
        row(7, created="0001-01-01T00:00:00+14:00"),
        "[" * 100_000 + "\n",
        '{"dao": "harbor", "id": "n", "title": "t", "body": "b", "x": ' + "9" * 5000 + "}\n",
        row(8, id="i" * 500),
        json.dumps(row(8))[:-1] + ', "deep": ' + "[" * 600 + "]" * 600 + "}\n",
        {"record": "post", "dao": "harbor", "id": "\U0001f680" * 201, "author": "a", "time": "2024-01-01", "text": "t"},
        row(9),
    )
    report = ingest(store, path)
    assert reasons(report) == [
        (2, "\"created\" is not a date ('soon')"),
        (3, "not JSON: expecting property name enclosed in double quotes (column 2)"),
        (5, "not an object but list"),
        (6, "\"scores\" is not a list ('many')"),
        (7, '"body" is missing'),
        (8, "\"for\" is not a number ('1')"),
        (9, '"for" is not a finite number (inf)'),
        (10, "\"record\" is not one of proposal, series, post, chart ('poem')"),
        (11, "\"created\" is not a date ('0001-01-01T00:00:00+14:00')"),
        (12, "nested too deeply"),
        (13, "a number has too many digits"),
        (14, '"id" is longer than 200 characters'),
        (15, "nested too deeply"),
        (16, '"id" is longer than 200 characters'),
    ]
    assert [head.id for head in store.heads()] == ["HIP-1", "HIP-9"]
    assert (report.rows, report.skipped) == (16, 14)


def test_the_report_and_its_file_name_line_and_reason(light: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", row(1), row(2, created="soon"))
    report = ingest(light, path)
    written = tmp_path / "out/skipped.jsonl"
    assert report.sentence() == (
        f"ingest: p.jsonl line 2: \"created\" is not a date ('soon'); 1 of 2 rows stored, 1 skipped (see {written})"
    )
    assert json.loads(written.read_text()) == {"file": str(path), "line": 2, "reason": "\"created\" is not a date ('soon')"}
    write(path, row(1), row(2))
    assert ingest(light, path).sentence() == "ingest: 2 rows stored"
    assert not written.exists()


def test_text_no_database_can_hold_is_mended_and_the_rest_kept_exactly(store: Store, tmp_path: Path) -> None:
    body = "a\\u0000b\\r\\nc\\rd\\u2028e\\ud800f\\ud83d\\ude80 中文"
    ingest(store, write(tmp_path / "p.jsonl", '{"dao":"h","id":"1","title":"t\\u0000","body":"' + body + '","x":"\\ud800\\u0000"}\n'))
    stored = store.proposal("h", "1")
    assert stored is not None
    assert stored.body == "ab\nc\nd\u2028e\ufffdf\U0001f680 中文"
    assert (stored.title, stored.extra) == ("t", {"x": "\ufffd"})


def test_what_we_know_is_lifted_and_what_we_do_not_know_is_kept(store: Store, tmp_path: Path) -> None:
    given = row(
        1,
        status="passed",
        status_raw="Implemented",
        author=["ana", "bo"],
        created=1_700_000_000,
        votes={"for": 1.5, "against": 0, "abstain": None, "unit": "HBR", "voters_for": 3},
        links=[
            {"url": "https://forum.harbor.example/t/9", "kind": "forum"},
            {"url": "https://snapshot.org/#/h.eth/proposal/0xabc123", "kind": "snapshot"},
        ],
        source_repo="harbor/docs",
        source_path="1.md",
        commit="c0ffee",
        licence="CC0-1.0",
        licence_clear=True,
        colour="blue",
        extra={"choices": ["For", "Against"], "scores": [1.5, 0], "voters": 9, "snapshot_id": "0xABC123", "total_vp": 1e6},
    )
    ingest(store, write(tmp_path / "p.jsonl", given))
    stored = store.proposal("harbor", "HIP-1")
    assert stored is not None
    assert stored.tally is not None
    assert (stored.tally.for_votes, stored.tally.against_votes, stored.tally.abstain_votes, stored.tally.unit) == (1.5, 0, None, "HBR")
    assert (stored.choices, stored.scores, stored.voters) == (("For", "Against"), (1.5, 0.0), 9)
    assert (stored.author, stored.url) == ("ana, bo", "https://snapshot.org/#/h.eth/proposal/0xabc123")
    assert (stored.source, stored.licence_clear, stored.status_raw) == ("harbor/docs:1.md@c0ffee", True, "Implemented")
    assert stored.created is not None
    assert stored.created.isoformat() == "2023-11-14T22:13:20+00:00"
    assert stored.extra["colour"] == "blue"
    assert stored.extra["votes"] == {"voters_for": 3}
    assert stored.extra["total_vp"] == 1e6


@pytest.mark.parametrize(
    ("title", "body", "extra", "lang"),
    [
        ("Fund the port", "We fund it.", {}, "en"),
        ("资助港口", "本提案建议从金库拨款 5,000 USDC，详见 https://forum.example.org/a-very-long-address-in-latin-script。", {}, "zh"),
        ("Fund the port 港口", "We fund it and nothing else is said in this long English text.", {}, "en"),
        ("Fonds", "Texte", {"language": "fr"}, "fr"),
        ("资助", "港口", {"language": "zh-CN"}, "zh"),
        ("港", "この提案は港を支援します", {}, "ja"),
    ],
)
def test_the_language_is_what_the_row_says_or_what_the_script_shows(
    light: Store, tmp_path: Path, title: str, body: str, extra: dict[str, str], lang: str
) -> None:
    ingest(light, write(tmp_path / "p.jsonl", row(1, title=title, body_markdown=body, extra=extra)))
    assert light.heads()[0].lang == lang


def test_a_dao_named_outside_fills_only_where_the_row_names_none(light: Store, tmp_path: Path) -> None:
    nameless = {"id": "1", "title": "t", "body": "b"}
    path = write(tmp_path / "p.jsonl", nameless, row(2))
    assert reasons(ingest(light, path)) == [(1, '"dao" is missing: name it with --dao')]
    assert reasons(ingest(light, path, dao="meridian")) == []
    assert light.daos() == {"harbor": 1, "meridian": 1}


async def test_series_posts_and_charts_travel_in_the_same_file(store: Store, tmp_path: Path) -> None:
    sha = "a" * 64
    path = write(
        tmp_path / "p.jsonl",
        row(1),
        {
            "record": "series",
            "dao": "harbor",
            "metric": "sales",
            "label": "Sales",
            "unit": "NFT",
            "source": "chain",
            "points": [["2024-01-01", 1], {"time": "2024-01-08", "value": 2.5}],
        },
        {
            "record": "post",
            "dao": "harbor",
            "id": "p1",
            "author": "ana",
            "time": "2024-01-02T10:00:00Z",
            "text": "sales are falling",
            "unknown": 1,
        },
        {
            "record": "chart",
            "dao": "harbor",
            "sha256": sha,
            "metric": "sales",
            "title": "Sales",
            "alt": "a line",
            "facts": [{"name": "first", "value": 1}],
        },
        {
            "record": "series",
            "dao": "harbor",
            "metric": "x",
            "label": "X",
            "unit": "",
            "source": "s",
            "points": [{"time": "soon", "value": 1}],
        },
        {"record": "post", "dao": "harbor", "id": "p2", "author": "ana", "text": "no time"},
    )
    report = ingest(store, path)
    assert report.records == Counts(new=3)
    assert [line for line, _ in reasons(report)] == [5, 6]
    assert reasons(report)[1][1] == '"time" is missing'
    records = Records(store)
    assert [point.value for point in (await records.series("harbor"))[0].points] == [1, 2.5]  # type: ignore[arg-type]
    assert await records.chart(sha) is not None
    assert ingest(store, path).records == Counts(same=3)


def test_an_empty_file_says_so(light: Store, tmp_path: Path) -> None:
    assert reasons(ingest(light, write(tmp_path / "p.jsonl"))) == [(1, "the file is empty")]


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, "身份".encode("utf-16"), b"\x89PNG\r\n\x1a\n\0\0\0"])
def test_a_binary_file_is_one_skip_not_thousands(light: Store, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content)
    assert reasons(ingest(light, path)) == [(1, "not UTF-8 text: a binary file, or another encoding")]


def test_a_line_that_is_not_utf8_is_skipped_and_named(light: Store, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(json.dumps(row(1)).encode() + b'\n{"dao": "\xff"}\n' + b"\xef\xbb\xbf" + json.dumps(row(2)).encode())
    assert reasons(ingest(light, path)) == [(2, "not UTF-8 (byte 0xff at byte 10)")]
    assert [head.id for head in light.heads()] == ["HIP-1", "HIP-2"]


def test_a_gzip_cut_short_keeps_the_rows_before_the_cut(light: Store, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    whole = gzip.compress("".join(json.dumps(row(n, noise=str(hash(str(n)) ** 9))) + "\n" for n in range(4000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    report = ingest(light, path)
    assert 0 < report.counts.new < 4000
    assert [reason for _, reason in reasons(report)] == ["the gzip file is damaged or cut short from here on"]
    path.write_bytes(whole)
    assert ingest(light, path).counts == Counts(new=4000 - report.counts.new, same=report.counts.new)


def test_a_line_over_the_limit_is_refused_without_being_held(light: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_jsonl, "LINE_LIMIT", 2**20)
    path = write(tmp_path / "p.jsonl", row(1), row(2, body_markdown="x" * 5 * 2**20), row(3))
    assert reasons(ingest(light, path)) == [(2, "longer than 1 MB")]
    assert [head.id for head in light.heads()] == ["HIP-1", "HIP-3"]


def test_a_missing_path_or_an_empty_folder_is_said_before_anything_is_stored(light: Store, tmp_path: Path) -> None:
    good = write(tmp_path / "p.jsonl", row(1))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no such file or folder"):
        ingest_files(light, [good, tmp_path / "nope.jsonl"])
    with pytest.raises(InputError, match=r"no .md, .mdx, .jsonl or .jsonl.gz file under"):
        ingest_files(light, [good, tmp_path / "empty"])
    with pytest.raises(InputError, match="name a file"):
        ingest_files(light, [])
    assert light.heads() == []


def test_a_report_that_cannot_be_written_is_said_and_the_rows_stay(light: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", row(1), "{\n")
    blocked = write(tmp_path / "file", "x\n")
    with pytest.raises(StoreError, match=r"cannot write .*; the rows are stored"):
        ingest_files(light, [path], skipped=blocked)
    assert len(light.heads()) == 1


def test_progress_never_goes_back_and_ends_at_the_whole(light: Store, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.jsonl", *(row(n) for n in range(1200))) for name in "ab"]
    seen: list[Progress] = []
    ingest_files(light, paths, progress=seen.append)
    done = [each.done for each in seen]
    assert len(seen) > 4
    assert done == sorted(done)
    assert (seen[-1].done, seen[-1].rows) == (seen[-1].total, 2400)
    assert seen[-1].total == sum(path.stat().st_size for path in paths)
    assert all(each.rate > 0 for each in seen)
