"""Single weights set to zero, the smallest first; they stay zero while the network goes on learning."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import prune

from ..distill.schemes import trainable_copy
from ..measure.cost.sizes import HELD as MARK
from .checks import check_share, layers_of

Across = Literal["network", "layer"]


def pruned(model: nn.Module, share: float, *, across: Across = "network") -> nn.Module:
    """Return a copy of a network whose smallest weights are zero, and stay zero while it learns.

    Parameters
    ----------
    model : nn.Module
        Unchanged. Its linear and convolutional layers lose weights; biases and normalization do not.
    share : float
        Of these weights, from 0 to below 1; weights that are zero already count.
    across : {"network", "layer"}
        Whether the smallest of all layers together are taken, or of each layer the same share.

    Returns
    -------
    nn.Module
        In training mode, all else as it was. See :func:`hold_zeros`.

    Raises
    ------
    ValueError
        If the share is out of range, or there is no such layer.

    Notes
    -----
    By magnitude, with ``torch.nn.utils.prune``, made permanent. It spares bytes after compression, and no time:
    PyTorch multiplies the zeros too. :func:`without_units` spares time.

    References
    ----------
    Han, Pool, Tran, Dally (2015), arXiv:1506.02626; Han, Mao, Dally (2016), Deep Compression, arXiv:1510.00149.

    Examples
    --------
    >>> from kdviz import models
    >>> small = pruned(models.mlp((8,), inputs=4, classes=3), 0.75)
    >>> share_of_zeros(small)
    0.75
    """
    share = check_share("share", share)
    if across not in ("network", "layer"):
        raise ValueError(f'across must be "network" or "layer", got {across!r}')
    if not layers_of(model):
        raise ValueError(f"{type(model).__name__} has no linear or convolutional layer to prune; pass another model")
    made = trainable_copy(model)
    for parameter in made.parameters():
        parameter.requires_grad_(True)
    tried = {name: _alone(layer) for name, layer in layers_of(made).items()}
    if across == "network":
        pairs = [(layer, "weight") for layer in tried.values()]
        prune.global_unstructured(pairs, pruning_method=prune.L1Unstructured, amount=share)
    else:
        for layer in tried.values():
            prune.l1_unstructured(layer, "weight", amount=share)
    with torch.no_grad():
        for name, layer in layers_of(made).items():
            _weight(layer).mul_(tried[name]._buffers["weight_mask"])  # type: ignore[arg-type]
    return hold_zeros(made)


def _alone(layer: nn.Module) -> nn.Module:
    """Return a bare layer with the same weights, for torch to prune: the order of the network's own is kept so."""
    bare = nn.Module()
    bare.register_parameter("weight", nn.Parameter(_weight(layer).detach().clone()))
    return bare


def _weight(layer: nn.Module) -> Tensor:
    weight = layer._parameters["weight"]
    assert weight is not None
    return weight


def hold_zeros(model: nn.Module) -> nn.Module:
    """Keep the weights that are zero now at zero while a network learns.

    Parameters
    ----------
    model : nn.Module
        Changed in place: layers with zeros get a buffer and hooks; names and classes are as before, so taps, optimizers
        and copies work. An ``.architecture`` is removed: built by it, the network would have all its weights.

    Returns
    -------
    nn.Module
        The same model.

    Notes
    -----
    In training the layer computes with w · m, where m is 0 for what is held and 1 otherwise; so no gradient reaches
    what is held, and an optimizer leaves it at 0. It works with :func:`~kdviz.distill.schemes.fake_quantized`, in
    either order: 0 is rounded to 0.
    """
    for layer in layers_of(model).values():
        kept = _weight(layer).detach() != 0
        if MARK in layer._buffers:
            layer._buffers[MARK] = kept
        elif not kept.all():
            layer.register_buffer(MARK, kept)
            layer.register_forward_pre_hook(_masked)
            layer.register_forward_hook(_restored, always_call=True)
            model.__dict__.pop("architecture", None)
    return model


def _masked(layer: Any, inputs: Any) -> None:
    """Before the layer runs in training: put the masked weights where it reads them."""
    if layer.training:
        layer.__dict__["weight"] = layer.weight * layer.kept_weights


def _restored(layer: Any, inputs: Any, output: Any) -> None:
    layer.__dict__.pop("weight", None)


def share_of_zeros(model: nn.Module) -> float:
    """Return how many of the weights of linear and convolutional layers are zero, as a share of all.

    >>> share_of_zeros(nn.ReLU())
    0.0
    """
    weights = [_weight(layer) for layer in layers_of(model).values()]
    total = sum(w.numel() for w in weights)
    return sum(int((w == 0).sum()) for w in weights) / total if total else 0.0
