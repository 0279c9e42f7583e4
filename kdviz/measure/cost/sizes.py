"""The size of a model: numbers that it learned, and bytes of the file that it can be run from."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...distill.schemes.quantized import integer_weights, quantized_layers
from ...models.foreign import Foreign
from ...models.inference import bare
from ...models.looking import bytes_of, parts_of


def parameters(model: nn.Module) -> int | None:
    """Count the numbers that a model learned, frozen ones too, each once; None for a model that is no torch module.

    Those of torch's own quantized layers count as well: integers take fewer bytes and are as many.

    Examples
    --------
    >>> parameters(nn.Linear(3, 2).requires_grad_(False))
    8
    """
    if isinstance(bare(model), Foreign):
        return None
    return sum(p.numel() for p in model.parameters()) + sum(tensor.numel() for tensor in packed(model))


def packed(model: nn.Module) -> Iterator[Tensor]:
    """Yield weights and biases of torch's own quantized layers, which are neither parameters nor buffers."""
    for module in model.modules():
        # A linear layer has them twice: itself, and in the module that it keeps them in.
        if "quantized" not in type(module).__module__ or type(module).__name__ == "LinearPackedParams":
            continue
        read: Any = getattr(module, "_weight_bias", tuple)
        yield from (tensor for tensor in read() if tensor is not None)


def held_bytes(model: nn.Module) -> int:
    """Return the memory of a model's weights and buffers, each tensor once."""
    own = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    return sum(bytes_of(tensor) for tensor in own.values()) + sum(
        sum(part.nbytes for part in parts_of(tensor)) for tensor in packed(model)
    )


HELD = "kept_weights"  # a layer's buffer, see kd.compress.hold_zeros: the zeros themselves say what is held at zero


def file_of(model: nn.Module) -> bytes | None:
    """Return the bytes of a file with all numbers that a model needs; None for a model that cannot be written.

    Notes
    -----
    A torch module's state as safetensors, tensors in the order of their names; shared weights are in it once. The
    layers of ``kd.schemes.fake_quantized`` are written as integers, packed to their number of bits, with their
    scales. torch's own quantized layers and sparse weights, which safetensors does not know, go by ``torch.save``; an
    estimator is pickled. It holds numbers and names, not the program that computes with them; the file of an ONNX
    session holds both.

    Examples
    --------
    >>> len(file_of(nn.Linear(100, 10))) - 4 * 1010 < 200
    True
    """
    inner = bare(model)
    if isinstance(inner, Foreign):
        return _pickled(inner)
    state = contents(model)
    if all(
        isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized
        for value in state.values()
    ):
        from safetensors.torch import save

        return save({name: state[name].detach().cpu().contiguous() for name in sorted(state)})
    written = io.BytesIO()
    torch.save(state, written)
    return written.getvalue()


def _pickled(model: Foreign) -> bytes | None:
    for name in ("estimator", "model", "booster"):
        if hasattr(model, name):
            try:
                return pickle.dumps(getattr(model, name))
            except Exception:  # whatever another package's object raises
                return None
    return None


def contents(model: nn.Module) -> dict[str, Any]:
    """Return what of a torch module is stored, by name: its state, with integers packed, and of shared tensors one.

    The buffers that say which weights are held at zero are left out: the zeros say it. Torch's own quantized layers
    have tuples and quantized tensors in their state, as torch puts them there.

    Examples
    --------
    >>> layer = nn.Linear(3, 3)
    >>> list(contents(nn.Sequential(layer, layer)))
    ['0.weight', '0.bias']
    """
    names = quantized_layers(model)
    state: dict[str, Any] = integer_weights(model) if names else dict(model.state_dict())
    state = {name: value for name, value in state.items() if name.rpartition(".")[2] != HELD}
    for name, layer in rounded(model).items():
        state[name] = packed_bits(state[name], int(layer.quantized_bits))
    once: dict[Any, str] = {}
    for name, value in list(state.items()):
        if not isinstance(value, Tensor) or value.layout != torch.strided or not value.numel():
            continue
        same = (value.untyped_storage().data_ptr(), value.storage_offset(), value.shape, value.stride(), value.dtype)
        if once.setdefault(same, name) != name:
            del state[name]
    return state


def rounded(model: nn.Module) -> dict[str, Any]:
    """Return the layers whose weights are rounded in the loop, by the names of these weights."""
    return {f"{name}.weight" if name else "weight": model.get_submodule(name) for name in quantized_layers(model)}


def packed_bits(whole: Tensor, bits: int) -> Tensor:
    """Return integers from −2^(bits−1) to 2^(bits−1) − 1 as bytes, ``bits`` each, one after the other."""
    if bits == 8:
        return whole
    unsigned = (whole.to(torch.int16) & 0xFF).to(torch.uint8).flatten().numpy()
    return torch.from_numpy(np.packbits(np.unpackbits(unsigned[:, None], axis=1)[:, 8 - bits :]))
