"""Files that others run: their answers are the model's, for any number of examples, and a layer in the way is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import kdviz as kd
from kdviz.export import onnx, program
from kdviz.export.traced import Written

onnxruntime = pytest.importorskip("onnxruntime")

Write = Callable[..., Written]


def ran(path: Path, x: Tensor) -> np.ndarray:
    """A file's logits, asked without kdviz."""
    if path.suffix == ".pt2":
        with torch.no_grad():
            return torch.export.load(path).module()(x).numpy()
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]


@pytest.mark.parametrize("kind", ["mlp", "vit"])
@pytest.mark.parametrize(("write", "suffix"), [(onnx, "onnx"), (program, "pt2")])
def test_a_file_answers_as_the_model_does_whatever_the_batch(
    kind: str, write: Write, suffix: str, tmp_path: Path
) -> None:
    model = kd.models.build({"name": kind}, seed=1).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    written = write(model, tmp_path / f"student.{suffix}", torch.rand(3, 1, 28, 28))
    assert written.examples == 3 and written.largest_difference < 1e-5 and written.bytes > 4 * 754
    assert str(written).startswith(str(tmp_path))
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model.eval()
    for examples in (1, 7):
        x = torch.rand(examples, 1, 28, 28)
        with torch.no_grad():
            np.testing.assert_allclose(ran(written.path, x), model(x).numpy(), atol=1e-5)


def test_a_run_gives_its_student_and_its_test_split(tmp_path: Path) -> None:
    X, y = torch.randn(90, 4), torch.arange(90) % 3
    run = kd.Distillation(None, kd.models.mlp((5,), inputs=4, classes=3), (X, y), kd.HardLabels(), epochs=1)
    written = program(run.train(progress=False), tmp_path / "s.pt2")
    few = run.data.test.inputs()
    assert written.examples == len(few)
    with torch.no_grad():
        assert np.array_equal(ran(written.path, few), run.at(run.steps_done)(few).numpy())


class OfWords(nn.Module):
    """Inputs by name, logits in a dict, a single number for two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(10, 8), nn.Linear(8, 1)

    def forward(self, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
        return {"logits": self.head((self.embed(ids) * mask[..., None]).sum(1))}


def test_named_inputs_keep_their_names_and_a_single_number_becomes_two_classes(tmp_path: Path) -> None:
    model, inputs = OfWords(), {"ids": torch.randint(0, 10, (4, 6)), "mask": torch.ones(4, 6)}
    written = onnx(model, tmp_path / "words.onnx", inputs)
    session = onnxruntime.InferenceSession(str(written.path), providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["ids", "mask"]
    logits = session.run(["logits"], {name: part.numpy() for name, part in inputs.items()})[0]
    assert logits.shape == (4, 2) and not logits[:, 0].any()


class DependsOnValues(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x if x.sum() > 0 else -x


class OneBatchOnly(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.zeros(len(x), 1)


class LeavesTorch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.from_numpy(x.numpy() * 2)


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (DependsOnValues(), r"layer 'body\.1' \(DependsOnValues\): what it does depends on values"),
        (OneBatchOnly(), r"layer 'body\.1' \(OneBatchOnly\): it works for one number of examples only.*x\.shape\[0\]"),
        (LeavesTorch(), r"layer 'body\.1' \(LeavesTorch\): .*numpy"),
    ],
    ids=["values", "one batch", "numpy"],
)
@pytest.mark.parametrize("write", [onnx, program])
def test_the_layer_that_stands_in_the_way_is_named(
    write: Write, layer: nn.Module, says: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Linear(4, 4), layer), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.body(x))

    with pytest.raises(ValueError, match=rf"^Model cannot be exported because of {says}") as caught:
        write(Model(), tmp_path / "s.pt2", torch.randn(4, 4))
    assert len(str(caught.value).splitlines()) == 1 and not list(tmp_path.iterdir())
    assert capfd.readouterr() == ("", ""), "PyTorch's own lines"


class Median(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x - x.median(1, keepdim=True)[0]


def test_an_operation_that_onnx_lacks_is_named_with_its_layer(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), Median()))
    says = r"layer '1\.1' \(Median\): ONNX has no form for aten\.median\.dim; .*kd\.export\.program\)$"
    with pytest.raises(ValueError, match=f"^Sequential cannot be exported because of {says}") as caught:
        onnx(model, tmp_path / "s.onnx", torch.randn(4, 4))
    assert len(str(caught.value).splitlines()) == 1 and not list(tmp_path.iterdir())
    assert program(model, tmp_path / "s.pt2", torch.randn(4, 4)).largest_difference == 0


@pytest.mark.parametrize(("write", "suffix"), [(onnx, "onnx"), (program, "pt2")])
def test_a_network_that_rounds_in_the_loop_is_exported_with_its_rounding(
    write: Write, suffix: str, tmp_path: Path
) -> None:
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    model = kd.compress.ranged(kd.schemes.fake_quantized(kd.models.mlp((16,), inputs=4, classes=3), 3), x)
    written = write(model, tmp_path / f"s.{suffix}", x)
    with torch.no_grad():
        expected, plain = model(x), kd.models.mlp((16,), inputs=4, classes=3).eval()(x)
    np.testing.assert_allclose(ran(written.path, x), expected.numpy(), atol=1e-5)
    assert (expected - plain).abs().max() > 0.01  # the rounding is in it
    assert kd.schemes.quantized_layers(model) == ("linear1", "logits")  # and the model as it was


def test_pytorchs_own_integers_are_said_to_stay_here(tmp_path: Path) -> None:
    model = kd.compress.int8(kd.models.mlp((8,), inputs=4, classes=3))
    with pytest.raises(ValueError, match=r"layer 'linear1' \(Linear\): PyTorch's own integers have no form in a file"):
        program(model, tmp_path / "s.pt2", torch.randn(4, 4))


class Draws(nn.Module):
    """Answers by chance: a file of it answers otherwise."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.rand_like(x)


def test_a_file_that_answers_otherwise_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.pt2"
    with pytest.raises(ValueError, match=r"was written, but does not answer as the model does.*do not ship it"):
        program(Draws(), path, torch.randn(4, 3))
    assert path.exists()


@pytest.mark.parametrize(
    ("model", "inputs", "says"),
    [
        ("a name", torch.zeros(1, 4), "expected a torch module, a run or a teacher to export, got str"),
        (nn.Linear(4, 2), None, "pass some as inputs=, such as data.test"),
        (nn.Linear(4, 2), torch.zeros(0, 4), "inputs must be examples: .*got Tensor"),
        (nn.Linear(4, 2), [1, 2], "inputs must be examples: .*got list"),
        (nn.Linear(4, 2), torch.zeros(2, 5), "the model cannot process float32 inputs of shape"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(model: Any, inputs: Any, says: str, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        program(model, tmp_path / "s.pt2", inputs)


def test_what_is_missing_is_told_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(ImportError, match=re.escape('pip install "kdviz[export]"')):
        onnx(nn.Linear(4, 2), tmp_path / "s.onnx", torch.zeros(2, 4))
