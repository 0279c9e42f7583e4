"""What an ONNX file holds and computes: numbers, multiply-accumulates and memory, from one pass with every result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# Which inputs of an operator are a matrix with the summed axis last, and which a filter (out, ...).
MATRIX = {"MatMul", "MatMulInteger", "QLinearMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"}
GEMM = {"Gemm", "QGemm"}
FILTER = {"Conv": 1, "ConvInteger": 1, "FusedConv": 1, "QLinearConv": 3}
# Operators with products inside that are not counted here: better no number than a wrong one.
NOT_COUNTED = {"Attention", "DeformConv", "Einsum", "FusedMatMul", "GRU", "If", "LSTM", "Loop", "RNN", "Scan"}
# Inputs that describe others: scales and zero points of integers, running means, shapes.
ABOUT = {
    "BatchNormalization": (3, 4),
    "ConvInteger": (2, 3),
    "DequantizeLinear": (1, 2),
    "DynamicQuantizeMatMul": (2, 3),
    "MatMulInteger": (2, 3),
    "MatMulIntegerToFloat": (2, 3, 4, 5),
    "QGemm": (1, 2, 4, 5, 7, 8),
    "QLinearConv": (1, 2, 4, 5, 6, 7),
    "QLinearMatMul": (1, 2, 4, 5, 6, 7),
    "QuantizeLinear": (1, 2),
}
VIEWS = {"Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}  # the same bytes under another shape


@dataclass(frozen=True)
class Graph:
    """What one pass of an ONNX model needs.

    Attributes
    ----------
    parameters : int
        Numbers that were learned: floats and integers of weights and biases.
    macs : int or None
        Multiply-accumulates of the whole batch; None with an operator that is not counted.
    peak_bytes : int
        Weights, and the largest sum of results that are alive at once, as the graph is written. onnxruntime joins
        operators and reuses memory, and can need less.
    not_counted : tuple of str
        The operators that stand in the way of a count.
    """

    parameters: int
    macs: int | None
    peak_bytes: int
    not_counted: tuple[str, ...] = ()


def file_of(session: Any) -> bytes | None:
    """Return the bytes of a session's model, those of files that it refers to after them; None if it has no longer."""
    given, path = getattr(session, "_model_bytes", None), getattr(session, "_model_path", None)
    if given:
        return bytes(given)
    if not path or not Path(path).is_file():
        return None
    import onnx

    content = Path(path).read_bytes()
    model = onnx.load_model_from_string(content)
    entries = [entry for tensor in model.graph.initializer for entry in tensor.external_data]
    beside = sorted({entry.value for entry in entries if entry.key == "location"})
    return b"".join([content, *(Path(path).with_name(name).read_bytes() for name in beside)])


def read(session: Any, fed: Mapping[str, np.ndarray]) -> Graph:
    """Run a model once with all intermediate results as outputs, and count.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        Made from a file or from bytes.
    fed : dict of str to ndarray
        One batch, by the names of the session's inputs.

    Raises
    ------
    ModuleNotFoundError
        Without the package ``onnx``.
    ValueError
        If the session no longer has its file.
    """
    import onnx
    import onnxruntime

    model = _loaded(session)
    if model.functions:
        from onnx import inliner

        model = inliner.inline_local_functions(model)
    nodes = list(model.graph.node)
    names = [name for node in nodes for name in node.output if name]
    model.graph.ClearField("output")
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    whole = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = dict(zip(names, whole.run(names, dict(fed)), strict=True)) | dict(fed)
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    weights |= {
        node.output[0]: onnx.numpy_helper.to_array(node.attribute[0].t)
        for node in nodes
        if node.op_type == "Constant" and node.attribute[0].name == "value"
    }
    unknown = {node.op_type for node in nodes if node.op_type in NOT_COUNTED or node.domain == "ai.onnx.ml"}
    macs = None if unknown else sum(_macs(node, values | weights) for node in nodes)
    return Graph(_learned(nodes, weights), macs, _peak(nodes, values, weights, set(fed)), tuple(sorted(unknown)))


def _loaded(session: Any) -> Any:
    import onnx

    given, path = getattr(session, "_model_bytes", None), getattr(session, "_model_path", None)
    if given:
        return onnx.load_model_from_string(bytes(given))
    if not path or not Path(path).is_file():
        raise ValueError("the session no longer has its file; create it from a path or from bytes")
    return onnx.load(str(path))


def _learned(nodes: list[Any], weights: Mapping[str, np.ndarray]) -> int:
    about = {node.input[i] for node in nodes for i in ABOUT.get(node.op_type, ()) if i < len(node.input)}
    about |= {name for node in nodes if node.op_type in VIEWS for name in node.input[1:]}
    found = {name: w for name, w in weights.items() if name not in about and w.dtype != np.int64 and w.ndim}
    return sum(w.size for w in found.values())


def _macs(node: Any, values: Mapping[str, np.ndarray]) -> int:
    if node.op_type not in MATRIX | GEMM | set(FILTER) | {"ConvTranspose"}:
        return 0
    first, out = values[node.input[0]], values[node.output[0]]
    if node.op_type in MATRIX:
        return out.size * first.shape[-1]
    if node.op_type in GEMM:
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return out.size * first.shape[0 if transposed else 1]
    if node.op_type == "ConvTranspose":
        return first.size * math.prod(values[node.input[1]].shape[1:])
    return out.size * math.prod(values[node.input[FILTER[node.op_type]]].shape[1:])


def _peak(nodes: list[Any], values: Mapping[str, Any], weights: Mapping[str, np.ndarray], given: set[str]) -> int:
    """Return the bytes of weights, inputs and, at the busiest node, of its results and those that are read later."""
    source: dict[str, str] = {}  # of a view: what it is a view of
    last: dict[str, int] = {}
    for at, node in enumerate(nodes):
        if node.op_type in VIEWS and node.input[0] not in weights:
            source[node.output[0]] = source.get(node.input[0], node.input[0])
        for name in (*node.input, *node.output):
            last[source.get(name, name)] = at
    own = {name: value for name, value in values.items() if name not in source and name not in weights}
    sizes = {name: getattr(value, "nbytes", 0) for name, value in own.items()}
    made = {name: at for at, node in enumerate(nodes) for name in node.output}
    busiest = 0
    for at in range(len(nodes)):
        alive = (n for n in sizes if n in given or made[n] <= at <= last.get(n, at))
        busiest = max(busiest, sum(sizes[n] for n in alive))
    return busiest + sum(w.nbytes for w in weights.values())
