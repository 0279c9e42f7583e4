"""ONNX sessions as teachers."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.models.inference import ask
from kdviz.models.wrap import as_module

onnxruntime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")

X = torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
W = np.arange(12, dtype=np.float32).reshape(4, 3) / 10


def graph(nodes, inputs, outputs, weights):
    """Return a session of a small graph; names, types and shapes as given."""
    from onnx import TensorProto, helper, numpy_helper

    kinds = {"f": TensorProto.FLOAT, "d": TensorProto.DOUBLE, "i": TensorProto.INT64}
    values = [[helper.make_tensor_value_info(n, kinds[k], s) for n, k, s in side] for side in (inputs, outputs)]
    made = helper.make_graph(nodes, "small", *values, [numpy_helper.from_array(w, n) for n, w in weights.items()])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def linear(batch="N", output="logits", dtype="f"):
    from onnx import helper

    weights = {"W": W.astype(np.float64 if dtype == "d" else np.float32)}
    node = helper.make_node("MatMul", ["x", "W"], [output])
    return graph([node], [("x", dtype, [batch, 4])], [(output, dtype, [batch, 3])], weights)


WANTED = X @ torch.from_numpy(W)


@pytest.mark.parametrize("dtype", ["f", "d"])
@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_a_session_is_asked_in_its_own_dtype_and_batches(dtype, batch):
    module = as_module(linear(batch, dtype=dtype), "teacher")
    assert torch.allclose(module(X), WANTED, atol=1e-6)
    assert torch.allclose(module(X.view(10, 1, 2, 2).double()).float(), WANTED, atol=1e-6), (
        "flattened where it has to be"
    )


def test_it_teaches(journey, tmp_path):
    data = (torch.randn(90, 4), torch.arange(90) % 3)
    small = lambda seed=0: kd.models.mlp((4,), inputs=4, classes=3, seed=seed)  # noqa: E731
    way = journey(linear(), small(), data)
    report = way.everywhere(tmp_path, small)
    assert report.saliency("occlusion", count=3).sentence()


def test_copies_and_marks():
    module = as_module(linear(), "teacher")
    again = pickle.loads(pickle.dumps(module))
    assert torch.equal(again(X), module(X)) and torch.equal(again.mark, module.mark)
    assert torch.equal(copy.deepcopy(module)(X), module(X))
    assert not torch.equal(as_module(linear(dtype="d"), "teacher").mark, module.mark)


def two_outputs(names):
    from onnx import helper

    nodes = [helper.make_node("MatMul", ["x", "W"], [names[0]]), helper.make_node("Softmax", [names[0]], [names[1]])]
    outputs = [(name, "f", ["N", 3]) for name in names]
    return graph(nodes, [("x", "f", ["N", 4])], outputs, {"W": W})


def test_the_output_that_is_read():
    assert torch.allclose(as_module(two_outputs(("logits", "probs")), "teacher")(X), WANTED, atol=1e-6)
    session = two_outputs(("a", "b"))
    with pytest.raises(
        ValueError, match=r"cannot be used: it is not clear which output .*a tensor\(float\) .*output=NAME"
    ):
        as_module(session, "teacher")
    assert torch.allclose(kd.wrap(session, output="a")(X), WANTED, atol=1e-6)
    assert torch.allclose(kd.wrap(session, output=0)(X), WANTED, atol=1e-6)
    told = kd.wrap(session, output=1, probabilities=True)
    assert torch.allclose(told(X).softmax(1), WANTED.softmax(1), atol=1e-6)
    assert torch.allclose(
        kd.wrap(two_outputs(("a", "prob")), output="prob")(X).softmax(1), WANTED.softmax(1), atol=1e-6
    )
    with pytest.warns(UserWarning, match="are read as probabilities, since each row sums to 1; to choose"):
        noticed = kd.wrap(session, output="b")(X)
    assert torch.allclose(noticed.softmax(1), WANTED.softmax(1), atol=1e-6)
    with pytest.raises(ValueError, match="has no output 'c'; it has a"):
        kd.wrap(session, output="c")


def test_several_inputs_go_by_name():
    from onnx import helper

    nodes = [
        helper.make_node("Gather", ["E", "input_ids"], ["rows"], axis=0),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["mask"]),
        helper.make_node("Cast", ["mask"], ["weights"], to=1),
        helper.make_node("Mul", ["rows", "weights"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis"], ["logits"], keepdims=0),
    ]
    table = np.random.RandomState(0).randn(9, 3).astype(np.float32)
    inputs = [("input_ids", "i", ["N", "L"]), ("attention_mask", "i", ["N", "L"])]
    constants = {"E": table, "last": np.array([2]), "axis": np.array([1])}
    session = graph(nodes, inputs, [("logits", "f", ["N", 3])], constants)
    ids, mask = torch.randint(0, 9, (5, 6)), torch.randint(0, 2, (5, 6))
    wanted = (torch.from_numpy(table)[ids] * mask[..., None]).sum(1)
    module = as_module(session, "teacher")
    assert torch.allclose(ask(module, {"attention_mask": mask, "input_ids": ids}, who="teacher"), wanted, atol=1e-6)
    assert torch.allclose(module(ids, mask), wanted, atol=1e-6)
    with pytest.raises(ValueError, match="takes input_ids, attention_mask and the examples have input_ids, mask; pass"):
        ask(module, {"input_ids": ids, "mask": mask}, who="teacher")
    told = kd.wrap(session, inputs=lambda b: {"input_ids": b["input_ids"], "attention_mask": b["mask"]})
    assert torch.allclose(ask(told, {"input_ids": ids, "mask": mask}, who="teacher"), wanted, atol=1e-6)


def test_a_map_of_classes_as_converters_give_it():
    from onnx import TensorProto, helper, numpy_helper

    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["z"]),
        helper.make_node("Softmax", ["z"], ["p"]),
        helper.make_node("ArgMax", ["z"], ["label"], axis=1, keepdims=0),
        helper.make_node("ZipMap", ["p"], ["scores"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2]),
    ]
    key = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
        helper.make_value_info("scores", helper.make_sequence_type_proto(key)),
    ]
    takes = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])]
    made = helper.make_graph(nodes, "small", takes, outputs, [numpy_helper.from_array(W, "W")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert torch.allclose(as_module(session, "teacher")(X).softmax(1), WANTED.softmax(1), atol=1e-6)


def test_other_shapes_are_refused_and_the_advice_works():
    module = as_module(linear(), "teacher")
    with pytest.raises(
        ValueError, match=r"the teacher cannot process its input: .* takes x of shape \(4,\) .* have \(6,\); pass"
    ):
        ask(module, torch.zeros(2, 6), who="teacher")
    told = kd.wrap(linear(), inputs=lambda x: x[:, :4])
    assert torch.allclose(ask(told, torch.cat((X, X), 1), who="teacher"), WANTED, atol=1e-6)


def test_a_file_or_a_model_is_to_be_opened_first(tmp_path):
    with pytest.raises(TypeError, match=r"open it first: onnxruntime.InferenceSession\('net.onnx'\)"):
        as_module("net.onnx", "teacher")
    with pytest.raises(TypeError, match=r"pass onnxruntime.InferenceSession\(model.SerializeToString\(\)\)"):
        as_module(onnx.ModelProto(), "teacher")
