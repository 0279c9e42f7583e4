"""Modules read as they are told, and what is no module made into one."""

from __future__ import annotations

import copy
import pickle
from typing import NamedTuple

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

import kdviz as kd
from kdviz.models.inference import ask, bare, uncompiled
from kdviz.models.wrap import Wrapped, as_module, wrap

from .small_models import Net

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


class Pair(NamedTuple):
    features: torch.Tensor
    scores: torch.Tensor


def pair(h, z, training):
    return Pair(h, z)


def two_heads(h, z, training):
    return (z, 2 * z) if training else z


def sure(h, z, training):
    return z.softmax(1)


@pytest.mark.parametrize(("says", "output"), [
    (lambda h, z, t: (h, z), 1),
    (lambda h, z, t: [h, z], -1),
    (lambda h, z, t: {"hidden": h, "scores": z}, "scores"),
    (pair, "scores"),
    (pair, 1),
    (lambda h, z, t: {"hidden": [h, z]}, lambda answer: answer["hidden"][1]),
])  # fmt: skip
def test_the_part_that_holds_the_logits(says, output):
    net = Net(says).eval()
    assert torch.equal(wrap(net, output=output)(X), net.logits(X))


def test_weights_are_shared_under_their_own_names():
    net = Net().eval()
    model = wrap(net, output=0)
    assert list(model.state_dict()) == list(net.state_dict())
    assert dict(model.named_parameters()) == dict(net.named_parameters())
    assert dict(model.named_buffers()) == dict(net.named_buffers())
    assert bare(model) is net and model.head is net.head and not model.training
    other = wrap(Net().eval(), output=0)
    nn.init.zeros_(other.head.weight)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(X), model(X))
    with pytest.raises(RuntimeError, match=r"Missing key.*body"):
        other.load_state_dict({})


def test_inside_another_module_names_hold_too():
    both = nn.ModuleDict({"a": wrap(Net(), output=0), "b": nn.Linear(4, 2)})
    assert "a.body.0.weight" in both.state_dict()
    fresh = nn.ModuleDict({"a": wrap(Net(), output=0), "b": nn.Linear(4, 2)})
    fresh.load_state_dict(both.state_dict())
    assert torch.equal(fresh["b"].weight, both["b"].weight)
    twice = wrap(wrap(Net(pair), output="scores"), classes=[1, 0])
    assert list(twice.state_dict()) == list(Net().state_dict()) and bare(twice) is twice.module.module
    twice.load_state_dict(Net().state_dict())
    assert torch.equal(twice(X), Net().logits(X)[:, [1, 0]])


def test_copies_are_copies():
    model = wrap(Net(pair).eval(), output="scores", training="scores", classes=[2, 0])
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(again(X), model(X)) and not again.training
        assert again.head.weight.data_ptr() != model.head.weight.data_ptr()
        nn.init.zeros_(again.head.weight)
        assert list(again.state_dict()) == list(model.state_dict())
        assert not bool(again.state_dict()["head.weight"].any())
    assert bool(model.head.weight.any())


def test_a_head_that_answers_otherwise_in_training():
    net = Net(two_heads)
    z = net.logits(X)
    for training, wanted in ((0, z), (1, 2 * z), ("mean", 1.5 * z), (lambda a: a[1] - a[0], z)):
        model = wrap(net, training=training)
        assert torch.allclose(model.train()(X), wanted) and torch.equal(model.eval()(X), z)
    with pytest.raises(ValueError, match=r'expected one tensor .* got 2.*training=0.*"mean"'):
        ask(wrap(net).train(), X, who="student")
    assert torch.equal(wrap(net, output=1).train()(X), 2 * z) and torch.equal(wrap(net, output=1).eval()(X), z)


def test_such_a_student_learns():
    data = (torch.randn(120, 4), torch.arange(120) % 3)
    student = wrap(Net(two_heads), training="mean")
    teacher = kd.models.mlp((8,), inputs=4, classes=3).eval()
    run = kd.Distillation(teacher, student, data, epochs=2, allow_weaker_teacher=True).train(progress=False)
    before = Net(two_heads).state_dict()
    assert any(not torch.equal(v, before[k]) for k, v in run.student.state_dict().items())
    assert torch.equal(run.at(2).state_dict()["head.weight"], run.at(2).state_dict()["head.weight"])


def test_probabilities():
    net = Net(sure).eval()
    model = wrap(net, probabilities=True)
    assert torch.allclose(model(X).softmax(1), net(X)) and torch.allclose(model(X), net.logits(X).log_softmax(1))
    one = Net(lambda h, z, t: z.sigmoid(), classes=1).eval()
    assert torch.allclose(wrap(one, probabilities=True)(X).softmax(1)[:, 1:], one(X))
    flat = Net(lambda h, z, t: z[:, 0].sigmoid(), classes=1).eval()
    assert torch.allclose(wrap(flat, probabilities=True)(X).softmax(1)[:, 1], flat(X))
    tiny = Net(lambda h, z, t: torch.tensor([[1.0, 1e-30, 0.0]]).expand(len(z), 3)).eval()
    p = wrap(tiny, probabilities=True)(X)
    assert p[0].tolist() == pytest.approx([0.0, -69.0775527898, -87.3365447506])
    with pytest.raises(ValueError, match="process its input: probabilities must be numbers from 0 to 1"):
        ask(wrap(Net(lambda h, z, t: 9 * z).eval(), probabilities=True), X, who="teacher")


