"""ONNX files against torch's counts of the same model, and against counts by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from kdviz.measure.cost import costs, file_of, graph, parameters, peak_bytes
from kdviz.models import mac_count, mlp

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")


def session(nodes: list[Any], weights: dict[str, np.ndarray], x: tuple[Any, ...], **given: Any) -> Any:
    h, floats = onnx.helper, onnx.TensorProto.FLOAT
    last = nodes[-1].output[0]
    made = h.make_graph(
        nodes,
        "net",
        [h.make_tensor_value_info("x", floats, x)],
        [h.make_tensor_value_info(last, floats, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = h.make_model(made, opset_imports=[h.make_opsetid("", 18)], ir_version=9)
    if "path" in given:
        onnx.save(model, given["path"], save_as_external_data=True, size_threshold=0, location="weights")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(given.get("path") or model.SerializeToString(), options)


def perceptron(**given: Any) -> tuple[Any, torch.nn.Module]:
    """The same network twice."""
    model = mlp((30,))
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    (w1, b1, w2, b2), node = weights, onnx.helper.make_node
    nodes = [
        node("Flatten", ["x"], ["flat"]),
        node("Gemm", ["flat", w1, b1], ["h"], transB=1),
        node("Relu", ["h"], ["r"]),
        node("Gemm", ["r", w2, b2], ["logits"], transB=1),
    ]
    return session(nodes, weights, ("N", 1, 28, 28), **given), model


def test_a_session_costs_what_the_same_network_costs_in_torch(tmp_path):
    both = perceptron()
    x = torch.rand(8, 1, 28, 28)
    found = costs(dict(zip(("onnx", "torch"), both, strict=True)), x, batches=(1, 8), seconds=0)
    session_, model = found["onnx"], found["torch"]
    assert session_.parameters == model.parameters == parameters(both[1])
    assert session_.macs == model.macs == mac_count(both[1], (1, 28, 28)) == 784 * 30 + 300
    assert session_.memory == model.memory == {n: peak_bytes(both[1], x[:n]) for n in (1, 8)}
    assert session_.notes == model.notes == ()
    weights = sum(value.nbytes for value in both[1].state_dict().values())
    assert weights < session_.bytes < weights + 1000


def test_weights_beside_the_file_belong_to_it(tmp_path):
    path = str(tmp_path / "net.onnx")
    found, model = perceptron(path=path)
    content = graph.file_of(found)
    assert content is not None
    assert len(content) == sum(file.stat().st_size for file in tmp_path.iterdir()) > len(file_of(model)) - 1000
    assert graph.read(found, {"x": np.zeros((1, 1, 28, 28), np.float32)}).parameters == parameters(model)


def test_convolutions_and_products_are_those_by_hand():
    node = onnx.helper.make_node
    rng = np.random.default_rng(0)
    weights = {
        "f": rng.random((8, 2, 3, 3), np.float32),  # two groups
        "up": rng.random((8, 3, 2, 2), np.float32),
        "m": rng.random((20, 5), np.float32),
    }
    nodes = [
        node("Conv", ["x", "f"], ["c"], group=2, strides=[2, 2], pads=[1, 1, 1, 1]),  # 5 × 5
        node("ConvTranspose", ["c", "up"], ["u"], strides=[2, 2]),  # 10 × 10
        node("Constant", [], ["shape"], value=onnx.numpy_helper.from_array(np.array([15, 20]))),
        node("Reshape", ["u", "shape"], ["flat"]),
        node("MatMul", ["flat", "m"], ["y"]),
    ]
    found = graph.read(session(nodes, weights, (1, 4, 10, 10)), {"x": np.zeros((1, 4, 10, 10), np.float32)})
    assert found.macs == 8 * 25 * 9 * 2 + 8 * 25 * 3 * 4 + 15 * 20 * 5
    assert found.parameters == 8 * 2 * 9 + 8 * 3 * 4 + 100


def test_integers_of_onnxruntimes_own_quantization_count_as_the_weights_they_stand_for(tmp_path):
    from onnxruntime.quantization import quantize_dynamic

    whole, model = perceptron(path=str(tmp_path / "net.onnx"))
    quantize_dynamic(tmp_path / "net.onnx", tmp_path / "small.onnx")
    small = ort.InferenceSession(str(tmp_path / "small.onnx"))
    found = costs({"teacher": whole, "student": small}, torch.rand(1, 1, 28, 28), batches=(1,), seconds=0.05)
    assert found["student"].parameters == found["teacher"].parameters == parameters(model)
    assert found["student"].macs == found["teacher"].macs
    assert found["student"].bytes < 0.3 * found["teacher"].bytes
    assert found.ratio().value > 0
    assert found.notes() == ["Threads differ: Teacher 1, Student as onnxruntime chooses."]


def test_what_is_not_counted_is_named():
    nodes = [onnx.helper.make_node("Einsum", ["x", "w"], ["y"], equation="ij,jk->ik")]
    found = session(nodes, {"w": np.ones((3, 2), np.float32)}, ("N", 3))
    cost = costs({"student": found}, torch.rand(1, 3), batches=(1,), seconds=0)["student"]
    assert cost.macs is None and cost.parameters == 6
    assert cost.notes == ("Student: its graph has Einsum, whose multiply-adds are not counted.",)
