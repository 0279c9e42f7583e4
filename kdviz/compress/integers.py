"""Eight-bit integers as PyTorch itself computes with them, after training: dynamic and static."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import nn

from ..data import Examples, Splits
from ..distill.schemes import quantized_layers
from ..models import inference

CALIBRATED_ON = 1000  # examples, at most, whose values set the ranges
_WARNINGS = threading.RLock()  # the filters of warnings belong to the process


def int8(
    model: nn.Module,
    examples: Splits | Examples | torch.Tensor | None = None,
    *,
    kind: Literal["dynamic", "static"] = "dynamic",
) -> nn.Module:
    """Return a copy of a network that computes with eight-bit integers, by PyTorch's own kernels.

    Parameters
    ----------
    model : nn.Module
        On the CPU, in float32. Unchanged.
    examples : Splits, Examples or Tensor, optional
        For "static": what the ranges of its values are taken from (the first 1,000), as the network takes them. Of a
        `Splits` the training part. Their labels are not read.
    kind : {"dynamic", "static"}
        Dynamic: the weights of linear layers are integers, their inputs are rounded anew at each call; convolutions
        stay in float32. Static: all layers between the input and the logits compute with integers whose ranges are
        fixed beforehand; normalization and ReLU are folded into the layer before.

    Returns
    -------
    nn.Module
        In eval mode; it cannot be trained further.

    Raises
    ------
    ValueError
        If the kind is none of the two, examples are missing, or PyTorch cannot convert the network.

    Notes
    -----
    Of ``torch.ao.quantization``: ``quantize_dynamic`` and the graph mode (``prepare_fx``, ``convert_fx``), on the
    engine that suits the processor. PyTorch 2.13 has both, and says that they will move to the package torchao.
    Whether integers are faster depends on processor and size: small layers may be slower than in float32. Measure it.

    Examples
    --------
    >>> from kdviz import models
    >>> type(int8(models.mlp((8,), inputs=4, classes=3)).linear1).__module__.rpartition(".")[0]
    'torch.ao.nn.quantized.dynamic.modules'
    """
    if kind not in ("dynamic", "static"):
        raise ValueError(f'kind must be "dynamic" or "static", got {kind!r}')
    if kind == "static" and examples is None:
        raise ValueError("static integers need examples, from which their ranges are taken: pass data.train")
    if isinstance(examples, Splits):
        examples = examples.train
    source = copy.deepcopy(model).eval()
    for module in source.modules():
        _check_plain(module)
    try:
        with quiet(), _engine():
            return _dynamic(source) if kind == "dynamic" else _static(source, examples)
    except Exception as error:  # whatever torch meets in a network of somebody's own
        reason = " ".join(str(error).split())[:200]
        raise ValueError(f"PyTorch cannot make {type(model).__name__} {kind} int8: {reason}") from error


def ranged(model: nn.Module, inputs: Any) -> nn.Module:
    """Have a network that is rounded in the loop learn the usual ranges of its layers' inputs, and nothing else.

    For one that is not trained after the rounding: before it knows them, inputs are not rounded.

    Parameters
    ----------
    model : nn.Module
        From :func:`~kdviz.distill.schemes.fake_quantized`; changed in place.
    inputs : Tensor
        Some examples, as the network takes them.

    Returns
    -------
    nn.Module
        The same model, in eval mode. Nothing is dropped and no statistics are changed.

    Raises
    ------
    ValueError
        If no layer of the model is rounded.
    """
    names = quantized_layers(model)
    if not names:
        raise ValueError("no layer of the model is rounded; call kd.schemes.fake_quantized(model) first")
    model.eval()
    for name in names:
        model.get_submodule(name).training = True
    with torch.no_grad():
        model(inference.fitted(inputs, model))
    return model.eval()


def _check_plain(module: nn.Module) -> None:
    if "quantized_bits" in module._buffers:
        raise ValueError("the model is rounded in the loop already; pass the network as it was before fake_quantized")


def _dynamic(model: nn.Module) -> nn.Module:
    from torch.ao.quantization import quantize_dynamic

    made: nn.Module = quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    return made


def _static(model: nn.Module, examples: Any) -> nn.Module:
    from torch.ao.quantization import get_default_qconfig_mapping
    from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

    first = examples.inputs(slice(0, CALIBRATED_ON)) if isinstance(examples, Examples) else examples[:CALIBRATED_ON]
    x = inference.fitted(first, model)
    prepared = prepare_fx(model, get_default_qconfig_mapping(torch.backends.quantized.engine), (x[:1],))
    with torch.no_grad():
        prepared(x)
    made: nn.Module = convert_fx(prepared)
    return made.eval()


@contextmanager
def _engine() -> Iterator[None]:
    """Choose the kernels that suit the processor, for the time being."""
    before, there = torch.backends.quantized.engine, torch.backends.quantized.supported_engines
    try:
        if before == "none":
            torch.backends.quantized.engine = next(name for name in ("x86", "fbgemm", "qnnpack") if name in there)
        yield
    finally:
        torch.backends.quantized.engine = before


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what torch.ao says of its own future at each call."""
    with _WARNINGS, warnings.catch_warnings():
        for text in ("torch.ao.quantization is deprecated", "Please use quant_min", "torch.quantize_per"):
            warnings.filterwarnings("ignore", message=text)
        yield