def test_one_logit_becomes_two_classes():
    one = Net(classes=1).eval()
    z = wrap(one)(X)
    assert z.shape == (6, 2) and torch.allclose(z.softmax(1)[:, 1:], one(X).sigmoid())
    assert torch.equal(wrap(one, classes=[1, 0])(X), z.flip(1))


def test_classes_in_another_order_and_fewer():
    net = Net(classes=5).eval()
    assert torch.equal(wrap(net, classes=[4, 0, 2])(X), net(X)[:, [4, 0, 2]])
    net.config = type("Config", (), {"id2label": {0: "cat", 1: "dog", 2: "cow", 3: "hen", 4: "pig"}})()
    assert torch.equal(wrap(net, classes=["pig", "cat"])(X), net(X)[:, [4, 0]])
    with pytest.raises(ValueError, match="has no class 'fox'; it has cat, dog"):
        wrap(net, classes=["fox", "cat"])
    with pytest.raises(ValueError, match="does not name its classes, so 'cat' cannot be found"):
        wrap(Net(), classes=["cat", "dog"])
    for wrong in ([1], [1, 1], [-1, 0]):
        with pytest.raises(ValueError, match="two or more different columns, counted from 0"):
            wrap(Net(), classes=wrong)
    with pytest.raises(ValueError, match="classes names column 7 and the model has 3"):
        ask(wrap(Net(), classes=[7, 0]), X, who="teacher")


def test_names_in_another_order_are_said_and_the_advice_works():
    net = Net().eval()
    net.config = type("Config", (), {"id2label": {0: "cat", 1: "dog", 2: "cow"}})()
    wrong = r"the teacher names its classes cat, dog, cow and the data's are cow, cat, dog, .* classes=\[2, 0, 1\]"
    with pytest.warns(UserWarning, match=wrong):
        as_module(net, "teacher", classes=("cow", "cat", "dog"))
    told = wrap(net, classes=[2, 0, 1])
    assert as_module(told, "teacher", classes=("cow", "cat", "dog")) is told
    assert as_module(net, "teacher", classes=("cat", "dog", "cow")) is net
    assert as_module(net, "teacher", classes=("0", "1", "2")) is net


def test_teacher_and_student_see_the_same_example_in_two_ways():
    class Fine(nn.Module):
        def __init__(self, side):
            super().__init__()
            self.side, self.head = side, nn.Linear(side * side, 3)

        def forward(self, pixels):
            assert pixels.shape[-1] == self.side
            return self.head(pixels.flatten(1))

    data = (torch.rand(90, 1, 4, 4), torch.arange(90) % 3)
    teacher = wrap(Fine(8).eval(), inputs=lambda x: nn.functional.interpolate(x, 8))
    run = kd.Distillation(teacher, Fine(4), data, epochs=1, allow_weaker_teacher=True).train(progress=False)
    report = kd.compare(run.teacher.module, run.student, data)
    assert report.sentences("fidelity")
    with pytest.raises(ValueError, match="the teacher cannot process float32 inputs of shape"):
        ask(Fine(8), data[0], who="teacher")


def test_named_inputs_are_renamed():
    class Named(Net):
        def forward(self, pixels, mask=None):
            return super().forward(pixels if mask is None else pixels * mask)

    net = Named().eval()
    mask = (X > 0).float()
    renamed = wrap(net, inputs=lambda b: {"pixels": b["x"], "mask": b["seen"]})
    assert torch.equal(ask(renamed, {"x": X, "seen": mask}, who="teacher"), net(X, mask))
    partly = wrap(net, inputs=lambda b: {"pixels": b["pixels"], "mask": b["seen"]})
    assert torch.equal(ask(partly, {"pixels": X, "seen": mask}, who="teacher"), net(X, mask))
    chosen = wrap(net, inputs=lambda b: b["small"])
    assert torch.equal(ask(chosen, {"small": X, "large": torch.zeros(6, 9)}, who="teacher"), net(X))
    assert torch.equal(ask(wrap(net), {"pixels": X, "mask": mask}, who="teacher"), net(X, mask))
    assert torch.equal(ask(wrap(net, inputs=lambda pair: pair), (X, mask), who="teacher"), net(X, mask))


def test_what_it_is_is_handed_on_but_not_how_to_build_it():
    net = kd.models.pretrained("mnist-mlp-1200")
    model = wrap(net, classes=list(range(9, -1, -1)))
    assert model.card is net.card
    assert not hasattr(model, "architecture"), "it would be built again without what is wrapped around it"
    run = kd.Distillation(
        model,
        kd.models.mlp((8,)),
        (torch.rand(40, 1, 28, 28), torch.arange(40) % 10),
        epochs=1,
        allow_weaker_teacher=True,
    )
    assert run.recipe.teacher is None


