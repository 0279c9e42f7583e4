"""The size of a model and its cost of computation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from kdviz.models.looking import evaluating


def _attention(query: Sequence[int], key: Sequence[int], value: Sequence[int], *_: object, **__: object) -> int:
    return int(sdpa_flop_count(query, key, value))


# Missing from PyTorch's counter.
ALSO_COUNTED = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention}


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
        Shape of one example without the batch axis, e.g. (1, 28, 28).

    Returns
    -------
    int
        Half the count of PyTorch's own FLOP counter.

    Raises
    ------
    ValueError
        If the model does not accept a float32 input of that shape.

    Examples
    --------
    >>> mac_count(nn.Linear(3, 2), (3,))
    6
    """
    weight = next(model.parameters(), torch.empty(0))
    # An input that requires a gradient keeps attention off PyTorch's fast path, whose products are not counted.
    example = torch.zeros(1, *example_shape, device=weight.device, dtype=weight.dtype, requires_grad=True)
    counter = FlopCounterMode(display=False, custom_mapping=ALSO_COUNTED)
    with evaluating(model), torch.random.fork_rng(), torch.enable_grad():
        try:
            with counter:
                model(example.clone())
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"the model does not accept examples of shape {tuple(example_shape)}: {reason}") from error
    return counter.get_total_flops() // 2
