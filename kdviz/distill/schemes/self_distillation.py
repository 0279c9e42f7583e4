"""Self-distillation (BYOT, be your own teacher): the deepest layers teach the shallow ones, in one network and one run.

Exits at shallow layers, each a bottleneck and a classifier, learn the labels, the network's final answer and its
deepest features. What they learn goes through them into the layers below. Afterwards there are several networks for
the price of one: each exit is a smaller, faster model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ...data import Splits, splits
from ...models.looking import of_this_thread
from ..distillation import Distillation
from ..objective import Objective
from ..schedules import Hyperparameter
from ..taps import taps
from ..teacher import device_of
from ..terms import HardLabels, SelfDistillation, Term
from .generations import trainable_copy
from .term_of import term_of


def self_distillation(
    student: nn.Module,
    data: Any,
    layers: str | Sequence[str],
    features: str | None = None,
    objective: Objective | Term | None = None,
    *,
    weight: Hyperparameter = 1.0,
    alpha: Hyperparameter = 0.3,
    hint: Hyperparameter = 0.03,
    temperature: Hyperparameter = 3.0,
    **training: Any,
) -> Distillation:
    """Return a run in which a network's end teaches exits on the way.

    Parameters
    ----------
    student : nn.Module
    data : Splits, (X, y), Dataset or DataLoader
    layers : str or sequence of str
        Where the exits begin, from shallow to deep, by dotted module name (:func:`kdviz.distill.taps` lists them).
    features : str, optional
        The layer that gives the deepest features; by default the one before the last.
    objective : Objective or Term, optional
        What the network's end learns; default :class:`kdviz.HardLabels`.
    weight : float or Schedule
        Of the exits beside it; the paper has 1.
    alpha, hint, temperature : float or Schedule
        α, λ and T: see :class:`kdviz.SelfDistillation`.
    **training
        Arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation
        Its twin is the same network without exits.

    Raises
    ------
    ValueError
        If a layer does not exist or a number is out of range.

    References
    ----------
    Zhang, Song, Gao, Chen, Bao, Ma (2019), Be Your Own Teacher, ICCV, arXiv:1905.08094.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> run = self_distillation(models.mlp((16, 8), inputs=4, classes=3), (X, y), "relu1", epochs=2)
    >>> _ = run.train(progress=False)
    >>> {layer: model(X[:5]).shape for layer, model in exits(run).items()}
    {'relu1': torch.Size([5, 3])}
    """
    data = splits(data)
    features = _before_the_last(student, data) if features is None else features
    term = SelfDistillation(layers if isinstance(layers, str) else tuple(layers), features, alpha, hint, temperature)
    objective = HardLabels() if objective is None else objective
    return Distillation(None, student, data, objective + weight * term, **training)


def exits(run: Distillation) -> dict[str, nn.Module]:
    """Return the network up to each exit as a model of its own, as it is now.

    Parameters
    ----------
    run : Distillation
        With a :class:`kdviz.SelfDistillation` term.

    Returns
    -------
    dict of str to nn.Module
        By the layers where the exits begin. Copies in eval mode, inputs (B, ...) to logits (B, C); the layers behind an
        exit do not run. Where the network is an ``nn.Sequential`` they are left out of the copy too, and so of its
        size.

    Raises
    ------
    ValueError
        If the run's objective has no such term.

    Examples
    --------
    >>> import torch
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> run = self_distillation(models.mlp((16, 8), inputs=4, classes=3), (X, y), "relu1")
    >>> [name for name, _ in exits(run)["relu1"].front.named_children()]
    ['flatten', 'linear1', 'relu1']
    """
    term, ways_out = term_of(run, SelfDistillation, "exits")
    with run.lock:
        return {
            layer: trainable_copy(ShortNetwork(run.student, layer, way_out)).eval()
            for layer, way_out in zip(term.layers, ways_out, strict=True)
        }


def _before_the_last(student: nn.Module, data: Splits) -> str:
    """Return the name of the layer before the last, of those that have no layers inside."""
    inside = dict(student.named_modules())
    found = taps(student, data.train.inputs(slice(0, 1)).to(device_of(student)))
    leaves = [name for name in found if name in inside and not any(inside[name].children())]
    if len(leaves) < 2:
        raise ValueError("the student has no layer before its last to learn from; name one: features=...")
    return leaves[-2]


class ShortNetwork(nn.Module):
    """A network as far as one of its layers, and a way out from there.

    Parameters
    ----------
    network : nn.Module
    layer : str
        The dotted name of the last layer that runs.
    way_out : nn.Module
        Maps what the layer gives to logits (B, C).
    """

    def __init__(self, network: nn.Module, layer: str, way_out: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.front = _cut(network, layer)
        self.way_out = way_out

    def forward(self, inputs: Tensor) -> Tensor:
        return self.way_out(_reached(self.front, self.layer, inputs))


class _Reached(Exception):  # noqa: N818 (a way to stop a network early, not an error)
    def __init__(self, out: Tensor) -> None:
        super().__init__()
        self.out = out


def _cut(network: nn.Module, layer: str) -> nn.Module:
    """Return a chain's layers up to ``layer``, or any other network whole."""
    children = dict(network.named_children())
    if not isinstance(network, nn.Sequential) or layer not in children:
        return network
    return nn.Sequential(OrderedDict(list(children.items())[: list(children).index(layer) + 1]))


def _reached(network: nn.Module, layer: str, inputs: Tensor) -> Tensor:
    """Return what ``layer`` gives for ``inputs``; no layer behind it runs."""

    def stop(module: nn.Module, given: Any, out: Any) -> None:
        raise _Reached(out[0] if isinstance(out, tuple | list) else out)

    handle = network.get_submodule(layer).register_forward_hook(of_this_thread(stop))
    try:
        network(inputs)
    except _Reached as reached:
        return reached.out
    finally:
        handle.remove()
    raise RuntimeError(f"the layer {layer!r} did not run")
