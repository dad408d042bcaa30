"""A chat model behind any OpenAI-compatible endpoint: structured answers, budgets, retries, one clear sentence on failure."""

import asyncio
import base64
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from pydantic import JsonValue, SecretStr

from agent.errors import RateLimitError, SourceError, WriterError
from tools.answers import Choice, Completion, Misfit, ModelT, content_text, find_object, strict_schema, without_thinking
from tools.budget import Budget, Call, estimate
from tools.endpoint import Endpoint, Failure

if TYPE_CHECKING:
    import httpx2  # the openai client's own HTTP library

IMAGE_TOKENS = 1500
"""What a picture is taken to cost until the server has counted."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to show, as checked and stored."""

    media_type: str
    data: bytes

    @property
    def url(self) -> str:
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode('ascii')}"


def user(text: str, images: Sequence[Image] = ()) -> dict[str, JsonValue]:
    """A message of ours, pictures first."""
    if not images:
        return {"role": "user", "content": text}
    shown: list[JsonValue] = [{"type": "image_url", "image_url": {"url": image.url}} for image in images]
    return {"role": "user", "content": [*shown, {"type": "text", "text": text}]}


@dataclass(eq=False, kw_only=True)
class ChatModel:
    """One per draft. Raises SourceError or RateLimitError (the endpoint failed), WriterError (no usable answer, or a budget is spent)."""

    url: str = field(repr=False)
    model: str
    budget: Budget = field(repr=False)
    key: SecretStr | None = field(default=None, repr=False)
    timeout: float = 120.0
    """Seconds one answer may take, from the first byte sent to the last one read."""
    retries: int = 4
    reasks: int = 2
    """How often a malformed answer is asked for again, with what was wrong."""
    answer_tokens: int = 2048
    longest_wait: float = 60.0
    """Seconds; a server that wants a longer pause ends the call instead."""
    temperature: float = 0.2
    http_client: "httpx2.AsyncClient | None" = field(default=None, repr=False)
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep, repr=False)
    jitter: Callable[[], float] = field(default=random.random, repr=False)
    calls: list[Call] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._endpoint = Endpoint(self.url, self.model, self.key, self.http_client)
        self._structured = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; an injected client stays open."""
        await self._endpoint.aclose()

    async def ask(self, prompt: str, schema: type[ModelT], images: Sequence[Image] = (), *, purpose: str = "ask") -> ModelT:
        """Ask for one object of the schema; an answer that does not fit is asked for again, at most `reasks` times."""
        shape = strict_schema(schema)
        shown = json.dumps(shape, ensure_ascii=False)
        text = f"{prompt}\n\nAnswer with one JSON object that fits this JSON schema, and nothing else:\n{shown}"
        wanted: JsonValue = {"type": "json_schema", "json_schema": {"name": schema.__name__, "strict": True, "schema": shape}}
        question = user(text, images)
        messages = [question]
        tokens, problem = self.answer_tokens, ""
        for _ in range(self.reasks + 1):
            choice, index = await self.turn(messages, {"response_format": wanted}, purpose=purpose, answer_tokens=tokens)
            if choice.message.refusal or choice.finish_reason == "content_filter":
                self._mark(index, "refused")
                raise WriterError(
                    f"model: {self.model} declined to answer ({purpose}), word the topic differently or use the grounded writer"
                )
            answer = without_thinking(content_text(choice.message))
            try:
                return find_object(answer, schema)
            except Misfit as misfit:
                cut = choice.finish_reason == "length"
                self._mark(index, "cut" if cut else "invalid" if answer else "empty")
                problem = f"it was cut off at {tokens} tokens, be shorter" if cut else str(misfit) if answer else "it was empty"
                tokens = tokens * 2 if cut else tokens
            messages = [question, {"role": "assistant", "content": answer[:2000] or "(nothing)"}]
            messages.append(user(f"That answer cannot be used: {problem}. Answer again with the JSON object only."))
        raise WriterError(
            f"model: {self.model} gave no usable answer in {self.reasks + 1} attempts ({purpose}: {problem}), "
            "check that the server supports JSON-schema output, or take a larger model"
        )

    async def turn(
        self, messages: Sequence[Mapping[str, JsonValue]], extra: Mapping[str, JsonValue], *, purpose: str, answer_tokens: int | None = None
    ) -> tuple[Choice, int]:
        """Send a conversation, with retries. Returns the model's move and the index of its Call in `calls`."""
        attempt = 0
        while True:
            wanted = {key: value for key, value in extra.items() if self._structured or key != "response_format"}
            result = await self._attempt(messages, wanted, purpose, answer_tokens or self.answer_tokens)
            if isinstance(result, Choice):
                return result, len(self.calls) - 1
            if result.format_refused and "response_format" in wanted:
                self._structured = False  # the schema is in the prompt too
                continue
            wait = self._pause(attempt, result.wait)
            too_long = wait > min(self.longest_wait, self.budget.seconds_left)
            if not result.retry or attempt >= self.retries or too_long:
                raise _final(result.error, wait)
            attempt += 1
            self.budget.waited(wait)
            await self.sleep(wait)

    async def _attempt(
        self, messages: Sequence[Mapping[str, JsonValue]], extra: Mapping[str, JsonValue], purpose: str, answer: int
    ) -> Choice | Failure:
        """One request, counted and recorded whatever becomes of it, cancellation included."""
        sent = json.dumps(list(messages), ensure_ascii=False, sort_keys=True)
        asked = _tokens(messages)
        room = self.budget.take(asked, answer)
        call = Call(purpose, 0.0, asked, 0, hashlib.sha256(sent.encode("utf-8", "replace")).hexdigest(), "cancelled")
        started = time.monotonic()
        try:
            result = await self._endpoint.send(messages, extra, room, self.temperature, min(self.timeout, self.budget.seconds_left))
            if isinstance(result, Failure):
                call = replace(call, tokens_in=asked if result.counts else 0, outcome=result.outcome)
                return result
            tokens_in, tokens_out = _usage(result, asked)
            call = replace(call, tokens_in=tokens_in, tokens_out=tokens_out, outcome="ok")
            return result.choices[0]
        finally:
            call = replace(call, seconds=time.monotonic() - started)
            self.budget.settle(asked + room, call.tokens_in + call.tokens_out, call.seconds)
            self.calls.append(call)

    def _pause(self, attempt: int, asked: float | None) -> float:
        """Seconds until the next attempt: what the server asked for, or 0.5, 1, 2, ... with jitter."""
        if asked is not None:
            return asked + 0.25 * self.jitter()
        return float(min(self.longest_wait, 0.5 * 2**attempt) * (0.5 + 0.5 * self.jitter()))

    def _mark(self, index: int, outcome: str) -> None:
        self.calls[index] = replace(self.calls[index], outcome=outcome)


def _final(error: SourceError, wait: float) -> SourceError:
    if isinstance(error, RateLimitError):
        return RateLimitError(error.source, str(error).removeprefix(f"{error.source}: "), wait)
    return error


def _tokens(messages: Sequence[Mapping[str, JsonValue]]) -> int:
    total = 0
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            text = part.get("text") if isinstance(part, dict) else part
            total += estimate(text) if isinstance(text, str) else IMAGE_TOKENS if isinstance(part, dict) else 0
    return total


def _usage(completion: Completion, asked: int) -> tuple[int, int]:
    """What the server counted, or our estimate where it did not."""
    usage = completion.usage
    tokens_in = usage.prompt_tokens if usage else None
    tokens_out = usage.completion_tokens if usage else None
    if tokens_out is None:
        tokens_out = estimate(content_text(completion.choices[0].message))
    return max(0, asked if tokens_in is None else tokens_in), max(0, tokens_out)
