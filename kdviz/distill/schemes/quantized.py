"""A quantized student: taught with the rounding of its integer weights and activations in the loop.

Before each linear or convolutional layer the weights are rounded to integer multiples of their channel's scale, and the
inputs to one of 2^b levels of their usual range. The student learns to predict well in spite of it. The rounding has no
useful slope; its gradient is taken to be 1 where nothing was clipped (straight-through). After training the weights can
be written as integers, exactly as the student used them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.linear import NonDynamicallyQuantizableLinear

from ..distillation import Distillation
from ..objective import Objective
from ..teacher import Teacher
from ..terms import Term

Ranges = Literal["average", "extremes"]
KINDS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
NEWEST = 0.01  # share of the newest batch in the moving average of a range, as in torch's own observer
MARKS = ("quantized_bits", "input_bits", "input_average", "input_seen", "input_low", "input_high")  # buffers of a layer


def quantized(
    teacher: nn.Module | Teacher | None,
    student: nn.Module,
    data: Any,
    objective: Objective | Term | None = None,
    *,
    bits: int = 8,
    activation_bits: int | None = 8,
    ranges: Ranges = "average",
    layers: Sequence[str] | None = None,
    **training: Any,
) -> Distillation:
    """Return a run whose student is quantized during training, and otherwise distilled as usual.

    Parameters
    ----------
    teacher, student, data, objective
        As in :class:`kdviz.Distillation`. The student is changed in place by :func:`fake_quantized`.
    bits, activation_bits, ranges, layers
        As in :func:`fake_quantized`.
    **training
        Further arguments of :class:`kdviz.Distillation`.

    Returns
    -------
    Distillation

    Raises
    ------
    ValueError
        If there is nothing to quantize, or a number of bits is out of range.

    Notes
    -----
    Two-bit weights and four-bit inputs (MNIST, 4,000 labels, 64 units, teacher ``mnist-mlp-1200``, 30 epochs, one
    seed), in test errors: 822 in full precision, 3,168 rounded afterwards, 994 rounded from the start, 878 with ten
    epochs in the loop afterwards. At 8 and 4 bits rounding costs little either way (825 and 841 afterwards).

    The teacher stays in full precision. The twin (``run.twin()``) is quantized like the student, and learns without
    the teacher. A student trained in full precision is often the better start: pass it as ``student``.

    To load a saved run pass ``student=fake_quantized(model, ...)`` with the same arguments.

    References
    ----------
    Jacob et al. (2018), Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
    CVPR, arXiv:1712.05877. With a teacher: Mishra, Marr (2018), Apprentice, ICLR, arXiv:1711.05852; Polino, Pascanu,
    Alistarh (2018), Model Compression via Distillation and Quantization, ICLR, arXiv:1802.05668.

    Examples
    --------
    >>> from kdviz import models
    >>> X, y = torch.randn(200, 4), torch.arange(200) % 3
    >>> teacher = models.mlp((16,), inputs=4, classes=3).eval()
    >>> run = quantized(teacher, models.mlp((8,), inputs=4, classes=3), (X, y), bits=4, epochs=2).train(progress=False)
    >>> integer_weights(run.student)["linear1.weight"].unique().abs().max().item()
    7
    """
    chosen = fake_quantized(student, bits, activation_bits=activation_bits, ranges=ranges, layers=layers)
    return Distillation(teacher, chosen, data, objective, **training)


def fake_quantized(
    model: nn.Module,
    bits: int = 8,
    *,
    activation_bits: int | None = 8,
    ranges: Ranges = "average",
    layers: Sequence[str] | None = None,
) -> nn.Module:
    """Make the layers of a model compute with rounded weights and inputs, during training and after.

    Parameters
    ----------
    model : nn.Module
        Changed in place: its layers get hooks and a few buffers. Classes, names and weights are unchanged, so taps,
        optimizers and copies work as before. An ``.architecture`` is removed: it no longer describes the whole model.
    bits : int
        Of a weight, 2 to 8.
    activation_bits : int or None
        Of a layer's inputs, 2 to 8; None leaves them in full precision.
    ranges : {"average", "extremes"}
        The usual range of the inputs: a moving average of each batch's smallest and largest value (1 % of the newest),
        or the extremes of all batches so far. It is learned only in training mode. Before the first batch inputs are
        not rounded.
    layers : sequence of str, optional
        Dotted names of the layers to quantize; default all linear and convolutional ones.

    Returns
    -------
    nn.Module
        The same model.

    Raises
    ------
    ValueError
        If a number of bits is out of range, a layer is of another kind or already quantized, or there is none.

    Notes
    -----
    Weights, for each output channel c and symmetric, n = 2^(b−1) − 1::

        s_c = max |w_c| / n,     q = clamp(round(w / s_c), −n, n),     ŵ = s_c · q

    Inputs, for the whole tensor, with the range [l, h] extended to include 0, so that 0 stays 0::

        s = (h − l) / (2^b − 1),   z = round(−l / s),   q = clamp(round(x / s) + z, 0, 2^b − 1),   x̂ = s · (q − z)

    Gradient: ∂ŵ/∂w = 1; ∂x̂/∂x = 1 inside the range and 0 outside, by torch's own
    ``fake_quantize_per_channel_affine`` and ``fake_quantize_per_tensor_affine``. The rest of torch's quantization-aware
    training (``torch.ao.quantization.prepare_qat``) is deprecated and swaps the classes of layers; this needs neither.

    Biases, normalization, ``nn.MultiheadAttention`` and everything else stay in float32. Batch normalization is not
    folded into the convolution before it, as it would be for a chip: the integers are those of the convolution alone.

    References
    ----------
    Jacob et al. (2018), arXiv:1712.05877. Straight-through: Bengio, Léonard, Courville (2013), arXiv:1308.3432.

    Examples
    --------
    >>> from kdviz import models
    >>> model = fake_quantized(models.mlp((8,), inputs=4, classes=3), bits=4)
    >>> quantized_layers(model), type(model.linear1).__name__
    (('linear1', 'logits'), 'Linear')
    """
    _check_bits("bits", bits)
    if activation_bits is not None:
        _check_bits("activation_bits", activation_bits)
    if ranges not in ("average", "extremes"):
        raise ValueError(f'ranges must be "average" or "extremes", got {ranges!r}')
    for layer in _layers_to_quantize(model, layers):
        device = layer.weight.device
        values = (bits, activation_bits or 0, ranges == "average", False)
        for name, value in zip(MARKS[:4], values, strict=True):
            layer.register_buffer(name, torch.tensor(value, device=device))
        for name in MARKS[4:]:
            layer.register_buffer(name, torch.zeros((), device=device))
        layer.register_forward_pre_hook(_round)
        layer.register_forward_hook(_restore, always_call=True)  # also when the layer fails
    model.__dict__.pop("architecture", None)
    return model


def _check_bits(what: str, bits: int) -> None:
    if isinstance(bits, bool) or not hasattr(bits, "__index__") or not 2 <= bits <= 8:
        raise ValueError(f"{what} must be a whole number from 2 to 8, got {bits!r}")


def _layers_to_quantize(model: nn.Module, names: Sequence[str] | None) -> list[Any]:
    possible = {name: module for name, module in model.named_modules() if _possible(module)}
    if names is None:
        names = tuple(possible)
    for name in names:
        if name not in possible:
            raise ValueError(
                f"only linear and convolutional layers can be quantized, got {name!r}; there are "
                f"{', '.join(possible) or 'none'}"
            )
    if not names:
        raise ValueError(f"{type(model).__name__} has no linear or convolutional layer to quantize; pass another model")
    taken = [name for name in names if "quantized_bits" in possible[name]._buffers]
    if taken:
        raise ValueError(f"the layer {taken[0]!r} is already quantized; pass a fresh model")
    return [possible[name] for name in names]


def _possible(module: nn.Module) -> bool:
    # nn.MultiheadAttention reads the weights of such a layer and never calls it, so a hook would do nothing.
    return isinstance(module, KINDS) and not isinstance(module, NonDynamicallyQuantizableLinear)


def _round(layer: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Before the layer runs: round its input, and put rounded weights where it reads them."""
    # An attribute of the instance hides the parameter of the same name, which optimizer and saves still find.
    layer.__dict__["weight"] = _rounded_weight(layer)
    if not layer.input_bits:
        return inputs
    x, *rest = inputs
    if layer.training:
        _learn_range(layer, x.detach())
    return (_rounded_input(layer, x), *rest)


