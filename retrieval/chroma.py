"""Chroma behind a small face: one collection of vectors, embedded in a folder or on a `chroma run` server."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from agent.errors import InputError, StoreError

if TYPE_CHECKING:
    import httpx
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.types import Where

Floats = NDArray[np.float32]
Meta = Mapping[str, str | int]

COLLECTION = "daoclerk-dense"
PAGE = 1000  # rows one call moves; Chroma refuses more than 5,461
SEAL = "seal.json"
SECONDS = 60.0  # a server may take for one answer


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour as Chroma found it. `score` is the cosine."""

    id: str
    row: int
    start: int
    end: int
    score: float


class Chroma:
    """One collection, made if it is missing. Every failure is a StoreError; vectors are always passed in."""

    def __init__(self, recipe: str, *, path: Path | None = None, url: str | None = None) -> None:
        """`recipe` names what the vectors are; a collection of another recipe is dropped. Give a folder or a server's URL.

        Raises StoreError: folder damaged or not closed in order, server not reached.
        """
        self.path = path
        self.where = str(path or url)
        self._recipe = recipe
        if path is not None:
            check_seal(path)
        self._client: ClientAPI | None = None
        try:
            with self._translated():
                self._client = _embedded(path) if path is not None else _server(url or "")
                self._collection = self._client.get_or_create_collection(
                    COLLECTION, embedding_function=None, metadata={"recipe": recipe}, configuration=_configuration()
                )
        except BaseException:
            self.close()
            raise
        if (self._collection.metadata or {}).get("recipe") != recipe:
            self.clear()

    def close(self) -> None:
        """Let go of the files. Closing twice does no harm."""
        client, self._client = self._client, None
        sessions = _sessions(client)
        if client is not None and hasattr(client, "close"):
            with suppress(Exception):
                client.close()
        for session in sessions:
            session.close()
        if self.path is not None:
            _forget(self.path)

    def clear(self) -> None:
        """Drop every vector."""
        if self._client is None:
            raise StoreError(f"chroma: '{self.where}' is closed")
        with self._translated():
            self._client.delete_collection(COLLECTION)
            self._collection = self._client.create_collection(
                COLLECTION, embedding_function=None, metadata={"recipe": self._recipe}, configuration=_configuration()
            )

    def ids(self) -> list[str]:
        with self._translated():
            return list(self._collection.get(include=[])["ids"])

    def put(self, ids: Sequence[str], vectors: Floats, metas: Sequence[Meta]) -> None:
        """Add rows, or write them anew."""
        with self._translated():
            for start in range(0, len(ids), PAGE):
                part = slice(start, start + PAGE)
                self._collection.upsert(ids=list(ids[part]), embeddings=vectors[part], metadatas=[dict(meta) for meta in metas[part]])

    def remove(self, ids: Sequence[str]) -> None:
        with self._translated():
            for start in range(0, len(ids), PAGE):
                self._collection.delete(ids=list(ids[start : start + PAGE]))

    def vectors(self, ids: Sequence[str]) -> dict[str, tuple[Floats, Meta]]:
        """What Chroma holds under these ids; unknown ones are left out."""
        found: dict[str, tuple[Floats, Meta]] = {}
        with self._translated():
            for start in range(0, len(ids), PAGE):
                page = self._collection.get(ids=list(ids[start : start + PAGE]), include=["embeddings", "metadatas"])
                vectors, metas = page["embeddings"], page["metadatas"]
                if vectors is None or metas is None:
                    raise StoreError(f"chroma: '{self.where}' holds ids without vectors")
                for name, vector, meta in zip(page["ids"], vectors, metas, strict=True):
                    found[name] = (np.asarray(vector, np.float32), _meta(meta))
        return found

    def near(self, vectors: Floats, n: int, where: Mapping[str, object] | None = None) -> list[list[Near]]:
        """The `n` nearest of each row of `vectors`, best first."""
        with self._translated():
            answer = self._collection.query(
                query_embeddings=vectors, n_results=n, where=cast("Where | None", where), include=["metadatas", "distances"]
            )
        metas, distances = answer["metadatas"] or [], answer["distances"] or []
        return [
            [
                Near(name, int(meta["row"]), int(meta["start"]), int(meta["end"]), 1.0 - float(distance))
                for name, meta, distance in zip(names, map(_meta, found), far, strict=True)
            ]
            for names, found, far in zip(answer["ids"], metas, distances, strict=True)
        ]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Chroma raises many kinds, and a panic of its Rust part is no Exception at all."""
        try:
            yield
        except (StoreError, InputError):
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise StoreError(f"chroma: cannot use '{self.where}': {' '.join(str(error).split())[:200] or type(error).__name__}") from error


def _configuration() -> "CreateCollectionConfiguration":
    """A thorough graph: the set is small, and a missed neighbour costs more than a millisecond."""
    from chromadb.api.collection_configuration import CreateCollectionConfiguration, CreateHNSWConfiguration

    graph = CreateHNSWConfiguration(space="cosine", ef_construction=200, ef_search=200, max_neighbors=32)
    return CreateCollectionConfiguration(hnsw=graph)


def _meta(meta: object) -> Meta:
    if not isinstance(meta, Mapping) or not {"row", "start", "end", "key"} <= set(meta):
        raise StoreError("chroma: a row without our metadata, rebuild the index")
    return meta


def _embedded(path: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(path), settings=Settings(anonymized_telemetry=False))


def _server(url: str) -> "ClientAPI":
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"chroma: '{url}' is no server address, give one like http://127.0.0.1:8000")
    import chromadb
    from chromadb.config import Settings

    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    client = chromadb.HttpClient(parts.hostname, port, ssl=secure, settings=Settings(anonymized_telemetry=False))
    for session in _sessions(client):
        session.timeout = SECONDS
    return client


def _sessions(client: "ClientAPI | None") -> "list[httpx.Client]":
    """The HTTP clients inside Chroma's, its own and its administrator's: made without a time limit, and never closed by it."""
    import httpx

    servers = (getattr(holder, "_server", None) for holder in (client, getattr(client, "_admin_client", None)))
    return [session for server in servers if isinstance(session := getattr(server, "_session", None), httpx.Client)]


def _forget(path: Path) -> None:
    """Chroma keeps one system for each path for the life of the process, also a broken one: drop ours."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient._identifier_to_refcount.pop(str(path), None)
    system = SharedSystemClient._identifier_to_system.pop(str(path), None)
    if system is not None:
        with suppress(BaseException):
            system.stop()


# --- the seal --------------------------------------------------------------------------------
# Chroma's native code maps its vector files without a check: garbage in them ends the process. So their hashes are
# written down after each change that went through, and a folder whose files differ is not opened but built anew.


def check_seal(path: Path) -> None:
    """Raise StoreError if the folder holds vector files other than those that were sealed. A missing folder is fine."""
    files = _vector_files(path)
    if not path.exists() or (not files and not (path / "chroma.sqlite3").exists()):
        return
    try:
        sealed = json.loads((path / SEAL).read_text())
    except (OSError, ValueError):
        sealed = None
    if sealed != files:
        raise StoreError(f"chroma: '{path}' was not closed in order or was changed from outside")


def seal(path: Path) -> None:
    """Write the seal. Call it when nothing more will be written."""
    temporary = path / f"{SEAL}.tmp"
    temporary.write_text(json.dumps(_vector_files(path)))
    temporary.replace(path / SEAL)


def unseal(path: Path) -> None:
    (path / SEAL).unlink(missing_ok=True)


def wipe(path: Path) -> None:
    """Delete the folder, whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _vector_files(path: Path) -> dict[str, str]:
    files = sorted(file for file in path.glob("*/*") if file.is_file())
    return {file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
