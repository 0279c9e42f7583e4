"""Models from wherever they are: shipped ones by name, weights in a safetensors file, or an import path."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from kdviz.models.architecture import build
from kdviz.models.shipped import names, pretrained


def load(what: str | Path, architecture: str | Mapping[str, Any] | None = None) -> nn.Module:
    """Load a model by name, from a file, or by import path.

    Parameters
    ----------
    what : str or path
        One of ``kd.models.names()``; a safetensors file, together with ``architecture``; or "package.module:name",
        where the name is a model or a function without arguments that returns one. An import path runs the code of
        its module: pass none that you have not read.
    architecture : str or dict, optional
        Of a file: "mlp", "convnet", "resnet" or "vit" with their defaults, or a description for `kdviz.models.build`
        such as ``{"name": "mlp", "hidden": [32]}``.

    Returns
    -------
    nn.Module
        In eval mode, on the CPU.

    Raises
    ------
    ValueError, FileNotFoundError, TypeError
        In one sentence, if there is no such model, or the file is damaged or has another architecture.

    Examples
    --------
    >>> load("mnist-vit-student").card.data
    'mnist'
    """
    text = str(what)
    if text.endswith(".safetensors"):
        return _from_file(Path(what), architecture)
    if architecture is not None:
        raise ValueError(f"an architecture belongs to a safetensors file, got one for {text!r}")
    if text in names("any"):
        return pretrained(text)
    if ":" in text:
        return _imported(text)
    raise ValueError(
        f"a model must be one of {', '.join(names('any'))}, a .safetensors file or an import path package.module:name, "
        f"got {text!r}"
    )


def _from_file(path: Path, architecture: str | Mapping[str, Any] | None) -> nn.Module:
    if architecture is None:
        raise ValueError(f'{path.name} holds only weights; pass their architecture, such as {{"name": "mlp"}}')
    model = build({"name": architecture} if isinstance(architecture, str) else architecture)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path.name} is not a safetensors file, or is damaged ({error})") from error
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    if wanted != given:
        raise ValueError(f"{path.name} does not fit the architecture: {_difference(wanted, given)}")
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    return model.eval()


def _difference(wanted: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]) -> str:
    """Return the first name that is missing on one side, or has another shape."""
    for name, shape in wanted.items():
        if name not in given:
            return f"it has no {name!r} of shape {shape}"
        if given[name] != shape:
            return f"{name!r} has shape {given[name]}, expected {shape}"
    return f"it has {next(name for name in given if name not in wanted)!r}, which the architecture lacks"


def _imported(path: str) -> nn.Module:
    module, _, name = path.partition(":")
    try:
        model: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{path!r} cannot be imported: {error}") from error
    if not isinstance(model, nn.Module) and callable(model):
        model = model()
    if not isinstance(model, nn.Module):
        raise TypeError(
            f"{path!r} must be a torch.nn.Module or a function that returns one, got {type(model).__name__}"
        )
    return model.eval()
