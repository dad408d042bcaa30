"""Turn what a person typed into a request the graph takes, or one sentence on what is wrong with it."""

import difflib
import unicodedata
from datetime import datetime
from pathlib import Path

from agent.errors import InputError
from agent.schemas import DaoId, Instant, Lang, Picture, ProposalId, Request, WriterName, utc
from agent.text import is_cjk_heavy
from bots.wiring import App

TOPIC_MAX = 600
"""Characters: a topic is a title or a few sentences; the draft is written from evidence, not from a long prompt."""


def topic_of(text: str) -> str:
    """The topic on one line without hidden characters. Raises InputError if it is empty or longer than 600 characters."""
    kept = "".join(
        c for c in unicodedata.normalize("NFC", text) if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    topic = " ".join(kept.split())
    if not any(c.isalnum() for c in topic):
        raise InputError("draft: the topic is empty, say in a few words what the proposal is about")
    if len(topic) > TOPIC_MAX:
        raise InputError(f"draft: the topic has {len(topic):,} characters, {TOPIC_MAX} are the most; give its gist")
    return topic


def dao_of(app: App, name: str) -> str:
    """The DAO as it is stored. Raises InputError naming the nearest ones if none is called that."""
    from agent.rules import plain

    known = app.store.daos()
    if name in known:
        return name
    by_plain = {plain(dao): dao for dao in known}
    if plain(name) in by_plain:
        return by_plain[plain(name)]
    if not known:
        raise InputError("dao: the database holds no proposals yet, `daoclerk ingest files PATH` or `daoclerk ingest sample` brings some")
    near = difflib.get_close_matches(name, known, 3, 0.5) or sorted(known, key=lambda d: -known[d])[:5]
    raise InputError(f"dao: no proposals of '{name[:80]}' are stored; there are {len(known)} DAOs, e.g. {', '.join(near)}")


def instant(text: str | None) -> datetime | None:
    """An ISO date or time. Raises InputError."""
    if text is None:
        return None
    try:
        found = utc(text)
    except ValueError as bad:
        raise InputError(f"before: '{text[:40]}' is not a date, write it like 2024-05-01 or 2024-05-01T12:00:00Z") from bad
    assert isinstance(found, datetime)
    return found


def request(
    app: App,
    topic: str,
    *,
    dao: str,
    before: str | None = None,
    exclude: list[str],
    chart: Path | None = None,
    caption: str | None = None,
    lang: Lang | None = None,
    writer: WriterName | None = None,
) -> Request:
    """Everything checked before anything is written."""
    words = topic_of(topic)
    when: Instant | None = instant(before)
    picture: Picture | None = None
    name = dao_of(app, dao)
    if chart is not None:
        from tools.picture import open_picture

        picture = open_picture(chart, app.home / "pictures")
    return Request(
        topic=words,
        dao=DaoId(name),
        lang=lang or ("zh" if is_cjk_heavy(words) else app.settings.lang),
        before=when,
        exclude=tuple(ProposalId(i) for i in exclude),
        picture=picture,
        caption=topic_of(caption) if caption else None,
        writer=writer or app.settings.writer,
    )
