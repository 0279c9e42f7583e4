"""Bytes of a network as it would be stored: as they are, and after gzip."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..distill.schemes import integer_weights
from ..measure.cost.sizes import contents, rounded
from ..models.looking import octets

LEVEL = 6  # gzip's own default
COUNTER = "num_batches_tracked"  # of normalization, for training alone


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
    state = {name: value for name, value in contents(model).items() if name.rpartition(".")[2] != COUNTER}
    parts = list(_parts(state.values()))
    kinds = [parts]
    if rounded(model):
        whole = {name: value for name, value in integer_weights(model).items() if name in rounded(model)}
        kinds.append(list(_parts({**state, **whole}.values())))
    return Stored(sum(one.numel() * one.element_size() for one in parts), min(map(gzipped, kinds)))


def gzipped(tensors: Any) -> int:
    """Return the bytes of tensors one after the other, after gzip."""
    into = io.BytesIO()
    with gzip.GzipFile(fileobj=into, mode="wb", compresslevel=LEVEL, mtime=0) as file:
        for tensor in tensors:
            file.write(octets(tensor).numpy().tobytes())
    return into.tell()


def _parts(state: Iterable[Any]) -> Iterator[Tensor]:
    """Yield the dense tensors of a state: integers and scales of quantized ones, the contents of tuples."""
    for value in state:
        if isinstance(value, Tensor) and value.is_quantized:
            yield value.int_repr()
            if value.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric):
                yield value.q_per_channel_scales().float()
        elif isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _parts(value)
