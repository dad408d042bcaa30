"""Measured series, posts and known charts of a DAO; satisfies `agent.ports.Records`."""

import asyncio
import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, select
from sqlalchemy.sql.dml import ReturningInsert

from agent.schemas import Chart, DaoId, Instant, Point, Post, ProposalId, Series, Shape
from retrieval import tables
from retrieval.proposals import sha256, shape_text
from retrieval.store import Counts, Store

_WORD = re.compile(r"[^\W_]+")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_STOP = (
    "a about all an and are as at be been but by can do for from has have how i if in into is it its more no not of on or our should so than"
    " that the their them there these they this to up us was we were what when which who will with would you your"
)
STOP = frozenset(_STOP.split())


class Records:
    """Reads and adds records. Adding the same twice changes nothing; a changed one replaces the old."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- the port ---------------------------------------------------------------------------

    async def series(self, dao: DaoId) -> list[Series]:
        """Every series of the DAO with its points, oldest first."""
        return await asyncio.to_thread(self.read_series, dao)

    async def posts(self, dao: DaoId, text: str, before: Instant | None, k: int) -> list[Post]:
        """At most k posts that share words with the text, best first, written at or before `before`."""
        return await asyncio.to_thread(self.find_posts, dao, text, before, k)

    async def said_of(self, dao: DaoId, proposal_id: ProposalId, before: Instant | None) -> list[Post]:
        """Posts whose topic is that proposal, most liked first, written at or before `before`."""
        return await asyncio.to_thread(self.find_said, dao, proposal_id, before)

    async def chart(self, sha256: str) -> Chart | None:
        """The chart whose picture has this hash."""
        return await asyncio.to_thread(self.read_chart, sha256)

    # --- reading ----------------------------------------------------------------------------

    def read_series(self, dao: str) -> list[Series]:
        c, p = tables.series.c, tables.point.c
        with self.store.db.read() as connection:
            rows = connection.execute(select(tables.series).where(c.dao == dao).order_by(c.metric, c.source)).all()
            points: dict[int, list[Point]] = {row.seq: [] for row in rows}
            wanted = select(p.series, p.time, p.value).join(tables.series).where(c.dao == dao).order_by(p.series, p.time)
            for seq, time, value in connection.execute(wanted):
                points[seq].append(Point(time=time, value=value))
        return [
            Series(
                dao=row.dao,
                metric=row.metric,
                label=row.label,
                label_zh=row.label_zh,
                unit=row.unit,
                source=row.source,
                url=row.url,
                points=tuple(points[row.seq]),
            )
            for row in rows
        ]

    def find_posts(self, dao: str, text: str, before: datetime | None, k: int) -> list[Post]:
        c = tables.post.c
        wanted = select(c.content).where(c.dao == dao)
        if before is not None:
            wanted = wanted.where(c.time <= before)
        with self.store.db.read() as connection:
            posts = [Post.model_validate_json(content) for (content,) in connection.execute(wanted)]
        return rank_posts(posts, text)[:k]

    def find_said(self, dao: str, proposal_id: str, before: datetime | None) -> list[Post]:
        c = tables.post.c
        with self.store.db.read() as connection:
            rows = [Post.model_validate_json(content) for (content,) in connection.execute(select(c.content).where(c.dao == dao))]
        found = [row for row in rows if row.topic == proposal_id and (before is None or row.time <= before)]
        return sorted(found, key=lambda row: (-row.likes, row.time, row.id))

    def read_post(self, dao: str, post_id: str) -> Post | None:
        """One post of a DAO."""
        c = tables.post.c
        with self.store.db.read() as connection:
            content = connection.execute(select(c.content).where(c.dao == dao, c.id == post_id)).scalar()
        return None if content is None else Post.model_validate_json(content)

    def read_chart(self, sha256: str) -> Chart | None:
        c = tables.chart.c
        with self.store.db.read() as connection:
            content = connection.execute(select(c.content).where(c.sha256 == sha256).order_by(c.dao).limit(1)).scalar()
        return None if content is None else Chart.model_validate_json(content)

    # --- writing ----------------------------------------------------------------------------

    def add_series(self, rows: Sequence[Series]) -> Counts:
        """Store the series, keyed by (dao, metric, source); a new value for a known time replaces the old."""
        with self.store.db.write() as connection:
            return self.put_series(connection, rows)

    def add_posts(self, rows: Sequence[Post]) -> Counts:
        """Store the posts, keyed by (dao, id)."""
        with self.store.db.write() as connection:
            return self.put_posts(connection, rows)

    def add_charts(self, rows: Sequence[Chart]) -> Counts:
        """Store the charts, keyed by the picture's hash and the DAO."""
        with self.store.db.write() as connection:
            return self.put_charts(connection, rows)

    def put_series(self, connection: Connection, rows: Sequence[Series]) -> Counts:
        """The same inside a write transaction of the caller's; so are the next two."""
        total = Counts()
        for row in rows:
            total += self._put_one_series(connection, row)
        return total

    def _put_one_series(self, connection: Connection, row: Series) -> Counts:
        c, p = tables.series.c, tables.point.c
        head = row.model_dump(exclude={"points"})
        old = connection.execute(select(tables.series).where(c.dao == row.dao, c.metric == row.metric, c.source == row.source)).first()
        insert = self.store.db.insert(tables.series).values(head)
        upsert = insert.on_conflict_do_update(index_elements=["dao", "metric", "source"], set_=head)
        returning: ReturningInsert[int] = upsert.returning(c.seq)
        seq = connection.execute(returning).scalar_one()
        had = {row.time: row.value for row in connection.execute(select(p.time, p.value).where(p.series == seq))}
        news = {point.time: point.value for point in row.points if had.get(point.time) != point.value}
        if news:
            points = self.store.db.insert(tables.point)
            connection.execute(
                points.on_conflict_do_update(index_elements=["series", "time"], set_={"value": points.excluded.value}),
                [{"series": seq, "time": time, "value": value} for time, value in news.items()],
            )
        if old is None:
            return Counts(new=1)
        return Counts(changed=1) if news or any(old._mapping[name] != value for name, value in head.items()) else Counts(same=1)

    def put_posts(self, connection: Connection, rows: Sequence[Post]) -> Counts:
        values = [(("dao", row.dao), ("id", row.id), row, {"time": row.time, "sha256": sha256(shape_text(row))}) for row in rows]
        return self._put(connection, tables.post, values)

    def put_charts(self, connection: Connection, rows: Sequence[Chart]) -> Counts:
        return self._put(connection, tables.chart, [(("sha256", row.sha256), ("dao", row.dao), row, {}) for row in rows])

    def _put(
        self, connection: Connection, table: Table, rows: Sequence[tuple[tuple[str, str], tuple[str, str], Shape, dict[str, object]]]
    ) -> Counts:
        total = Counts()
        for first, second, shape, more in rows:
            values = {first[0]: first[1], second[0]: second[1], "content": shape_text(shape)} | more
            key = (table.c[first[0]] == first[1], table.c[second[0]] == second[1])
            old = connection.execute(select(table.c.content).where(*key)).scalar()
            if old == values["content"]:
                total += Counts(same=1)
                continue
            total += Counts(new=1) if old is None else Counts(changed=1)
            insert = self.store.db.insert(table).values(values)
            connection.execute(insert.on_conflict_do_update(index_elements=[first[0], second[0]], set_=values))
        return total


def words(text: str) -> list[str]:
    """Words to compare texts by: Latin words without plural s, Chinese character pairs."""
    found: list[str] = []
    for run in _HAN_RUN.findall(text):
        found += [run[n : n + 2] for n in range(max(1, len(run) - 1))]
    for word in _WORD.findall(_HAN_RUN.sub(" ", text).lower()):
        if word not in STOP and len(word) > 1:
            found.append(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word)
    return found


def rank_posts(posts: Sequence[Post], text: str) -> list[Post]:
    """Posts that share words with the text, rare words counting more (idf over these posts), best first; then likes, then the newer."""
    wanted = set(words(text))
    held = [Counter(words(f"{post.topic or ''} {post.text}")) for post in posts]
    spread = Counter(word for counts in held for word in counts.keys() & wanted)
    weight = {word: math.log(1 + len(posts) / n) for word, n in spread.items()}
    scored = [
        (sum(weight[word] * min(counts[word], 3) for word in counts.keys() & wanted), post.likes, post.time, post.id, post)
        for post, counts in zip(posts, held, strict=True)
    ]
    return [row[-1] for row in sorted((row for row in scored if row[0] > 0), key=lambda row: row[:4], reverse=True)]
