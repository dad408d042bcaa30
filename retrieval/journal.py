"""Requests, evidence, drafts, checks, reviews, feedback and exports, append-only; satisfies `agent.ports.Journal`."""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, Table, func, select

from agent.errors import InputError
from agent.schemas import CheckResult, Draft, Evidence, ExportFormat, Request, RunId
from retrieval import tables
from retrieval.proposals import sha256, shape_text
from retrieval.store import Store

_HEX = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class Run:
    """A request as it was made."""

    id: RunId
    request: Request
    begun: datetime


@dataclass(frozen=True, slots=True)
class DraftHead:
    """A stored draft without its text."""

    sha256: str
    run: str
    version: int
    dao: str
    title: str
    lang: str
    writer: str
    answered: bool
    stored: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer said about exactly these bytes; `n` counts this reviewer's words on the draft from 1."""

    draft: str
    reviewer: str
    n: int
    verdict: str
    reason: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """A thumb: value -1, 0 or 1."""

    draft: str
    person: str
    n: int
    value: int
    note: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Export:
    """The exact bytes that were handed out; `sha256` is their hash."""

    draft: str
    format: str
    sha256: str
    content: bytes
    time: datetime


class Journal:
    """Writes once, reads back. Methods raise StoreError if the database can't be used, InputError for what isn't there."""

    def __init__(self, store: Store) -> None:
        self.store = store

    # --- the port ---------------------------------------------------------------------------

    async def begin(self, run: RunId, request: Request) -> None:
        """Note the request. Raises InputError if the run belongs to another request."""
        await asyncio.to_thread(self._begin, run, request)

    async def evidence(self, run: RunId, rows: Sequence[Evidence]) -> None:
        """Keep the evidence of a run, keyed by run, id and content."""
        await asyncio.to_thread(self._evidence, run, rows)

    async def draft(self, draft: Draft) -> None:
        """Keep a draft under its sha256; its run must have begun."""
        await asyncio.to_thread(self._draft, draft)

    async def checks(self, draft_sha256: str, rows: Sequence[CheckResult]) -> None:
        """Keep what the checks found in a stored draft."""
        await asyncio.to_thread(self._checks, draft_sha256, rows)

    async def review(self, draft_sha256: str, reviewer: str, verdict: str, reason: str) -> None:
        """Keep a reviewer's word on a stored draft; repeating one's last word stores nothing new."""
        await asyncio.to_thread(self._say, tables.review, draft_sha256, {"reviewer": reviewer}, {"verdict": verdict, "reason": reason})

    async def feedback(self, draft_sha256: str, person: str, value: int, note: str = "") -> None:
        """Keep a thumb (-1, 0, 1); repeating one's last stores nothing new. Raises InputError for another value."""
        if value not in (-1, 0, 1):
            raise InputError(f"feedback: value {value} is none of -1, 0, 1")
        await asyncio.to_thread(self._say, tables.feedback, draft_sha256, {"person": person}, {"value": value, "note": note})

    async def export(self, draft_sha256: str, format_: ExportFormat, content: bytes) -> str:
        """Keep the bytes that are handed out; gives their sha256."""
        return await asyncio.to_thread(self._export, draft_sha256, format_, content)

    # --- writing ----------------------------------------------------------------------------

    def _begin(self, run: RunId, request: Request) -> None:
        text = shape_text(request)
        values = {"id": run, "dao": request.dao, "topic": request.topic, "request": text, "begun": datetime.now(UTC)}
        with self.store.db.write() as connection:
            connection.execute(self.store.db.insert(tables.run).values(values).on_conflict_do_nothing())
            stored = connection.execute(select(tables.run.c.request).where(tables.run.c.id == run)).scalar_one()
        if stored != text:
            raise InputError(f"journal: run '{run}' belongs to another request, use a new id")

    def _evidence(self, run: RunId, rows: Sequence[Evidence]) -> None:
        texts = [(row, shape_text(row)) for row in rows]
        values = [{"run": run, "id": row.id, "content_sha256": sha256(text), "kind": row.kind, "content": text} for row, text in texts]
        with self.store.db.write() as connection:
            _must_hold(connection, tables.run, "id", run, "run")
            self._keep(connection, tables.evidence, values)

    def _draft(self, draft: Draft) -> None:
        if not draft.sha256:
            raise InputError("journal: the draft has no sha256, seal it first")
        values = {
            "sha256": draft.sha256,
            "run": draft.run,
            "version": draft.version,
            "dao": draft.dao,
            "title": draft.title,
            "lang": draft.lang,
            "writer": draft.writer,
            "answered": draft.answered,
            "stored": datetime.now(UTC),
            "content": shape_text(draft),
        }
        with self.store.db.write() as connection:
            _must_hold(connection, tables.run, "id", draft.run, "run")
            self._keep(connection, tables.draft, [values])

    def _checks(self, draft_sha256: str, rows: Sequence[CheckResult]) -> None:
        texts = [(row, shape_text(row)) for row in rows]
        values = [
            {"draft": draft_sha256, "content_sha256": sha256(text), "rule": row.rule, "level": row.level, "content": text}
            for row, text in texts
        ]
        with self.store.db.write() as connection:
            _must_hold(connection, tables.draft, "sha256", draft_sha256, "draft")
            self._keep(connection, tables.check_result, values)

    def _say(self, table: Table, draft_sha256: str, who: dict[str, str], what: dict[str, str | int]) -> None:
        ((column, name),) = who.items()
        mine = select(table).where(table.c.draft == draft_sha256, table.c[column] == name).order_by(table.c.n.desc()).limit(1)
        with self.store.db.write() as connection:  # writers take turns, so n can't be taken twice
            _must_hold(connection, tables.draft, "sha256", draft_sha256, "draft")
            last = connection.execute(mine).first()
            if last is not None and all(last._mapping[key] == value for key, value in what.items()):
                return
            values = {"draft": draft_sha256, "n": 1 if last is None else last.n + 1, "time": datetime.now(UTC)} | who | what
            connection.execute(self.store.db.insert(table).values(values))

    def _export(self, draft_sha256: str, format_: str, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        values = {"draft": draft_sha256, "format": format_, "sha256": digest, "content": content, "time": datetime.now(UTC)}
        with self.store.db.write() as connection:
            _must_hold(connection, tables.draft, "sha256", draft_sha256, "draft")
            self._keep(connection, tables.export, [values])
        return digest

    def _keep(self, connection: Connection, table: Table, values: Sequence[Mapping[str, object]]) -> None:
        if values:
            connection.execute(self.store.db.insert(table).on_conflict_do_nothing(), [dict(each) for each in values])

    # --- reading ----------------------------------------------------------------------------

    async def runs(self) -> list[Run]:
        """Every run, newest first."""
        return await asyncio.to_thread(self._runs, None)

    async def run(self, run: RunId) -> Run:
        """One run. Raises InputError if there is none."""
        found = await asyncio.to_thread(self._runs, run)
        if not found:
            raise InputError(f"journal: no run '{run}'")
        return found[0]

    async def latest(self, run: RunId) -> Draft | None:
        """The draft of the run that was stored last."""
        return await asyncio.to_thread(self._latest, run)

    async def find(self, sha256: str) -> Draft:
        """The draft with this hash, or the only one whose hash begins so. Raises InputError if none or several do."""
        return await asyncio.to_thread(self._find, sha256)

    async def drafts(self) -> list[DraftHead]:
        """Every stored draft, newest first."""
        return await asyncio.to_thread(self._drafts)

    async def evidence_of(self, run: RunId) -> list[Evidence]:
        """Evidence of a run in the order it came."""
        return [Evidence.model_validate_json(row.content) for row in await self._rows(tables.evidence, "run", run)]

    async def checks_of(self, draft_sha256: str) -> list[CheckResult]:
        """What the checks found in a draft."""
        return [CheckResult.model_validate_json(row.content) for row in await self._rows(tables.check_result, "draft", draft_sha256)]

    async def reviews(self, draft_sha256: str) -> list[Review]:
        """Every word on a draft, oldest first; of one reviewer the last counts."""
        rows = await self._rows(tables.review, "draft", draft_sha256)
        return [Review(row.draft, row.reviewer, row.n, row.verdict, row.reason, row.time) for row in rows]

    async def feedback_of(self, draft_sha256: str) -> list[Feedback]:
        """Every thumb on a draft, oldest first."""
        rows = await self._rows(tables.feedback, "draft", draft_sha256)
        return [Feedback(row.draft, row.person, row.n, row.value, row.note, row.time) for row in rows]

    async def exports(self, draft_sha256: str) -> list[Export]:
        """Every export of a draft, oldest first, with its bytes."""
        rows = await self._rows(tables.export, "draft", draft_sha256)
        return [Export(row.draft, row.format, row.sha256, bytes(row.content), row.time) for row in rows]

    async def _rows(self, table: Table, column: str, value: str) -> list[Row[*tuple[object, ...]]]:
        def read() -> list[Row[*tuple[object, ...]]]:
            with self.store.db.read() as connection:
                return list(connection.execute(select(table).where(table.c[column] == value).order_by(table.c.seq)))

        return await asyncio.to_thread(read)

    def _runs(self, run: str | None) -> list[Run]:
        c = tables.run.c
        wanted = select(c.id, c.request, c.begun).order_by(c.begun.desc(), c.id)
        with self.store.db.read() as connection:
            rows = connection.execute(wanted if run is None else wanted.where(c.id == run)).all()
        return [Run(RunId(name), Request.model_validate_json(text), begun) for name, text, begun in rows]

    def _latest(self, run: str) -> Draft | None:
        c = tables.draft.c
        with self.store.db.read() as connection:
            content = connection.execute(select(c.content).where(c.run == run).order_by(c.seq.desc()).limit(1)).scalar()
        return None if content is None else Draft.model_validate_json(content)

    def _find(self, prefix: str) -> Draft:
        prefix = prefix.strip().lower()
        if not _HEX.fullmatch(prefix):
            raise InputError(f"journal: '{prefix[:80]}' is no draft hash, give its first hexadecimal digits")
        c = tables.draft.c
        with self.store.db.read() as connection:
            found = connection.execute(select(c.content).where(c.sha256.like(f"{prefix}%")).limit(2)).scalars().all()
            total = connection.execute(select(func.count()).where(c.sha256.like(f"{prefix}%"))).scalar_one()
        if not found:
            raise InputError(f"journal: no draft '{prefix}', see the list of drafts")
        if total > 1:
            raise InputError(f"journal: {total} drafts begin with '{prefix}', give more digits")
        return Draft.model_validate_json(found[0])

    def _drafts(self) -> list[DraftHead]:
        c = tables.draft.c
        wanted = select(c.sha256, c.run, c.version, c.dao, c.title, c.lang, c.writer, c.answered, c.stored).order_by(c.seq.desc())
        with self.store.db.read() as connection:
            return [DraftHead(*row) for row in connection.execute(wanted)]


def _must_hold(connection: Connection, table: Table, column: str, value: str, what: str) -> None:
    if connection.execute(select(table.c[column]).where(table.c[column] == value)).first() is None:
        raise InputError(f"journal: no {what} '{value}' is stored")
