"""The composition root: settings in, an App out. The only place that builds the objects the bots and the command line use."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import InputError, StoreError
from agent.settings import Settings, load, strict_checkpoints

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    from agent.ports import ChartReader, Writer
    from agent.schemas import Request
    from agent.state import Deps, Event, Gatherer
    from retrieval.embed import Embedder
    from retrieval.index import DenseIndex
    from retrieval.journal import Journal
    from retrieval.records import Records
    from retrieval.scan import DenseHit
    from retrieval.search import Searcher
    from retrieval.store import Store
    from tools.llm import ChatModel

CHECKPOINTS_LOCK = 0x64616F63
"""PostgreSQL advisory lock under which the checkpoints' tables are made."""


def software() -> str:
    """Name and version, for the provenance note."""
    try:
        return f"daoclerk {version('daoclerk')}"
    except PackageNotFoundError:
        return "daoclerk (not installed)"


class Late:
    """A dense index that is opened when it is first asked: a full text never asks it, and opening takes a second or two."""

    def __init__(self, opened: "Callable[[], DenseIndex | None]") -> None:
        self._opened = opened

    def query(self, text: str, *, k: int, dao: str | None = None, rows: Sequence[int] | None = None) -> "Sequence[DenseHit]":
        """As `DenseIndex.query`; nothing where there is none."""
        index = self._opened()
        return index.query(text, k=k, dao=dao, rows=rows) if index is not None else []


