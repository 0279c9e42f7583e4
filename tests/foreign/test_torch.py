"""What PyTorch itself makes of a module: compiled, scripted, exported, quantized, pruned, cast, in parallel."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from torch import nn
from torch.nn.utils import parametrizations, prune

import kdviz as kd
from kdviz.models.naming import name_of

X = torch.randn(120, 4, generator=torch.Generator().manual_seed(0))
Y = torch.arange(120) % 3
DATA = X, Y

old = pytest.mark.filterwarnings(
    "ignore:`torch.jit",  # deprecated, and still what people have
    "ignore:.*torch.ao.quantization",
    "ignore:torch.quantize_per_tensor",
    "ignore:Please use quant_min",
    "ignore:`torch.nn.utils.weight_norm",
    "ignore:.*LeafSpec",  # torch.export's own
)


def net(width: int = 8) -> nn.Sequential:
    torch.manual_seed(width)
    return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))


def compiled(width: int = 8) -> nn.Module:
    return torch.compile(net(width), backend="eager")


def pruned(width: int = 8) -> nn.Module:
    made = net(width)
    prune.l1_unstructured(made[0], "weight", 0.5)
    return made


def normed(width: int = 8) -> nn.Module:
    made = net(width)
    parametrizations.weight_norm(made[0])
    return made


def normed_the_old_way(width: int = 8) -> nn.Module:
    made = net(width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.utils.weight_norm(made[0])
    return made


class Autocast(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.inside = net(width)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.inside(x)


class Parts(nn.Module):
    """Answers a dict, layer by layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(4, width), nn.Linear(width, 3)

    def forward(self, x):
        h = self.body(x).relu()
        return {"hidden": h, "scores": self.head(h)}


MADE = {
    "compiled": (compiled, ["0", "1", "2"]),
    "DataParallel": (lambda w: nn.DataParallel(net(w)), ["0", "1", "2"]),
    "wrapped compiled": (lambda w: kd.wrap(compiled(w), classes=[2, 1, 0]), ["0", "1", "2"]),
    "wrapped": (lambda w: kd.wrap(Parts(w), output="scores"), ["body", "head"]),
    "autocast": (Autocast, ["inside.0", "inside.1", "inside.2", "inside"]),
    "pruned": (pruned, ["0", "1", "2"]),
    "weight_norm": (normed_the_old_way, ["0", "1", "2"]),
    "float64": (lambda w: net(w).double(), ["0", "1", "2"]),
}


@pytest.mark.parametrize("kind", MADE)
@old
def test_it_teaches_and_learns_and_its_layers_have_their_names(journey, tmp_path, kind):
    make, layers = MADE[kind]
    way = journey(make(8).eval(), make(4), DATA)
    dtype = next(way.run.student.parameters()).dtype
    assert [name for name in kd.distill.taps(way.run.student, X[:1].to(dtype)) if name] == layers
    report = way.everywhere(tmp_path)
    assert report.saliency("input_x_gradient", count=3, checks=2).sentence()
    assert report.attention(count=6).correspondence is not None
    assert way.teacher.training is False


def test_weights_with_a_norm_of_their_own(journey, tmp_path):
    way = journey(normed(8).eval(), normed(4), DATA)
    way.everywhere(tmp_path)
    assert {"0", "1", "2"} <= set(kd.distill.taps(way.run.student, X[:1]))


def quantized() -> nn.Module:
    return torch.ao.quantization.quantize_dynamic(net(8), {nn.Linear}).eval()


def statically_quantized() -> nn.Module:
    made = nn.Sequential(torch.ao.quantization.QuantStub(), *net(8), torch.ao.quantization.DeQuantStub()).eval()
    made.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    prepared = torch.ao.quantization.prepare(made)
    prepared(X)
    return torch.ao.quantization.convert(prepared).eval()


def exported():
    return torch.export.export(net(8).eval(), (X[:4],), dynamic_shapes=({0: torch.export.Dim("b")},))


def forest():
    return RandomForestClassifier(5, random_state=0).fit(X.numpy(), Y.numpy())


TEACHERS = {
    "int8, dynamic": quantized,
    "int8, static": statically_quantized,
    "exported program": exported,
    "module of an exported program": lambda: exported().module(),
    "scripted": lambda: torch.jit.script(net(8)).eval(),
    "traced": lambda: torch.jit.trace(net(8).eval(), X[:4]),
    "frozen script": lambda: torch.jit.freeze(torch.jit.script(net(8)).eval()),
    "bfloat16": lambda: net(8).bfloat16().eval(),
    "float16": lambda: net(8).half().eval(),
    "forest": forest,
    "function": lambda: lambda x: x[:, :3] * 2,
    "service": lambda: kd.models.Service(lambda x: x[:, :3] * 2, batch_size=50),
    "ensemble": lambda: [net(8).eval(), net(9).eval(), forest()],
}


@pytest.mark.parametrize("kind", TEACHERS)
@old
def test_it_teaches(journey, tmp_path, kind):
    teacher = TEACHERS[kind]()
    way = journey(teacher, net(4), DATA)
    report = way.everywhere(
        tmp_path, (lambda seed: net(4)) if kind in ("forest", "int8, dynamic", "bfloat16") else None
    )
    assert report.saliency("occlusion", count=3, checks=2).sentence()
    layers = report.attention(count=6)
    assert layers.sentences() and (layers.correspondence is not None or "no layers to compare" in layers.note)
    assert "attention" in set(report.frame().subject) or layers.correspondence is None
    report.figures()
    assert report.to_html(tmp_path / "report.html").stat().st_size > 1000


@old
def test_a_scripted_student_learns(journey, tmp_path):
    way = journey(net(8).eval(), torch.jit.script(net(4)), DATA)
    way.compared()
    way.repeated()


def test_what_has_no_gradient_is_told_it_cannot_learn():
    for student in (forest(), lambda x: x[:, :3]):
        with pytest.raises(ValueError, match="the student has no trainable parameter; pass a module whose"):
            kd.Distillation(net(8).eval(), student, DATA)
        assert kd.compare(net(8), student, DATA).fidelity.agreement <= 1


def test_a_forest_has_no_gradient_and_is_explained_by_occlusion():
    report = kd.compare(forest(), net(4), DATA)
    with pytest.raises(ValueError, match="occlusion"):
        report.saliency("input_x_gradient", count=3)
    maps = report.saliency("occlusion", count=3)
    assert np.isfinite(maps.rank).all()


def test_a_forest_is_called_by_its_name():
    run = kd.Distillation(forest(), net(4), DATA, epochs=1, allow_weaker_teacher=True)
    assert name_of(run.teacher.module) == "RandomForestClassifier"
    assert name_of(kd.wrap(net(4), classes=[0, 1, 2])).startswith("Sequential, ")