def _restore(layer: Any, inputs: Any, output: Any) -> None:
    layer.__dict__.pop("weight", None)


def _levels(layer: Any) -> int:
    """The largest integer of a weight, n = 2^(b−1) − 1."""
    return 2 ** (int(layer.quantized_bits) - 1) - 1


def _scales(layer: Any) -> Tensor:
    """The scale s_c of each output channel, (out,)."""
    w = layer._parameters["weight"].detach()
    return (w.flatten(1).abs().amax(1) / _levels(layer)).clamp(min=torch.finfo(torch.float32).tiny).float()


def _rounded_weight(layer: Any) -> Tensor:
    n, s = _levels(layer), _scales(layer)
    zeros = torch.zeros(len(s), dtype=torch.int32, device=s.device)
    # As the layer reads it: weights may be held at zero (kdviz.compress.pruned).
    return torch.fake_quantize_per_channel_affine(layer.weight, s, zeros, 0, -n, n)


def _learn_range(layer: Any, x: Tensor) -> None:
    low, high = torch.aminmax(x)
    if not layer.input_seen:
        layer.input_low.copy_(low), layer.input_high.copy_(high)
        layer.input_seen.fill_(True)
    elif layer.input_average:
        layer.input_low.lerp_(low.float(), NEWEST), layer.input_high.lerp_(high.float(), NEWEST)
    else:
        torch.minimum(layer.input_low, low, out=layer.input_low)
        torch.maximum(layer.input_high, high, out=layer.input_high)


