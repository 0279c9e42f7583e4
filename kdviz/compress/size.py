"""Bytes of a network as it would be stored: as they are, and after gzip."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..distill.schemes import integer_weights, quantized_layers
from ..models.looking import octets
from .zeros import MARK

LEVEL = 6  # gzip's own default
NOT_STORED = (MARK, "num_batches_tracked")  # the zeros say what is held; batches are counted for training alone


class Stored(NamedTuple):
    """The size of a network on disk, without names and headers."""

    bytes: int
    gzipped: int


def stored(model: nn.Module) -> Stored:
    """Return how many bytes a network's numbers take, and how many after gzip.

    Parameters
    ----------
    model : nn.Module
        In any precision: float32, rounded in the loop (:func:`~kdviz.distill.schemes.fake_quantized`), or PyTorch's own
        integers (:func:`~kdviz.compress.int8`).

    Returns
    -------
    Stored
        ``bytes``: weights of b bits take b / 8 bytes, zeros as much as others. ``gzipped``: what gzip makes of it; of
        weights of fewer than 8 bits, packed or a byte each, whichever gets smaller.

    Notes
    -----
    Gzip stands for the Huffman code of Deep Compression (Han, Mao, Dally 2016, arXiv:1510.00149): zeros of pruning, and
    integers of which few are common, are what it can make use of; the digits of float32 weights it cannot. The buffers
    that say which weights are held at zero are not counted: the zeros say it.

    Examples
    --------
    >>> stored(nn.Linear(10, 10)).bytes
    440
    """
    parts = dict(_parts(_state(model)))
    layers = (
        {} if not quantized_layers(model) else {f"{n}.weight" if n else "weight": n for n in quantized_layers(model)}
    )
    bits = {name: int(model.get_submodule(layer).quantized_bits) for name, layer in layers.items()}  # type: ignore[arg-type]
    packed = [_packed(tensor, bits[name]) if name in bits else tensor for name, tensor in parts.items()]
    size = sum(tensor.numel() * tensor.element_size() for tensor in packed)
    return Stored(size, min(gzipped(one) for one in ([packed, list(parts.values())] if bits else [packed])))


def _packed(weights: Tensor, bits: int) -> Tensor:
    """Return integers of so many bits one after the other, without gaps, as bytes."""
    from_zero = (weights.flatten().numpy().astype(np.int16) + 2 ** (bits - 1)).astype(np.uint8)
    return torch.from_numpy(np.packbits(np.unpackbits(from_zero[:, None], axis=1)[:, 8 - bits :]))


def gzipped(tensors: Any) -> int:
    """Return the bytes of tensors one after the other, after gzip."""
    into = io.BytesIO()
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=LEVEL, mtime=0) as file:
        for tensor in tensors:
            file.write(octets(tensor).numpy().tobytes())
    return into.tell()


def _state(model: nn.Module) -> dict[str, Any]:
    state = integer_weights(model) if quantized_layers(model) else model.state_dict()
    return {name: value for name, value in state.items() if name.rpartition(".")[2] not in NOT_STORED}


def _parts(state: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield the dense tensors of a state: integers and scales of quantized ones, the contents of tuples."""
    for name, value in state.items():
        yield from _of(name, value)


def _of(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor) and value.is_quantized:
        yield name, value.int_repr()
        if value.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric):
            yield f"{name}.scales", value.q_per_channel_scales().float()
    elif isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, tuple | list):
        for i, one in enumerate(value):
            yield from _of(f"{name}.{i}", one)
