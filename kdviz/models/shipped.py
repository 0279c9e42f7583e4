"""Teachers by name, and the card of each: those whose weights come with kdviz, and those that others register."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as read_safetensors
from torch import nn

from kdviz import outside
from kdviz.models.architecture import build, of_encoder, of_text
from kdviz.words import number

FOLDER = Path(__file__).resolve().parent / "weights"


@dataclass(frozen=True, repr=False)
class Card:
    """What is known about a teacher; all figures are measured on the weights as shipped.

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
        Wrong answers on the test part, and its size; of a text, in tokens that are predicted.
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
    figures : dict of str to float
        Further figures of the test part, by what they are: "bits a token", "exact match".
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
    figures: dict[str, float] = field(default_factory=dict)

    def json(self) -> str:
        """Write the card as indented JSON."""
        held = {name: value for name, value in asdict(self).items() if name != "figures" or value}
        return json.dumps(held, indent=2, ensure_ascii=False) + "\n"

    @property
    def _counted(self) -> str:
        return "tokens" if of_text(self.architecture) else "examples"

    def _lines(self) -> list[str]:
        """Return what one wants to know first."""
        share = number(self.test_errors / self.test_examples, ".1%").replace("\u202f", " ")
        lines = [
            f"{self.test_errors:,} errors of {self.test_examples:,} test {self._counted} ({share}), "
            f"{self.parameters:,} parameters, {self.macs:,} multiply-adds",
            f"Trained again by: {self.command}",
        ]
        if self.figures:
            lines.insert(
                1, "On the test part: " + ", ".join(f"{n} {number(v, '.3f')}" for n, v in self.figures.items())
            )
        return [*lines, *([self.note] if self.note else [])]

    def __repr__(self) -> str:
        return "\n".join([f"{self.name}: {self.title}", *self._lines()])

    def _repr_html_(self) -> str:
        """The same, with the recipe folded."""
        rest = {"data": self.data, "licence": self.licence, "seed": self.seed, **self.architecture, **self.recipe}
        rows = "".join(
            f'<tr><th scope="row" style="text-align:start;font-weight:normal">{escape(str(name))}</th>'
            f'<td style="text-align:start">{escape(str(value))}</td></tr>'
            for name, value in rest.items()
        )
        return (
            f"<p><strong>{escape(self.title)}</strong> <code>{escape(self.name)}</code></p>"
            + "".join(f"<p>{escape(line)}</p>" for line in self._lines())
            + f"<details><summary>Recipe</summary><table><tbody>{rows}</tbody></table></details>"
        )


class DamagedWeightsError(ValueError):
    """A weights file cannot be read, or does not fit its card."""


def _own() -> tuple[str, ...]:
    return _listed(FOLDER, FOLDER.stat().st_mtime_ns)


@lru_cache(maxsize=4)  # a link asks hundreds of times
def _listed(folder: Path, changed: int) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder.glob("*.json") if path.with_suffix(".safetensors").is_file()))


@dataclass(frozen=True)
class Registered:
    """A teacher of somebody else's."""

    card: Card
    loader: Callable[[], nn.Module]


_ADDED: outside.Added[Registered] = outside.Added("teacher", "kdviz.models", _own)


def register(about: Card | str | Path, loader: Callable[[], nn.Module] | None = None) -> Card:
    """Add a teacher of your own, so that `pretrained`, recipes and the pages know it by name.

    In a notebook, or in a module that a package names by the entry point ``kdviz.models``.

    Parameters
    ----------
    about : Card or path
        Its card, or the path of one as JSON. It is offered for the data set that the card names.
    loader : callable, optional
        Gives the model, a new one at each call. Default: the card's architecture with the weights of the safetensors
        file beside the card.

    Returns
    -------
    Card

    Raises
    ------
    ValueError
        If the file is no card, or the name is not as it should be or taken.
    """
    path = None if isinstance(about, Card) else Path(about)
    if path is not None:
        try:
            about = _read_card.__wrapped__(path)  # anew: a notebook may have written it again
        except (OSError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is no card of a teacher: {outside.reason(error)}") from error
    assert isinstance(about, Card)
    if loader is None:
        if path is None:
            raise ValueError("a loader is needed where the card does not come from a file with weights beside it")
        loader = partial(_built, about, path.with_suffix(".safetensors"))
    elif not callable(loader):
        raise ValueError(f"loader must be a function that gives the model, got {type(loader).__name__}")
    _ADDED.add(about.name, Registered(about, loader), path or loader)
    return about


def names(kind: str = "classes") -> tuple[str, ...]:
    """List the shipped teachers by name, then those that were registered.

    Parameters
    ----------
    kind : "classes", "text", "encoder" or "any"
        "classes": those that give a picture or a row of a table a class; "text": those that read token ids and predict
        the next; "encoder": those that read a row of token ids as a whole; "any": all.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    if kind not in ("classes", "text", "encoder", "any"):
        raise ValueError(f'kind must be "classes", "text", "encoder" or "any", got {kind!r}')
    every = (*_own(), *_ADDED.all())
    return every if kind == "any" else tuple(name for name in every if _kind(card(name)) == kind)


def _kind(about: Card) -> str:
    if of_encoder(about.architecture):
        return "encoder"
    return "text" if of_text(about.architecture) else "classes"


@lru_cache(maxsize=32)
def _read_card(path: Path) -> Card:
    return Card(**json.loads(path.read_text(encoding="utf-8")))


def card(name: str) -> Card:
    """Give the card of a teacher.

    Parameters
    ----------
    name : str
        One of `names("any")`.

    Raises
    ------
    ValueError
        If there is no such teacher.
    """
    if name in _own():
        return _read_card(FOLDER / f"{name}.json")
    registered = _ADDED.all().get(name)
    if registered is None:
        raise ValueError(f"teacher must be one of {', '.join(names('any')) or '(none shipped)'}, got {name!r}")
    return registered.card


def pretrained(name: str) -> nn.Module:
    """Load a teacher.

    Parameters
    ----------
    name : str
        One of `names("any")`, e.g. "mnist-convnet".

    Returns
    -------
    nn.Module
        In eval mode, frozen, with `.card`. A new object at each call. Shipped teachers are float32 on the CPU and have
        an `.architecture`.

    Raises
    ------
    ValueError
        As `card` does; or if its file is damaged, or the loader of a registered one fails.

    Notes
    -----
    Inputs are what `Examples.inputs()` gives. Weights are stored as float16 in safetensors files, which hold
    numbers only: loading one runs no code.
    """
    about = card(name)
    model = _built(about, FOLDER / f"{name}.safetensors") if name in _own() else _of_others(_ADDED.all()[name])
    model.card = about  # type: ignore[assignment]
    return model.eval().requires_grad_(False)


def _built(about: Card, weights: Path) -> nn.Module:
    model = build(about.architecture)
    load_weights(model, weights)
    return model


def _of_others(registered: Registered) -> nn.Module:
    name = registered.card.name
    try:
        model = registered.loader()
    except Exception as error:  # whatever another package raises
        raise ValueError(f"the teacher {name!r} cannot be loaded: {outside.reason(error)}") from error
    if not isinstance(model, nn.Module):
        raise ValueError(f"the teacher {name!r} must be a torch.nn.Module, got {type(model).__name__}; see kdviz.wrap")
    return model


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
