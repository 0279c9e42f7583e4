"""Teachers whose weights come with the package, and the card of each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_safetensors
from torch import nn

from kdviz.models.architecture import build

FOLDER = Path(__file__).resolve().parent / "weights"


@dataclass(frozen=True)
class Card:
    """What is known about a shipped teacher; all figures are measured on the weights as shipped.

    Attributes
    ----------
    name, title : str
        Name for `pretrained`, and the name shown to a reader.
    data : str
        Data set, as `kdviz.data.load` takes it.
    architecture : dict
        Description for `kdviz.models.build`.
    parameters : int
        Trainable parameters before freezing.
    macs : int
        Multiply-accumulates of one forward pass of one example.
    test_errors, test_examples : int
        Wrong answers on the test part, and its size.
    test_accuracy, validation_accuracy : float
        Fractions in [0, 1].
    recipe : dict
        All settings of the training run.
    seed : int
        Seed of the training run.
    command : str
        Trains the teacher again.
    licence : str
        Licence of the weights.
    note : str
        What else is to be known.
    """

    name: str
    title: str
    data: str
    architecture: dict[str, Any]
    parameters: int
    macs: int
    test_errors: int
    test_examples: int
    test_accuracy: float
    validation_accuracy: float
    recipe: dict[str, Any]
    seed: int
    command: str
    licence: str
    note: str = ""

    def json(self) -> str:
        """Write the card as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


class DamagedWeightsError(ValueError):
    """A weights file cannot be read, or does not fit its card."""


def names() -> tuple[str, ...]:
    """List the shipped teachers, by name."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json") if path.with_suffix(".safetensors").is_file()))


@lru_cache(maxsize=32)
def _read_card(path: Path) -> Card:
    return Card(**json.loads(path.read_text(encoding="utf-8")))


def card(name: str) -> Card:
    """Give the card of a shipped teacher.

    Parameters
    ----------
    name : str
        One of `names()`.

    Raises
    ------
    ValueError
        If there is no such teacher.
    """
    if name not in names():
        raise ValueError(f"teacher must be one of {', '.join(names()) or '(none shipped)'}, got {name!r}")
    return _read_card(FOLDER / f"{name}.json")


def pretrained(name: str) -> nn.Module:
    """Load a shipped teacher.

    Parameters
    ----------
    name : str
        One of `names()`, e.g. "mnist-convnet".

    Returns
    -------
    nn.Module
        In eval mode, frozen, float32 on the CPU, with `.architecture` and `.card`. A new object at each call.

    Raises
    ------
    ValueError
        If there is no such teacher or its file is damaged.

    Notes
    -----
    Inputs are what `Examples.inputs()` gives. Weights are stored as float16 in safetensors files, which hold
    numbers only: loading one runs no code.
    """
    about = card(name)
    model = build(about.architecture)
    load_weights(model, FOLDER / f"{name}.safetensors")
    model.card = about  # type: ignore[assignment]
    return model.eval().requires_grad_(False)


def load_weights(model: nn.Module, path: Path) -> None:
    """Copy the tensors of a safetensors file into a model, in the model's own dtypes.

    Raises
    ------
    DamagedWeightsError
        If the file is no safetensors file, or its names or shapes are not the model's.
    """
    try:
        tensors = read_safetensors(path.read_bytes())
        model.load_state_dict({name: tensor.to(_dtype(model, name)) for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DamagedWeightsError(f"{path} is damaged ({reason}): install kdviz again") from error


def _dtype(model: nn.Module, name: str) -> torch.dtype:
    found = model.state_dict().get(name)
    return torch.float32 if found is None else found.dtype
