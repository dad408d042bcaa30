"""An OpenAI-compatible chat server on loopback that answers by script: what the model writer is tested against."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from pydantic import JsonValue

MODEL = "test/qwen-vl"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    headers: Mapping[str, str]
    body: dict[str, JsonValue]

    @property
    def messages(self) -> list[dict[str, JsonValue]]:
        messages = self.body["messages"]
        assert isinstance(messages, list)
        return [message for message in messages if isinstance(message, dict)]

    def text(self, at: int = -1) -> str:
        """The words of one message."""
        content = self.messages[at].get("content")
        if isinstance(content, list):
            return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        return str(content)


Step = Callable[[web.Request, Seen], Awaitable[web.StreamResponse]]


def completion(content: JsonValue, finish: str = "stop", usage: JsonValue = None, **message: JsonValue) -> dict[str, JsonValue]:
    """The body of a chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}],
        "usage": usage if usage is not None else {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


def says(content: JsonValue, finish: str = "stop", usage: JsonValue = None, **message: JsonValue) -> Step:
    """Answer with this content; a dict is written as JSON text."""
    text = json.dumps(content, ensure_ascii=False) if isinstance(content, dict) else content

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        return web.json_response(completion(text, finish, usage, **message))

    return step


def calls(*asked: tuple[str, JsonValue]) -> Step:
    """Ask for tool calls: (name, arguments); arguments that are no text are written as JSON."""
    rows: list[JsonValue] = [
        {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)}}
        for at, (name, args) in enumerate(asked)
    ]
    return says(None, "tool_calls", tool_calls=rows)


def status(code: int, said: str = "no", **headers: str) -> Step:
    """Fail as such servers do; header names with `_` for `-`."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        body = {"error": {"message": said, "type": "error", "code": code}}
        return web.json_response(body, status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return step


def raw(body: bytes, content_type: str = "application/json") -> Step:
    """A 200 with any bytes."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type)

    return step


def breaks() -> Step:
    """Promise a body, send half of it, hang up."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"choices": [{"mess')
        assert request.transport is not None
        request.transport.close()
        return response

    return step


def hangs_up() -> Step:
    """Close the connection without a word."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return step


def hangs(drip: bytes = b"") -> Step:
    """Never finish; with `drip`, send that first and then a byte every few milliseconds, so that no read times out."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        if not drip:
            await asyncio.Event().wait()
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(drip)
        while True:
            await asyncio.sleep(0.005)
            await response.write(b" ")

    return step


def floods(megabytes: int) -> Step:
    """A 200 that goes on and on."""

    async def step(request: web.Request, seen: Seen) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(megabytes):
            await response.write(b"x" * 1024 * 1024)
        return response

    return step


@dataclass
class ScriptedLLM:
    """Answers the n-th request with the n-th step; checks key and model name as real servers do."""

    steps: tuple[Step, ...] = ()
    again: Step | None = None
    """Answers every request after the last step; without it those get a 418, which no client retries."""
    key: str | None = None
    seen: list[Seen] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request arrives."""
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client leaves before its answer."""
    url: str = ""

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(dict(request.headers), await request.json())
        self.seen.append(seen)
        self.started.set()
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return await status(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")(request, seen)
        if seen.body["model"] != MODEL:
            return await status(404, f"The model `{seen.body['model']}` does not exist.")(request, seen)
        at = len(self.seen) - 1
        step = self.steps[at] if at < len(self.steps) else self.again or status(418, "the script is over")
        try:
            return await step(request, seen)
        except (asyncio.CancelledError, ConnectionError):
            self.abandoned.set()
            raise

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/v1"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()
