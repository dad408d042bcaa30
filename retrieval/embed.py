"""Texts to vectors: MiniLM on this machine, or any OpenAI-compatible embeddings endpoint."""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import InputError, RateLimitError, SourceError, StoreError
from retrieval import minilm

if TYPE_CHECKING:
    import httpx

Floats = NDArray[np.float32]

SOURCE = "embeddings"


class Embedder(Protocol):
    """Makes unit vectors of texts. Raises InputError, StoreError or SourceError."""

    @property
    def name(self) -> str:
        """Names the vector space: vectors of one name may be compared, and are stored under it."""
        ...

    @property
    def dim(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dim), each row of length one, in the order given."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 through ONNX Runtime, loaded at the first text. English; 384 wide; safe for threads."""

    dim = minilm.DIM

    def __init__(
        self, cache_dir: Path, max_tokens: int = 128, *, threads: int | None = None, batch: int = 16, precision: minilm.Precision = "int8"
    ) -> None:
        """`cache_dir` keeps the graph. `max_tokens` (2 to 512): a longer text is cut. Raises InputError if the package is missing."""
        if not 2 <= max_tokens <= 512:
            raise InputError(f"minilm: max_tokens must lie between 2 and 512, not '{max_tokens}'")
        self.name = f"all-MiniLM-L6-v2-{precision}-{max_tokens}"
        self._folder = minilm.model_folder()
        self._cache_dir = cache_dir
        self._max_tokens = max_tokens
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._batch = batch
        self._precision = precision
        self._loaded: tuple[Callable[[list[str]], list[list[int]]], Callable[[NDArray[np.int32], NDArray[np.int32]], Floats]] | None = None

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, 384), unit rows. Batches hold texts of like length; each runs on one thread, some at a time."""
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        encode, run = self._loaded = self._loaded or (self._tokenizer(), self._session())
        ids = encode([text[: 40 * self._max_tokens] for text in texts])
        order = sorted(range(len(ids)), key=lambda i: -len(ids[i]))
        batches = [order[start : start + self._batch] for start in range(0, len(order), self._batch)]
        vectors = np.zeros((len(ids), self.dim), np.float32)

        def one(batch: list[int]) -> None:
            width = len(ids[batch[0]])
            padded, mask = np.zeros((2, len(batch), width), np.int32)
            for at, i in enumerate(batch):
                padded[at, : len(ids[i])] = ids[i]
                mask[at, : len(ids[i])] = 1
            vectors[batch] = run(padded, mask)

        if len(batches) == 1 or self._threads == 1:
            for batch in batches:
                one(batch)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(one, batches))
        return vectors

    def _tokenizer(self) -> Callable[[list[str]], list[list[int]]]:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self._max_tokens)
        return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]

    def _session(self) -> Callable[[NDArray[np.int32], NDArray[np.int32]], Floats]:
        import onnxruntime

        file = minilm.graph_file(self._cache_dir, self._precision)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # batches run side by side instead: no barrier within a layer
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises a dozen kinds of its own
            raise StoreError(f"minilm: ONNX Runtime {onnxruntime.__version__} cannot load '{file}': {_brief(str(error))}") from error
        return lambda ids, mask: np.asarray(session.run(["vectors"], {"ids": ids, "mask": mask})[0], np.float32)


class OpenAICompatible:
    """POST {url}/embeddings, as OpenAI, vLLM and many others serve it. Vectors come back of length one."""

    def __init__(
        self,
        url: str,
        model: str,
        key: str | None = None,
        dim: int | None = None,
        http: "httpx.Client | None" = None,
        *,
        batch: int = 64,
        tries: int = 4,
        pause: Callable[[float], None] = time.sleep,
        max_chars: int = 8000,
    ) -> None:
        """`url` ends in "/v1". `dim` None: asked of the endpoint once. `tries`: requests made for one batch at most.

        A text is cut at `max_chars`. `pause` waits so many seconds between tries.
        """
        if not url.startswith(("http://", "https://")):
            raise InputError(f"{SOURCE}: '{url}' is no http address, give the endpoint's base URL, e.g. http://127.0.0.1:8000/v1")
        import httpx

        self.name = f"{model}@{dim or 'auto'}"
        self._url = f"{url.rstrip('/')}/embeddings"
        self._model = model
        self._dim = dim
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = http or httpx.Client(timeout=60)
        self._batch = batch
        self._tries = tries
        self._pause = pause
        self._max_chars = max_chars

    @property
    def dim(self) -> int:
        if self._dim is None:
            self._dim = len(self._ask(["dimension"])[0])
        return self._dim

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dim), unit rows. Raises SourceError (what the endpoint did wrong), RateLimitError (it said when to come back)."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), self._batch):
            part = [text[: self._max_chars] or " " for text in texts[start : start + self._batch]]
            vectors[start : start + len(part)] = self._ask(part)
        return vectors

    def _ask(self, texts: list[str]) -> Floats:
        """One batch, tried again after a time-out, a 429 or a 5xx."""
        for attempt in range(1, self._tries + 1):
            try:
                return self._vectors(self._post(texts), len(texts))
            except _Passing as problem:
                if attempt == self._tries or (problem.wait or 0) > 60:
                    raise problem.final() from problem
                self._pause(problem.wait if problem.wait is not None else 0.5 * 2**attempt * (0.5 + random.random() / 2))
        raise AssertionError("unreachable: the last try returns or raises")

    def _post(self, texts: list[str]) -> object:
        import httpx

        try:
            answer = self._http.post(
                self._url, json={"model": self._model, "input": texts, "encoding_format": "float"}, headers=self._headers
            )
        except httpx.TimeoutException as error:
            raise _Passing(f"'{self._url}' did not answer in time") from error
        except httpx.HTTPError as error:
            raise _Passing(f"cannot reach '{self._url}': {_brief(str(error))}") from error
        if answer.status_code == 429 or answer.status_code >= 500:
            raise _Passing(
                f"'{self._url}' answered {answer.status_code}", _retry_after(answer.headers.get("Retry-After")), answer.status_code == 429
            )
        if answer.status_code in (401, 403):
            raise SourceError(SOURCE, f"'{self._url}' refused the key ({answer.status_code}), set embed_key")
        if answer.status_code != 200:
            raise SourceError(SOURCE, f"'{self._url}' answered {answer.status_code}: {_brief(answer.text)}")
        try:
            return answer.json()
        except ValueError as error:
            raise SourceError(SOURCE, f"'{self._url}' answered something that is not JSON: {_brief(answer.text)}") from error

    def _vectors(self, answer: object, count: int) -> Floats:
        """Read and check one answer; rows are put in the order of their `index`."""
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, list):
            raise SourceError(SOURCE, f"'{self._url}' answered JSON without a 'data' list")
        if len(data) != count:
            raise SourceError(SOURCE, f"'{self._url}' answered {len(data)} vectors for {count} texts")
        rows: dict[int, list[float]] = {}
        for at, row in enumerate(data):
            index, values = (row.get("index", at), row.get("embedding")) if isinstance(row, dict) else (at, None)
            if not isinstance(values, list) or not all(isinstance(x, int | float) for x in values) or not isinstance(index, int):
                raise SourceError(SOURCE, f"'{self._url}' answered a row {at} that is no list of numbers")
            if self._dim is not None and len(values) != self._dim:
                raise SourceError(SOURCE, f"'{self._url}' answered vectors of {len(values)} numbers, expected {self._dim}, set embed_dim")
            rows[index] = values
        if set(rows) != set(range(count)) or len({len(values) for values in rows.values()}) > 1:
            raise SourceError(SOURCE, f"'{self._url}' answered rows whose 'index' or length do not match the request")
        return self._unit(np.array([rows[i] for i in range(count)], np.float32))

    def _unit(self, vectors: Floats) -> Floats:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or (lengths == 0).any():
            raise SourceError(SOURCE, f"'{self._url}' answered a vector that is zero or not finite")
        return np.asarray(vectors / lengths, np.float32)


class _Passing(Exception):
    """A failure that may pass. `wait`: seconds the endpoint asked for."""

    def __init__(self, problem: str, wait: float | None = None, limited: bool = False) -> None:
        super().__init__(problem)
        self.wait = wait
        self.limited = limited

    def final(self) -> SourceError:
        """What to raise when it did not pass."""
        if self.limited:
            return RateLimitError(SOURCE, str(self), self.wait or 60.0)
        return SourceError(SOURCE, str(self))


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, of a Retry-After header (seconds or an HTTP date, RFC 9110 10.2.3); None if there is none to read."""
    if value is None:
        return None
    try:
        if value.strip().isdigit():
            return float(value)
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _brief(text: str, limit: int = 200) -> str:
    return " ".join(text.split())[:limit]