@dataclass
class App:
    """Everything built from one set of settings; parts are built when first used. Close it, or use it as a context."""

    settings: Settings
    _opened: list[Callable[[], None]] = field(default_factory=list)
    _chats: "list[ChatModel]" = field(default_factory=list)

    def __enter__(self) -> "App":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened, newest first."""
        while self._opened:
            self._opened.pop()()

    @property
    def home(self) -> Path:
        """The folder of all state, made if it is missing. Raises StoreError if it can't be written."""
        home = self.settings.home
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreError(f"home: cannot use the folder '{home}' ({why(problem)}); set DAOCLERK_HOME to one you can write") from problem
        return home

    @property
    def database_url(self) -> str:
        """The configured URL, or the SQLite file under home."""
        return self.settings.database_url or f"sqlite:///{self.home / 'daoclerk.db'}"

    @cached_property
    def store(self) -> "Store":
        """The database, migrated."""
        from retrieval.store import Store

        store = Store.open(self.database_url)
        self._opened.append(store.close)
        return store

    @cached_property
    def journal(self) -> "Journal":
        """Runs, drafts, checks, reviews."""
        from retrieval.journal import Journal

        return Journal(self.store)

    @cached_property
    def records(self) -> "Records":
        """Series, posts, known charts."""
        from retrieval.records import Records

        return Records(self.store)

    @cached_property
    def embedder(self) -> "Embedder":
        """MiniLM from its package, or the configured endpoint."""
        from retrieval.embed import MiniLM, OpenAICompatible

        settings = self.settings
        if settings.embed_url is None:
            return MiniLM(self.home / "models")
        if settings.embed_dim is None:
            raise InputError("settings: 'embed_url' is set but 'embed_dim' is not, say how long the endpoint's vectors are")
        key = settings.embed_key.get_secret_value() if settings.embed_key else None
        return OpenAICompatible(settings.embed_url, settings.embed_model, key, settings.embed_dim)

    @cached_property
    def dense(self) -> "DenseIndex":
        """The Chroma index: a cache of the database's vectors."""
        from retrieval.index import DenseIndex

        index = DenseIndex.open(self.store, self.embedder, path=self.home / "chroma", url=self.settings.chroma_url)
        self._opened.append(index.close)
        return index

    @cached_property
    def searcher(self) -> "Searcher":
        """Search among past proposals: lexical, citations, ranker, and dense vectors where the index holds some."""
        from retrieval.search import Searcher

        return Searcher(self.store, self.home / "lexical", Late(lambda: self.dense), multilingual=self.settings.embed_multilingual)

    # --- what one draft uses ----------------------------------------------------------------

    def deps(self, request: "Request", progress: "Callable[[Event], None]") -> "Deps":
        """Ports for one draft in the request's language, with the request's writer."""
        from agent.rules import load as load_pack
        from agent.state import Deps
        from bots.exporter import FileExporter

        chat = self.chat() if request.writer == "model" else None
        return Deps(
            memory=self.searcher,
            records=self.records,
            journal=self.journal,
            writer=self._writer(request, chat, progress),
            chart_reader=self._reader(request, chat),
            pack=load_pack(request.dao),
            exporter=FileExporter(self.home / "exports", self.journal),
            gatherer=self._gatherer(chat, request),
            revisions=self.settings.revisions,
            progress=progress,
            software=software(),
        )

    def chat(self) -> "ChatModel":
        """A client of the model endpoint with a draft's budget; `hang_up` closes it. Raises InputError if none is set."""
        from tools.budget import Budget
        from tools.llm import ChatModel

        settings = self.settings
        if settings.model_url is None:
            raise InputError(
                "model: no endpoint is set, set DAOCLERK_MODEL_URL to its base URL (or do without: --writer grounded, --judge lexical)"
            )
        chat = ChatModel(
            url=settings.model_url,
            model=settings.model_name,
            key=settings.model_key,
            timeout=settings.model_timeout,
            budget=Budget(settings.model_calls, settings.model_tokens, settings.model_seconds),
        )
        self._chats.append(chat)
        return chat

    async def hang_up(self) -> None:
        """Close the connections to the model's endpoint that drafts have opened."""
        while self._chats:
            await self._chats.pop().aclose()

    def _writer(self, request: "Request", chat: "ChatModel | None", progress: "Callable[[Event], None]") -> "Writer":
        from agent.grounded.writer import GroundedWriter
        from agent.state import Event

        grounded = GroundedWriter(request.lang)
        if chat is None:
            return grounded
        from tools.fallback import FallbackWriter
        from tools.model_writer import ModelWriter

        return FallbackWriter(ModelWriter(chat, request.lang), grounded, lambda why: progress(Event("write", "note", why)), request.lang)

    def _reader(self, request: "Request", chat: "ChatModel | None") -> "ChartReader":
        from tools.vision import NoReader, VisionReader

        return NoReader(request.lang) if chat is None else VisionReader(chat)

    def _gatherer(self, chat: "ChatModel | None", request: "Request") -> "Gatherer | None":
        if chat is None:
            return None
        from bots.lookups import lookups
        from tools.gather import ModelGatherer

        return ModelGatherer(chat, lookups(self, request))

    @asynccontextmanager
    async def checkpoints(self) -> "AsyncIterator[BaseCheckpointSaver[str]]":
        """Durable checkpoints of the graph: beside the database, SQLite or PostgreSQL as it is."""
        strict_checkpoints()
        url = self.settings.database_url
        if url and url.startswith("postgresql"):
            from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

            async with AsyncPostgresSaver.from_conn_string(url.replace("postgresql+psycopg://", "postgresql://", 1)) as saver:
                await _set_up(saver)
                yield saver
            return
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        async with AsyncSqliteSaver.from_conn_string(str(self.home / "checkpoints.db")) as lite:
            yield lite


async def _set_up(saver: "AsyncPostgresSaver") -> None:
    """Make or upgrade the checkpoints' tables; Apps that start at once take turns.

    The turn is polled for: its index is made CONCURRENTLY, which waits for every statement that waits.
    """
    from psycopg import AsyncConnection

    connection = saver.conn
    assert isinstance(connection, AsyncConnection)

    async def mine() -> bool:
        row = await (await connection.execute("SELECT pg_try_advisory_lock(%s) AS mine", (CHECKPOINTS_LOCK,))).fetchone()
        return bool(row and row["mine"])

    while not await mine():
        await asyncio.sleep(0.05)
    try:
        await saver.setup()
    finally:
        await connection.execute("SELECT pg_advisory_unlock(%s)", (CHECKPOINTS_LOCK,))


def open_app(home: Path | None = None) -> App:
    """The App of the environment's settings. Raises InputError on settings that make no sense."""
    return App(load(home))


def why(problem: OSError) -> str:
    """What the system said, in words: "no space left on device"."""
    known = {errno.ENOSPC: "no space left on the disk", errno.EROFS: "the file system is read-only", errno.EACCES: "no permission"}
    return known.get(problem.errno or 0, os.strerror(problem.errno).lower() if problem.errno else str(problem))
