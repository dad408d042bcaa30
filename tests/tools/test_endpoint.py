"""Every way an endpoint can fail, over real HTTP, ends in a retry or in one clear sentence."""

import json
import logging
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from agent.errors import InputError, RateLimitError, SourceError
from tests.scripted_llm import MODEL, ScriptedLLM, Step, breaks, floods, hangs, hangs_up, raw, says, status
from tests.tools.chats import GOOD, KEY, Colour, Waits, ask, chat
from tools.budget import Budget
from tools.endpoint import retry_after
from tools.llm import ChatModel


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
async def test_a_passing_failure_is_retried(code: int) -> None:
    waits = Waits()
    colour, model, _ = await ask(status(code), status(code), says(GOOD), waits=waits)
    assert colour.name == "teal"
    assert waits.seconds == [0.25, 0.5]
    assert [call.outcome for call in model.calls] == [str(code), str(code), "ok"]


@pytest.mark.parametrize("step", [breaks(), hangs_up()])
async def test_a_broken_connection_is_retried(step: Step) -> None:
    colour, model, _ = await ask(step, says(GOOD))
    assert colour.name == "teal"
    assert [call.outcome for call in model.calls] == ["broken", "ok"]


@pytest.mark.parametrize("step", [hangs(), hangs(b'{"choices": ')])
async def test_a_slow_answer_is_given_up_and_retried_even_if_bytes_trickle_in(step: Step) -> None:
    async with ScriptedLLM((step,), again=says(GOOD)) as server, chat(server, timeout=0.4) as model:
        assert (await model.ask("Which colour?", Colour)).name == "teal"
    assert model.calls[0].outcome == "timeout"
    assert model.calls[0].seconds < 2
    assert model.calls[-1].outcome == "ok"


async def test_what_never_answers_ends_in_one_sentence() -> None:
    with pytest.raises(
        SourceError, match=r"^model: http://127\.0\.0\.1:\d+/v1 gave no answer within 0\.05 s, check .* raise model_timeout$"
    ):
        await ask(hangs(), hangs(), timeout=0.05, retries=1)


async def test_retry_after_is_honoured_in_seconds() -> None:
    waits = Waits()
    await ask(status(429, Retry_After="7"), says(GOOD), waits=waits)
    assert waits.seconds == [7]


async def test_retry_after_is_honoured_as_a_date() -> None:
    waits = Waits()
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    await ask(status(503, Retry_After=later), says(GOOD), waits=waits, longest_wait=700)
    assert [round(seconds, -1) for seconds in waits.seconds] == [600]


async def test_a_pause_beyond_our_patience_is_reported_not_slept() -> None:
    waits = Waits()
    with pytest.raises(RateLimitError, match=r"slow down \(429\)") as caught:
        await ask(status(429, Retry_After="3600"), says(GOOD), waits=waits)
    assert caught.value.retry_after == pytest.approx(3600)
    assert caught.value.source == "model"
    assert waits.seconds == []


@pytest.mark.parametrize(
    ("value", "seconds"), [("-5", 0.0), ("nan", None), ("inf", None), ("soon", None), ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0)]
)
def test_odd_retry_after_values_are_harmless(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, now=time.time()) == seconds


def test_milliseconds_are_read_where_a_server_sends_them() -> None:
    assert retry_after({"retry-after-ms": "1500", "retry-after": "9"}, now=0) == 1.5


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        (
            status(400, "maximum context length is 8192 tokens"),
            r"refused the request \(400: .*maximum context length is 8192 tokens.*context$",
        ),
        (status(403), r"refused the key \(403\), check what model_key may use$"),
        (raw(b"<!doctype html><title>Sign in</title>", "text/html"), "answered with a web page instead of JSON, check that model_url"),
        (raw(b'{"hello": "world"}'), "answered with something that is no chat completion, check"),
        (raw(b'{"choices": []}'), "answered without any choice"),
        (raw(b"\xff\xfe\x00"), "no chat completion"),
        (floods(6), "sent more than 4 MB as one answer"),
    ],
)
async def test_what_cannot_get_better_is_not_retried(step: Step, problem: str) -> None:
    waits = Waits()
    with pytest.raises(SourceError, match=problem) as caught:
        await ask(step, says(GOOD), waits=waits)
    assert caught.value.source == "model"
    assert waits.seconds == []


async def test_a_wrong_key_is_named_but_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with ScriptedLLM((says(GOOD),), key="the-right-one") as server, chat(server) as model:
        with pytest.raises(SourceError, match=r"refused the key \(401\), check model_key$") as caught:
            await model.ask("Which colour?", Colour)
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caplog.text} {model!r} {model.calls!r}"
    assert KEY not in shown
    assert caught.value.__cause__ is None


async def test_a_key_echoed_in_a_refusal_is_blotted_out() -> None:
    with pytest.raises(SourceError, match=r"\*\*\*") as caught:
        await ask(status(400, f"bad header: Bearer {KEY}"))
    assert KEY not in str(caught.value)


async def test_an_unknown_model_is_named() -> None:
    with pytest.raises(SourceError, match=r"knows no model 'nobody/nothing' \(404\), check model_name"):
        await ask(says(GOOD), model="nobody/nothing")


async def test_a_server_that_is_down_is_tried_a_few_times_then_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    waits = Waits()
    async with ChatModel(url=url, model=MODEL, budget=Budget(60, 10_000, 60), sleep=waits, jitter=lambda: 1.0) as model:
        with pytest.raises(SourceError, match=r"cannot be reached, check that the server runs and that model_url is right$"):
            await model.ask("Which colour?", Colour)
    assert waits.seconds == [0.5, 1, 2, 4]
    assert {call.outcome for call in model.calls} == {"unreachable"}


async def test_a_server_that_refuses_structured_output_is_asked_without() -> None:
    colour, _, server = await ask(status(400, "response_format json_schema is not supported"), says(f"It is {json.dumps(GOOD)}"))
    assert colour.name == "teal"
    assert "response_format" not in server.seen[1].body


async def test_a_redirect_is_not_followed() -> None:
    async with ScriptedLLM((says(GOOD),)) as other:
        with pytest.raises(SourceError, match="refused the request \\(307"):
            await ask(status(307, Location=f"{other.url}/chat/completions"))
        assert other.seen == []


@pytest.mark.parametrize("url", ["localhost:8000/v1", "", "ftp://x/v1", "http:///v1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(InputError, match="is no web address, set model_url"):
        ChatModel(url=url, model=MODEL, budget=Budget(1, 1, 1))


def test_a_key_no_header_can_carry_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError, match="model_key holds characters") as caught:
        ChatModel(url="http://h/v1", model=MODEL, budget=Budget(1, 1, 1), key=SecretStr("sk-\nsecret"))
    assert "secret" not in str(caught.value)


async def test_a_password_in_the_address_is_not_shown() -> None:
    with pytest.raises(SourceError) as caught:
        async with ChatModel(url="http://me:hunter2@127.0.0.1:9/v1", model=MODEL, budget=Budget(9, 10_000, 9), retries=0) as model:
            await model.ask("?", Colour)
    assert "hunter2" not in f"{caught.value} {model!r}"
