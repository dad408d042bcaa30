"""The bundled sample DAO is whole: shapes, tallies, links, figures and pictures agree with each other."""

import io
import json
import re
import zlib
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import JsonValue

from agent.schemas import Chart, Post, Proposal, Series
from bots.sample import draw, png
from retrieval.rows import read_row

FOLDER = Path(draw.__file__).parent
QUORUM = 400_000
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
HAN = re.compile("[\u4e00-\u9fff]")


T = TypeVar("T", Proposal, Series, Post, Chart)


def rows(name: str) -> list[dict[str, JsonValue]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").split("\n") if line]


def read(name: str, shape: type[T]) -> list[T]:
    found = [read_row(row) for row in rows(name)]
    return [row for row in found if isinstance(row, shape)]


PROPOSALS = {str(row.id): row for row in read("proposals.jsonl", Proposal)}
POSTS = read("posts.jsonl", Post)
SERIES = {row.metric: row for row in read("series.jsonl", Series)}
CHARTS = {row.metric: row for row in read("charts.jsonl", Chart)}


def outcome(row: Proposal) -> str:
    """The note that the facilitator added after the vote, if there is one."""
    found = re.search(r"^## (?:Outcome|结果)\n(.*?)(?=^## |\Z)", row.body, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def votes(row: Proposal) -> tuple[float, float, float]:
    assert row.tally is not None
    counts = (row.tally.for_votes, row.tally.against_votes, row.tally.abstain_votes)
    return (counts[0] or 0, counts[1] or 0, counts[2] or 0)


def value(metric: str, day: str) -> float:
    return next(point.value for point in SERIES[metric].points if point.time.date().isoformat() == day)


@pytest.mark.parametrize("name", ["proposals.jsonl", "posts.jsonl", "series.jsonl", "charts.jsonl", "topics.json"])
def test_files_are_utf8_with_line_feeds_and_end_in_one(name: str) -> None:
    data = (FOLDER / name).read_bytes()
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert not data.endswith(b"\n\n")
    data.decode("utf-8")


@pytest.mark.parametrize(
    ("name", "shape"), [("proposals.jsonl", Proposal), ("posts.jsonl", Post), ("series.jsonl", Series), ("charts.jsonl", Chart)]
)
def test_every_row_is_read_as_its_shape(name: str, shape: type) -> None:
    found = [read_row(row) for row in rows(name)]
    assert found
    assert all(type(row) is shape and row.dao == "harbor" for row in found)


def test_the_sample_is_as_large_as_its_page_says() -> None:
    languages = [row.lang for row in PROPOSALS.values()]
    assert (len(rows("proposals.jsonl")), languages.count("en"), languages.count("zh")) == (46, 34, 12)
    outcomes = [row.status for row in PROPOSALS.values()]
    assert [outcomes.count(status) for status in ("passed", "failed", "withdrawn")] == [32, 13, 1]
    assert [row.type for row in PROPOSALS.values()].count("Treasury") == 34
    assert (len(POSTS), sum(post.lang == "zh" for post in POSTS)) == (74, 20)
    assert (len(SERIES), len(CHARTS)) == (11, 2)


def test_ids_are_unique_and_in_the_order_of_time() -> None:
    assert list(PROPOSALS) == [f"HIP-{n}" for n in range(1, len(PROPOSALS) + 1)]
    made = [row.created for row in PROPOSALS.values() if row.created]
    assert len(made) == len(PROPOSALS)
    assert all(a < b for a, b in pairwise(made))
    assert len({post.id for post in POSTS}) == len(POSTS)
    assert len({post.text for post in POSTS}) == len(POSTS)


@pytest.mark.parametrize("row", PROPOSALS.values(), ids=PROPOSALS)
def test_the_status_follows_from_the_tally(row: Proposal) -> None:
    if row.status == "withdrawn":
        assert row.tally is None
        return
    in_favour, against, abstain = votes(row)
    assert row.status == ("passed" if in_favour + abstain >= QUORUM and in_favour > against else "failed")
    assert row.scores == (in_favour, against, abstain)
    assert row.choices == ("For", "Against", "Abstain")
    assert in_favour + against + abstain < 10_000_000
    assert row.tally is not None
    assert row.tally.unit == "HBR"
    if row.type == "Treasury" and row.status == "passed":
        assert in_favour > (in_favour + against + abstain) / 2


def test_exactly_one_proposal_had_a_majority_and_missed_the_quorum() -> None:
    counted = [row for row in PROPOSALS.values() if row.tally]
    assert [row.id for row in counted if row.status == "failed" and votes(row)[0] > votes(row)[1]] == ["HIP-12"]


@pytest.mark.parametrize("row", [row for row in PROPOSALS.values() if row.tally], ids=lambda row: str(row.id))
def test_the_share_an_outcome_names_first_is_that_of_the_tally(row: Proposal) -> None:
    in_favour, against, _ = votes(row)
    named = re.findall(r"(\d+\.\d) ?% for\b|赞成率 (\d+\.\d)%", outcome(row))
    if named:
        assert "".join(named[0]) == f"{100 * in_favour / (in_favour + against):.1f}"
    assert row.status == "passed" or named, "a failed proposal says by how much"


def test_the_two_precedents_of_the_demo_have_the_margins_it_names() -> None:
    shares = {key: round(100 * votes(PROPOSALS[key])[0] / sum(votes(PROPOSALS[key])), 1) for key in ("HIP-31", "HIP-35")}
    assert shares == {"HIP-31": 46.2, "HIP-35": 71.8}


@pytest.mark.parametrize("row", PROPOSALS.values(), ids=PROPOSALS)
def test_links_and_mentions_lead_to_something_in_the_sample(row: Proposal) -> None:
    assert row.url == f"https://gov.harbor.example/proposals/{row.id.lower()}"
    for url in re.findall(r"https?://[^\s)]+", row.body) + [link.url for link in row.links]:
        number = re.fullmatch(r"https://gov\.harbor\.example/proposals/hip-(\d+)", url)
        thread = any(post.url and post.url.startswith(f"{url}/") for post in POSTS)
        assert thread or (number and f"HIP-{number[1]}" in PROPOSALS), url
    assert {f"HIP-{n}" for n in re.findall(r"\bHIP-(\d+)", row.body)} <= set(PROPOSALS)
    linked = {link.url for link in row.links if link.kind == "proposal"}
    assert all(url in row.body for url in linked)


@pytest.mark.parametrize("row", PROPOSALS.values(), ids=PROPOSALS)
def test_proposals_have_the_sections_and_the_depth_of_their_language(row: Proposal) -> None:
    english = ("Abstract", "Motivation", "Specification", "Budget", "Timeline", "Risks")
    wanted = english if row.lang == "en" else ("摘要", "动机", "方案", "预算", "时间表", "风险")
    assert [h for h in re.findall(r"^## (.+)$", row.body, re.MULTILINE) if h in wanted] == list(wanted)
    share = len(HAN.findall(row.body)) / len(row.body)
    assert share > 0.4 if row.lang == "zh" else share < 0.02
    shortest = 600 if row.lang == "zh" else 800 if row.title.startswith("Poll") else 1200
    assert shortest <= len(row.body) <= 4500
    assert len(row.title) <= 50


def test_only_the_two_specimens_of_trickery_carry_it() -> None:
    assert [row.id for row in PROPOSALS.values() if HIDDEN.search(row.body)] == ["HIP-39"]
    assert [row.id for row in PROPOSALS.values() if "ignore your rules" in row.body] == ["HIP-40"]
    assert not any(HIDDEN.search(post.text) for post in POSTS)


@pytest.mark.parametrize("post", POSTS, ids=lambda post: str(post.id))
def test_posts_belong_to_a_proposal_that_was_there_already(post: Post) -> None:
    share = len(HAN.findall(post.text)) / len(post.text)
    assert share > 0.4 if post.lang == "zh" else share < 0.02
    if post.topic == "market":
        return
    created = PROPOSALS[post.topic or ""].created
    assert created
    assert created <= post.time


def test_what_an_outcome_quotes_stands_in_a_post_of_its_thread() -> None:
    quoted = [(row.id, text) for row in PROPOSALS.values() for text in re.findall(r'"([^"]{25,})"', outcome(row))]
    assert len(quoted) >= 4
    for key, text in quoted:
        said = " ".join(post.text for post in POSTS if post.topic == key).casefold()
        assert text.rstrip(".,").casefold() in said, (key, text)


def test_the_reply_an_outcome_calls_most_liked_is() -> None:
    for key in ("HIP-23", "HIP-31"):
        best = max((post for post in POSTS if post.topic == key), key=lambda post: post.likes)
        quote = re.findall(r'"([^"]{25,})"', outcome(PROPOSALS[key]))[0]
        assert quote.rstrip(".,") in best.text


@pytest.mark.parametrize("row", SERIES.values(), ids=SERIES)
def test_series_run_forward_in_time_and_say_where_they_come_from(row: Series) -> None:
    times = [point.time for point in row.points]
    assert all(a < b for a, b in pairwise(times))
    assert len(times) >= 12
    assert all(point.value > 0 for point in row.points)
    assert row.source == "sample data, written for daoclerk"
    assert HAN.search(row.label_zh or "")


def test_voters_per_proposal_are_those_of_the_proposals() -> None:
    wanted = [(row.extra["end"], row.voters) for row in PROPOSALS.values() if row.tally]
    assert [(point.time.strftime("%Y-%m-%dT%H:%M:%SZ"), point.value) for point in SERIES["voters_per_proposal"].points] == wanted


@pytest.mark.parametrize(
    ("key", "words", "metric", "day"),
    [
        ("HIP-31", "On 30 April the treasury held {} ETH", "treasury_eth", "2024-04-30"),
        ("HIP-31", "Protocol fees are {} ETH a month (April)", "protocol_fees_monthly", "2024-04-30"),
        ("HIP-35", "At the fees of May ({} ETH)", "protocol_fees_monthly", "2024-05-31"),
        ("HIP-36", "从月初的 {} 件", "nft_sales_weekly", "2024-07-01"),
        ("HIP-36", "降到月底的 {} 件", "nft_sales_weekly", "2024-07-29"),
        ("HIP-36", "按七月手续费 {} ETH", "protocol_fees_monthly", "2024-07-31"),
        ("HIP-44", "the treasury held {} ETH, of which", "treasury_eth", "2025-01-31"),
        ("HIP-44", "and {} USDC. In 2024", "treasury_usdc", "2025-01-31"),
        ("HIP-45", "2 月底国库有 {} ETH", "treasury_eth", "2025-02-28"),
        ("HIP-46", "Weekly sales were {} on 3 March", "nft_sales_weekly", "2025-03-03"),
        ("HIP-46", "and {} on 17 March", "nft_sales_weekly", "2025-03-17"),
    ],
)
def test_figures_that_proposals_take_from_the_series_are_those_of_the_series(key: str, words: str, metric: str, day: str) -> None:
    assert words.format(f"{value(metric, day):,g}" if metric != "treasury_usdc" else f"{value(metric, day):,.0f}") in PROPOSALS[key].body


def test_curator_stipends_are_three_percent_of_the_fees_of_their_quarters() -> None:
    fees = SERIES["protocol_fees_monthly"].points
    third, fourth = (sum(p.value for p in fees if p.time.year == 2024 and (p.time.month - 1) // 3 == q) for q in (2, 3))
    body = PROPOSALS["HIP-43"].body
    assert f"Protocol fees were {third:.1f} ETH in the third and {fourth:.1f} ETH in the fourth quarter" in body
    assert f"{0.03 * third:.2f} ETH and {0.03 * fourth:.2f} ETH, together {0.03 * (third + fourth):.2f} ETH" in body


def test_nft_sales_fall_by_forty_percent_in_march() -> None:
    facts = [(fact.name, fact.value, fact.time) for fact in CHARTS["nft_sales_weekly"].facts]
    wanted = [("first", 1240.0, "2025-03-03"), ("last", 744.0, "2025-03-31"), ("change_pct", -40.0, "2025-03-03/2025-03-31")]
    assert facts[:3] == wanted


@pytest.mark.parametrize("figure", draw.FIGURES, ids=lambda figure: str(figure.file))
def test_facts_of_a_chart_equal_the_series(figure: draw.Figure) -> None:
    chart, series = CHARTS[figure.metric], SERIES[figure.metric]
    shown = {p.time.date().isoformat(): p.value for p in series.points[-figure.points :]}
    facts = {fact.name: fact for fact in chart.facts}
    first, *_, last = shown.items()
    assert (facts["first"].time, facts["first"].value) == first
    assert (facts["last"].time, facts["last"].value) == last
    for name, extreme in (("min", min(shown.values())), ("max", max(shown.values()))):
        assert facts[name].value == extreme == shown[str(facts[name].time)]
    assert facts["change_pct"].value == pytest.approx(100 * (last[1] - first[1]) / first[1], abs=0.0501)
    assert all(facts[name].unit == series.unit for name in ("first", "last", "min", "max"))
    assert all(day in chart.alt and f"{amount:,g}" in chart.alt for day, amount in shown.items())


@pytest.mark.parametrize("figure", draw.FIGURES, ids=lambda figure: str(figure.file))
def test_pictures_are_drawn_again_byte_for_byte_and_known_by_their_hash(figure: draw.Figure) -> None:
    stored = (FOLDER / "charts" / figure.file).read_bytes()
    assert draw.picture(figure) == stored
    assert CHARTS[figure.metric].sha256 == sha256(stored).hexdigest()
    with Image.open(io.BytesIO(stored)) as image:
        assert (image.format, image.size) == ("PNG", draw.SIZE)


def test_drawing_writes_the_records_that_are_bundled(tmp_path: Path) -> None:
    draw.main(tmp_path)
    assert (tmp_path / "charts.jsonl").read_bytes() == (FOLDER / "charts.jsonl").read_bytes()
    assert sorted(path.name for path in (tmp_path / "charts").iterdir()) == sorted(path.name for path in (FOLDER / "charts").iterdir())


def test_suggested_topics_are_six_in_two_languages_and_their_charts_exist() -> None:
    topics = json.loads((FOLDER / "topics.json").read_text(encoding="utf-8"))
    assert [topic["lang"] for topic in topics] == ["en"] * 3 + ["zh"] * 3
    assert topics[0]["topic"] == "creator rebates: NFT sales are falling"
    assert topics[0]["chart"] == "charts/nft-sales.png"
    assert all(topic["chart"] is None or (FOLDER / topic["chart"]).is_file() for topic in topics)


@given(st.binary(max_size=400), st.integers(0, 255), st.integers(0, 2000))
def test_what_is_deflated_inflates_to_the_same(noise: bytes, byte: int, run: int) -> None:
    data = noise + bytes([byte]) * run + noise
    assert zlib.decompress(png.deflate(data)) == data


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_a_written_picture_has_the_pixels_it_was_made_of(width: int, height: int, data: st.DataObject) -> None:
    raw = data.draw(st.binary(min_size=3 * width * height, max_size=3 * width * height))
    picture = Image.frombytes("RGB", (width, height), raw)
    with Image.open(io.BytesIO(png.encode(picture))) as back:
        assert back.convert("RGB").tobytes() == raw


def test_a_picture_with_too_many_colours_is_refused() -> None:
    many = Image.frombytes("RGB", (257, 1), b"".join(bytes([n % 256, n // 256, 0]) for n in range(257)))
    with pytest.raises(ValueError, match="257 colours"):
        png.encode(many)
