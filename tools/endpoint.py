"""One HTTP request to an OpenAI-compatible chat endpoint, and what its failures mean. No retries here."""

import asyncio
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from pydantic import JsonValue, SecretStr

from agent.errors import InputError, RateLimitError, SourceError
from tools.answers import Completion, read_completion

if TYPE_CHECKING:
    import ssl

    import httpx2  # the openai client's own HTTP library
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

BODY_LIMIT = 4 * 1024 * 1024
"""Bytes of an answer that are read."""
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_FORMAT_REFUSED = re.compile(r"response_format|json_schema|guided|grammar|structured", re.IGNORECASE)
_ADVICE = {
    401: "refused the key (401), check model_key",
    403: "refused the key (403), check what model_key may use",
    429: "asks us to slow down (429), try later or raise its limits",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request failed. `wait` is the pause the server asked for, in seconds."""

    outcome: str
    error: SourceError
    retry: bool = False
    wait: float | None = None
    format_refused: bool = False
    """The server knows no structured output: ask again without."""
    counts: bool = False
    """Whether the server may have worked on it."""


@cache
def _certificates() -> "ssl.SSLContext":
    """Loading the authorities takes 0.1 s: once is enough."""
    import httpx2

    return httpx2.create_ssl_context()


class Endpoint:
    """Sends one request at a time; the key appears in no message, log or repr."""

    def __init__(self, url: str, model: str, key: SecretStr | None, http_client: "httpx2.AsyncClient | None") -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InputError(f"model: '{url[:80]}' is no web address, set model_url to one like http://127.0.0.1:8000/v1")
        self.place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._key = key.get_secret_value().strip() if key else ""
        if self._key and not (self._key.isascii() and self._key.isprintable()):
            raise InputError("model: model_key holds characters that no HTTP header can carry, set it again")
        self._url, self._model, self._given = url, model, http_client
        self._client: AsyncOpenAI | None = None

    def _open(self) -> "AsyncOpenAI":
        if self._client is None:
            import httpx2
            from openai import AsyncOpenAI

            # Everything is given, so that no key or organisation meant for another service is taken from the environment.
            http = self._given or httpx2.AsyncClient(timeout=None, follow_redirects=False, verify=_certificates())
            self._client = AsyncOpenAI(base_url=self._url, api_key=self._key or "none", max_retries=0, timeout=None, http_client=http)
            self._client.organization = self._client.project = None
        return self._client

    async def aclose(self) -> None:
        """Close the connections; an injected client stays open."""
        client, self._client = self._client, None
        if client is not None and self._given is None:
            await client.close()

    async def send(
        self,
        messages: Sequence[Mapping[str, JsonValue]],
        extra: Mapping[str, JsonValue],
        answer_tokens: int,
        temperature: float,
        seconds: float,
    ) -> Completion | Failure:
        """Ask once, for at most `seconds` from the first byte sent to the last one read."""
        import httpx2
        import openai

        try:
            async with asyncio.timeout(seconds):
                async with self._open().chat.completions.with_streaming_response.create(
                    model=self._model,
                    messages=cast("list[ChatCompletionMessageParam]", list(messages)),
                    max_tokens=answer_tokens,
                    temperature=temperature,
                    extra_body=dict(extra),
                ) as response:
                    raw = bytearray()
                    async for chunk in response.iter_bytes():
                        raw += chunk
                        if len(raw) > BODY_LIMIT:
                            return self._failed("huge", f"sent more than {BODY_LIMIT >> 20} MB as one answer, check what runs at model_url")
            return read_completion(bytes(raw))
        except openai.APIStatusError as error:
            return self._refused(error.status_code, str(error.message), error.response.headers)
        except (TimeoutError, openai.APITimeoutError, httpx2.TimeoutException):
            advice = "check that the server is not overloaded, or raise model_timeout"
            return self._failed("timeout", f"gave no answer within {seconds:g} s, {advice}", retry=True, counts=True)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            if isinstance(error.__cause__, httpx2.ConnectError):
                return self._failed("unreachable", "cannot be reached, check that the server runs and that model_url is right", retry=True)
            return self._failed("broken", "broke off in the middle of its answer, check the server's log", retry=True, counts=True)
        except SourceError as error:
            return Failure("no completion", error, counts=True)

    def _failed(self, outcome: str, what: str, *, retry: bool = False, counts: bool = False) -> Failure:
        return Failure(outcome, SourceError("model", f"{self.place} {what}"), retry=retry, counts=counts)

    def _refused(self, status: int, said: str, headers: Mapping[str, str]) -> Failure:
        said = " ".join((said.replace(self._key, "***") if self._key else said).split())[:200]
        wait = retry_after(headers, time.time())
        if status in _ADVICE:
            what = _ADVICE[status]
        elif status == 404:
            what = f"knows no model '{self._model}' (404), check model_name and that model_url ends in /v1"
        elif status >= 500 or status in RETRIED:
            what = f"failed ({status}), check the server's log"
        else:
            what = f"refused the request ({status}: {said}), check that it is OpenAI-compatible and that the prompt fits its context"
        problem = f"{self.place} {what}"
        error = RateLimitError("model", problem, wait or 0.0) if status == 429 else SourceError("model", problem)
        unknown_format = status in {400, 422} and _FORMAT_REFUSED.search(said) is not None
        return Failure(str(status), error, retry=status in RETRIED, wait=wait, format_refused=unknown_format)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds a server asks us to wait (RFC 9110, 10.2.3: a number or an HTTP date), never negative; None if it says nothing readable."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - now
            except (ValueError, OverflowError):
                continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    return None