def input_scale(layer: Any) -> tuple[Tensor, Tensor]:
    """Return the scale s and the zero point z of a quantized layer's inputs."""
    low, high = layer.input_low.clamp(max=0), layer.input_high.clamp(min=0)
    s = ((high - low) / (2 ** int(layer.input_bits) - 1)).clamp(min=torch.finfo(torch.float32).tiny)
    return s, (-low / s).round().int()


def _rounded_input(layer: Any, x: Tensor) -> Tensor:
    if not layer.input_seen:
        return x
    s, z = input_scale(layer)
    return torch.fake_quantize_per_tensor_affine(x, s, z, 0, 2 ** int(layer.input_bits) - 1)


def with_fixed_rounding(model: nn.Module) -> nn.Module:
    """Return a copy that rounds by numbers which are fixed, in ordinary operations: it can be exported, not trained.

    Parameters
    ----------
    model : nn.Module
        From :func:`fake_quantized`; unchanged.

    Returns
    -------
    nn.Module
        In eval mode, with the same answers.
    """
    made = copy.deepcopy(model).eval()
    for name in quantized_layers(made):
        layer: Any = made.get_submodule(name)
        for hooks in (layer._forward_pre_hooks, layer._forward_hooks):
            for key in [key for key, hook in hooks.items() if hook in (_round, _restore)]:
                del hooks[key]
                layer._forward_hooks_always_called.pop(key, None)
        with torch.no_grad():
            layer.weight.copy_(_rounded_weight(layer))
        if layer.input_bits and layer.input_seen:
            s, z = input_scale(layer)
            layer.register_forward_pre_hook(_by_numbers(s.item(), int(z), 2 ** int(layer.input_bits) - 1))
        for mark in MARKS:
            layer._buffers.pop(mark, None)
    return made


def _by_numbers(s: float, z: int, most: int) -> Callable[[Any, tuple[Tensor, ...]], tuple[Tensor, ...]]:
    def round_input(layer: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        x, *rest = inputs
        return (s * (((x * (1 / s)).round() + z).clamp(0, most) - z), *rest)

    return round_input


def quantized_layers(model: nn.Module) -> tuple[str, ...]:
    """Return the dotted names of the quantized layers."""
    return tuple(name for name, module in model.named_modules() if "quantized_bits" in module._buffers)


def integer_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return all that is needed to run a quantized model with integers.

    Parameters
    ----------
    model : nn.Module
        From :func:`fake_quantized`, trained.

    Returns
    -------
    dict of str to Tensor
        The model's own state, with each quantized ``weight`` as int8 beside ``weight_scale`` (float32, one per
        channel), and ``input_scale`` (float32) and ``input_zero`` (int32) for its layer's inputs. The rest is
        unchanged. It can be written with ``safetensors.torch.save_file``.

    Raises
    ------
    ValueError
        If no layer is quantized.

    Examples
    --------
    >>> model = fake_quantized(nn.Sequential(nn.Linear(2, 1, bias=False)), activation_bits=None)
    >>> with torch.no_grad():
    ...     _ = model[0].weight.copy_(torch.tensor([[0.5, -1.27]]))
    >>> {name: tensor.tolist() for name, tensor in integer_weights(model).items()}
    {'0.weight': [[50, -127]], '0.weight_scale': [0.01]}
    """
    names = quantized_layers(model)
    if not names:
        raise ValueError("no layer of the model is quantized; call kd.schemes.fake_quantized(model) first")
    state = {k: v.detach().clone() for k, v in model.state_dict().items() if k.rpartition(".")[2] not in MARKS}
    for name in names:
        layer: Any = model.get_submodule(name)
        key = _weight_of(name)
        w, s, n = layer._parameters["weight"].detach(), _scales(layer), _levels(layer)
        along = s.view(-1, *(1,) * (w.ndim - 1))
        state[key] = (w * (1 / along)).round().clamp(-n, n).to(torch.int8)
        state[f"{key}_scale"] = s
        if layer.input_bits and layer.input_seen:
            into = key.removesuffix("weight")
            state[f"{into}input_scale"], state[f"{into}input_zero"] = input_scale(layer)
    return state


class Bytes(NamedTuple):
    """The size of a model on disk, without names and headers."""

    float32: int
    quantized: int


def bytes_of(model: nn.Module) -> Bytes:
    """Return the size of a quantized model in bytes, in full precision and quantized.

    Weights of fewer than 8 bits are counted as packed, b / 8 bytes each; :func:`integer_weights` uses one byte each.

    Examples
    --------
    >>> from kdviz import models
    >>> bytes_of(fake_quantized(models.mlp((32,)), bits=8))
    Bytes(float32=101800, quantized=25744)
    """
    state, own = integer_weights(model), model.state_dict()
    bits = {_weight_of(name): int(model.get_submodule(name).quantized_bits) for name in quantized_layers(model)}  # type: ignore[arg-type]
    full = sum(4 * tensor.numel() for name, tensor in state.items() if name in own)
    small = sum(math.ceil(t.numel() * bits[name] / 8) if name in bits else t.nbytes for name, t in state.items())
    return Bytes(full, small)


def _weight_of(layer: str) -> str:
    return f"{layer}.weight" if layer else "weight"