def test_other_columns_of_the_same_weights_are_another_teacher(tmp_path):
    net, data = Net().eval(), (torch.randn(90, 4), torch.arange(90) % 3)
    marks = {kd.distill.Teacher(m).fingerprint() for m in (net, wrap(net), wrap(net, classes=[2, 1, 0]))}
    assert len(marks) == 2
    student = kd.models.mlp((4,), inputs=4, classes=3)
    run = kd.Distillation(wrap(net, classes=[2, 1, 0]), student, data, epochs=1, allow_weaker_teacher=True)
    run.train(progress=False).save(tmp_path)
    with pytest.raises(ValueError, match="the teacher is not the run's teacher"):
        kd.Distillation.load(tmp_path, teacher=net, data=data)
    kd.Distillation.load(tmp_path, teacher=wrap(net, classes=[2, 1, 0]), data=data)


def test_a_compiled_model_runs_layer_by_layer_when_it_is_looked_at():
    net = Net().eval()
    model = wrap(torch.compile(net, backend="eager"), classes=[2, 1, 0])
    assert bare(model) is net and list(model.state_dict()) == ["_orig_mod." + name for name in net.state_dict()]
    plain = uncompiled(model)
    assert isinstance(plain, Wrapped) and plain.module is net and torch.equal(plain(X), net(X).flip(1))
    assert not hasattr(wrap(net), "_orig_mod")


@pytest.mark.parametrize(("settings", "match"), [
    ({"output": "depth"}, "the model's output has no part 'depth'; it is Pair"),
    ({"output": 5}, "no part 5"),
    ({"output": lambda a: "nothing"}, "the model returned a str, expected a tensor of logits"),
    ({"output": "mean"}, r"needs tensors of one shape, got \(6, 5\), \(6, 3\)"),
    ({"probabilities": True}, "expected a tensor of probabilities, got Pair; pass"),
])  # fmt: skip
def test_what_cannot_be_read_is_said(settings, match):
    with pytest.raises(ValueError, match=match):
        ask(wrap(Net(pair).eval(), **settings), X, who="teacher")


def test_modules_are_themselves():
    net = Net()
    assert as_module(net, "teacher") is net
    compiled = torch.compile(net, backend="eager")
    for module in (nn.DataParallel(net), compiled, wrap(net)):
        assert as_module(module, "teacher") is module


def exported(training: bool, **more):
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Dropout(), nn.Linear(5, 3)).train(training)
    return net, torch.export.export(net, (X,), dynamic_shapes=({0: torch.export.Dim("b")},))


def test_an_exported_program_only_answers():
    net, program = exported(False)
    for thing in (program, program.module()):
        module = as_module(thing, "teacher")
        assert torch.allclose(ask(module, X[:3], who="teacher"), net(X[:3]), atol=1e-6)
    assert torch.allclose(wrap(program, classes=[2, 1, 0])(X), net(X).flip(1), atol=1e-6)
    for thing in exported(True)[1], exported(True)[1].module():
        with pytest.raises(
            ValueError, match=r"the teacher cannot be used: .* exported in training mode.*model.eval\(\)"
        ):
            as_module(thing, "teacher")


@pytest.mark.parametrize(("thing", "match"), [
    (Net, r"expected a model, got the class Net; pass Net\(\.\.\.\)"),
    ("mnist-mlp-1200", r"expected a model, got the text 'mnist-mlp-1200'; load it first, for example by"),
    ("net.onnx", r"open it first: onnxruntime.InferenceSession\('net.onnx'\)"),
    (torch.zeros(3, 2), r"expected a model, got Tensor; for recorded logits pass kd.schemes.RecordedAnswers"),
    (np.zeros((3, 2)), "expected a model, got ndarray; for recorded logits"),
    (Net().state_dict(), "expected a model, got a dict of weights; build the model"),
    (None, "expected a model, got NoneType; pass a torch.nn.Module, an estimator"),
    (3, "expected a model, got int; pass a torch.nn.Module"),
    ([], "expected a model, got list"),
    (type("Trainer", (), {"model": Net()})(), "expected a model, got Trainer, which holds one; pass its .model"),
])  # fmt: skip
def test_what_is_no_model_is_told_what_to_pass(thing, match):
    with pytest.raises(TypeError, match="^the teacher cannot be used: .*" + match):
        as_module(thing, "teacher")


@pytest.mark.parametrize(("thing", "settings", "match"), [
    (lambda x: x, {"output": 1}, "output=1 does not apply to the function"),
    (lambda x: x, {"training": 0}, "training=0 does not apply to the function"),
    (LogisticRegression().fit([[0.0], [1.0]], [0, 1]), {"probabilities": True}, "does not apply to the LogisticReg"),
    (Net(), {"classes": 3}, "classes must be a sequence with the column of each class, got 3"),
])  # fmt: skip
def test_a_setting_without_a_meaning_is_refused(thing, settings, match):
    with pytest.raises(TypeError, match=match):
        wrap(thing, **settings)
