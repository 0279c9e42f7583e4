"""The size of a model and its cost of computation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from kdviz.data.inputs import Inputs, each
from kdviz.models.architecture import of_encoder, of_text
from kdviz.models.inference import call
from kdviz.models.looking import evaluating


def _attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: object, **__: object) -> int:
    return int(sdpa_flop_count(query, key, value))


def _integers(_: Sequence[int], packed: Any, *__: object, out_shape: Sequence[int], **___: object) -> int:
    weight = packed.unpack()[0]  # (out, ...)
    return 2 * math.prod(out_shape) * math.prod(weight.shape[1:])


# Missing from PyTorch's counter.
ALSO_COUNTED = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention} | {
    getattr(torch.ops.quantized, f"{layer}{after}"): _integers
    for layer, afters in {
        "linear": ("", "_relu", "_dynamic", "_relu_dynamic"),
        "conv1d": ("", "_relu", "_dynamic"),
        "conv2d": ("", "_relu", "_dynamic"),
        "conv3d": ("", "_relu", "_dynamic"),
    }.items()
    for after in afters
}


def parameter_count(model: nn.Module) -> int:
    """Count the trainable parameters of a model.

    Parameters that are frozen (``requires_grad=False``) are not counted, shared ones once.

    Examples
    --------
    >>> parameter_count(nn.Linear(3, 2))
    8
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def mac_count(model: nn.Module, example_shape: Sequence[int]) -> int:
    """Count the multiply-accumulates of one forward pass of one example.

    Matrix products, including those of attention, and convolutions count, however the model calls them; biases,
    normalization and activations do not.

    Parameters
    ----------
    model : nn.Module
        Left unchanged: mode, buffers, hooks and the global random generator.
    example_shape : sequence of int
        Shape of one example without the batch axis, e.g. (1, 28, 28), or (64,) of a row of token ids.

    Returns
    -------
    int
        Half the count of PyTorch's own FLOP counter.

    Raises
    ------
    ValueError
        If the model does not accept a float32 input of that shape, or token ids where it reads text.

    Examples
    --------
    >>> mac_count(nn.Linear(3, 2), (3,))
    6
    """
    weight = next(model.parameters(), torch.empty(0))
    description = getattr(model, "architecture", {})
    dtype = torch.int64 if of_text(description) or of_encoder(description) else weight.dtype
    example = torch.zeros(1, *example_shape, device=weight.device, dtype=dtype)
    try:
        return macs_of(model, example)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"the model does not accept examples of shape {tuple(example_shape)}: {reason}") from error


def macs_of(model: nn.Module, inputs: Inputs) -> int:
    """Count the multiply-accumulates of a forward pass of a batch, as :func:`mac_count` does for one example.

    Those of torch's own quantized layers count too. The model is left as it was.

    >>> macs_of(nn.Linear(3, 2), torch.zeros(5, 3))
    30
    """
    # Products of PyTorch's fast path of attention are not counted: an input that requires a gradient keeps off it, and
    # for token ids, which cannot, it is switched off.
    followed = each(inputs, lambda x: x.detach().clone().requires_grad_(x.is_floating_point()).clone())
    counter = FlopCounterMode(display=False, custom_mapping=ALSO_COUNTED)
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        with evaluating(model), torch.random.fork_rng(), torch.enable_grad(), counter:
            call(model, followed)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return counter.get_total_flops() // 2
