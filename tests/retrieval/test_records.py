"""Records are added once, replaced when they change, and posts are found by the words they share."""

from datetime import UTC, datetime

from agent.ports import Records as Port
from agent.schemas import Chart, ChartFact, DaoId, Point, Post, Series
from retrieval.records import Records, words
from retrieval.store import Counts, Store

HARBOR = DaoId("harbor")


def series(*values: float, source: str = "chain", label: str = "Sales") -> Series:
    points = tuple(Point(time=datetime(2024, 1, n + 1, tzinfo=UTC), value=value) for n, value in enumerate(values))
    return Series(dao=HARBOR, metric="sales", label=label, unit="NFT", source=source, points=points)


def post(key: str, text: str, day: int = 1, likes: int = 0, dao: str = "harbor") -> Post:
    return Post(dao=DaoId(dao), id=key, author="ana", time=datetime(2024, 1, day, tzinfo=UTC), text=text, likes=likes)


async def test_series_come_back_oldest_first_and_a_second_source_stands_beside_the_first(store: Store) -> None:
    records: Port = Records(store)
    assert isinstance(records, Records)
    assert records.add_series([series(1.1, 2.2), series(9, source="picture")]) == Counts(new=2)
    assert await records.series(HARBOR) == [series(1.1, 2.2), series(9, source="picture")]
    assert await records.series(DaoId("meridian")) == []


async def test_adding_again_adds_nothing_and_new_points_join_the_old(store: Store) -> None:
    records = Records(store)
    records.add_series([series(1, 2)])
    assert records.add_series([series(1, 2)]) == Counts(same=1)
    assert records.add_series([series(1, 5, 3)]) == Counts(changed=1)
    assert records.add_series([series(1, label="Sold")]) == Counts(changed=1)
    (found,) = await records.series(HARBOR)
    assert found == series(1, 5, 3, label="Sold")


async def test_posts_that_share_rare_words_come_first_and_the_unrelated_not_at_all(store: Store) -> None:
    records = Records(store)
    rows = [
        post("a", "The treasury report is out"),
        post("b", "Creator rebates from the treasury would bring sellers back"),
        post("c", "Weather is nice", likes=99),
        post("d", "creator rebates", dao="meridian"),
    ]
    assert records.add_posts(rows) == Counts(new=4)
    assert records.add_posts(rows) == Counts(same=4)
    found = await records.posts(HARBOR, "creator rebate for the treasury", None, 5)
    assert [each.id for each in found] == ["b", "a"]
    assert [each.id for each in await records.posts(HARBOR, "creator rebate for the treasury", None, 1)] == ["b"]
    assert await records.posts(HARBOR, "", None, 5) == []


async def test_chinese_posts_are_found_by_their_words(store: Store) -> None:
    records = Records(store)
    records.add_posts([post("a", "建议给创作者返还部分手续费"), post("b", "今天天气很好")])
    assert [each.id for each in await records.posts(HARBOR, "创作者返利", None, 5)] == ["a"]


async def test_posts_after_the_date_are_not_seen(store: Store) -> None:
    records = Records(store)
    records.add_posts([post("old", "sales fell", day=1), post("edge", "sales fell", day=2), post("new", "sales fell", day=3)])
    found = await records.posts(HARBOR, "sales", datetime(2024, 1, 2, tzinfo=UTC), 5)
    assert {each.id for each in found} == {"old", "edge"}


async def test_an_edited_post_replaces_the_old_one(store: Store) -> None:
    records = Records(store)
    records.add_posts([post("a", "sales fell")])
    assert records.add_posts([post("a", "sales rose")]) == Counts(changed=1)
    assert [each.text for each in await records.posts(HARBOR, "sales", None, 5)] == ["sales rose"]


async def test_a_chart_is_found_by_the_hash_of_its_picture(store: Store) -> None:
    records = Records(store)
    chart = Chart(dao=HARBOR, sha256="c" * 64, metric="sales", title="Sales", alt="falling", facts=(ChartFact(name="first", value=1240),))
    assert records.add_charts([chart, chart]) == Counts(new=1, same=1)
    assert await records.chart("c" * 64) == chart
    assert await records.chart("d" * 64) is None


def test_words_drop_plurals_and_pair_chinese_characters() -> None:
    assert words("The Creators' rebates, 5% of fees — 创作者 港") == ["创作", "作者", "港", "creator", "rebate", "fee"]
