"""Models from a name, a file or an import path."""

import sys

import pytest
import torch
from safetensors.torch import save_file

import kdviz as kd
from kdviz.models import load

OWN = """
import torch
student = torch.nn.Linear(3, 2)
def make():
    return torch.nn.Linear(4, 2)
number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("own_models", None)


def test_a_shipped_model_by_its_name():
    assert load("mnist-mlp-1200").card.name == "mnist-mlp-1200"


@pytest.mark.parametrize("architecture", ["convnet", {"name": "mlp", "hidden": [5]}])
def test_weights_of_a_file_in_the_architecture_that_is_named(tmp_path, architecture):
    about = {"name": architecture} if isinstance(architecture, str) else architecture
    made = kd.models.build(about, seed=5)
    save_file(
        {k: v.half() if v.is_floating_point() else v for k, v in made.state_dict().items()}, tmp_path / "m.safetensors"
    )
    found = load(tmp_path / "m.safetensors", architecture)
    x = torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    assert not found.training and torch.allclose(found(x), made.eval()(x), atol=0.02)


def test_an_import_path_gives_a_model_or_what_a_function_makes(own):
    assert load("own_models:student").in_features == 3
    assert load("own_models:make").in_features == 4 and not load("own_models:make").training


def test_what_is_no_model_is_said_in_a_sentence(own, tmp_path):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"not weights")
    other = tmp_path / "other.safetensors"
    save_file(kd.models.mlp((4,)).state_dict(), other)
    for what, architecture, error, said in [
        ("nothing", None, ValueError, "a model must be one of additions-decoder, .* got 'nothing'"),
        ("mnist-vit", "vit", ValueError, "an architecture belongs to a safetensors file"),
        (path, None, ValueError, "weights.safetensors holds only weights"),
        (path, "mlp", ValueError, "weights.safetensors is not a safetensors file"),
        (tmp_path / "none.safetensors", "mlp", FileNotFoundError, "there is no file"),
        (
            other,
            {"name": "mlp", "hidden": [5]},
            ValueError,
            r"'linear1.weight' has shape \(4, 784\), expected \(5, 784\)",
        ),
        (other, {"name": "mlp", "hidden": [4, 4]}, ValueError, "other.safetensors does not fit the architecture"),
        ("own_models:number", None, TypeError, "must be a torch.nn.Module .* got int"),
        ("own_models:missing", None, ValueError, "'own_models:missing' cannot be imported"),
        ("no_such_module:x", None, ValueError, "'no_such_module:x' cannot be imported"),
    ]:
        with pytest.raises(error, match=said):
            load(what, architecture)
