"""A model as a program of PyTorch's own, which files are made from; and the layer that stands in the way, by name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx import Node

from ..data import Examples, Splits
from ..data.inputs import Inputs, each, named, tensors
from ..distill.run import Run
from ..distill.schemes.quantized import quantized_layers, with_fixed_rounding
from ..distill.teacher import Teacher
from ..models import inference
from ..models.looking import evaluating

CHECKED = 64  # examples that a file is checked on, at most
TOLERANCE = 1e-4  # by which logits may differ, as a share of the largest one; single precision gives some 1e-6

LOUD = ("torch.onnx._internal.exporter._registration", "torch.fx.experimental.symbolic_shapes", "torch.export")


class Written(NamedTuple):
    """A file that was written, read again and compared with its model.

    Attributes
    ----------
    path : pathlib.Path
    bytes : int
        Of the file, with what lies beside it.
    examples : int
        How many examples both answered.
    largest_difference : float
        Between their logits, on these examples.
    """

    path: Path
    bytes: int
    examples: int
    largest_difference: float

    def __str__(self) -> str:
        return (
            f"{self.path}: {self.bytes:,} bytes; on {self.examples:,} examples its logits differ from the model's by "
            f"{self.largest_difference:.1e} at most"
        )


class Logits(nn.Module):
    """A model that is given its inputs in order and returns nothing but logits."""

    def __init__(self, model: nn.Module, inputs: Inputs) -> None:
        super().__init__()
        self.model = model
        self.names = tuple(inputs) if isinstance(inputs, Mapping) else None
        self.alone = isinstance(inputs, Tensor)

    def forward(self, *parts: Tensor) -> Tensor:
        given: Any = parts[0] if self.alone else parts
        if self.names is not None:
            given = dict(zip(self.names, parts, strict=True))
        logits = inference.found_in(inference.call(self.model, given), "model")
        logits = logits.unsqueeze(1) if logits.ndim == 1 else logits
        return inference.two_classes(logits) if logits.shape[-1] == 1 else logits


class Subject(NamedTuple):
    """What is exported: a model, and a batch of examples that it answers."""

    model: nn.Module
    inputs: Inputs

    @property
    def names(self) -> list[str]:
        """What its inputs are called in a file."""
        given = [name or "inputs" for name, _ in named(self.inputs)]
        return [name.replace(" ", "_") for name in given]

    @property
    def logits(self) -> Tensor:
        """Its answers (B, C), or (B, L, C) for tokens."""
        with evaluating(self.model), torch.no_grad():
            return inference.answer(self.model, self.inputs, who="model")


def subject(model: Any, inputs: Any) -> Subject:
    """The model that is meant, and a batch of at most `CHECKED` examples.

    Raises
    ------
    TypeError, ValueError
        If it is no module, or there is no example.
    """
    if isinstance(model, Run):
        inputs = model.data.test if inputs is None else inputs
        model = model.student
    elif isinstance(model, Teacher):
        model = model.module
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected a torch module, a run or a teacher to export, got {type(model).__name__}")
    if isinstance(model, torch.jit.ScriptModule):
        raise TypeError("expected a module with its Python, got a TorchScript module; export what it was made from")
    if inputs is None:
        raise ValueError("a model is exported by following it on examples: pass some as inputs=, such as data.test")
    if isinstance(inputs, Splits):
        inputs = inputs.test
    if isinstance(inputs, Examples):
        inputs = inputs.take(slice(0, CHECKED)).inputs()
    parts = tensors(inputs) if isinstance(inputs, Tensor | Mapping | tuple) else ()
    if not parts or not all(isinstance(part, Tensor) and part.ndim and len(part) for part in parts):
        raise ValueError(
            "inputs must be examples: a split of a data set, or a tensor (B, ...), a dict or a tuple of tensors, got "
            f"{type(inputs).__name__}"
        )
    few = each(inputs, lambda part: part[:CHECKED])
    if inference.count(few) == 1:  # what is followed on a single example may hold for single ones alone
        few = each(few, lambda part: torch.cat([part, part]))
    if quantized_layers(model):
        model = with_fixed_rounding(model)
    return Subject(model, inference.fitted(few, model))


def followed(of: Subject) -> ExportedProgram:
    """Follow a model on its examples, for any number of them.

    Raises
    ------
    ValueError
        That names the innermost layer that cannot be followed, and why.
    """
    _ = of.logits  # where it does not even answer, its own sentence
    try:
        return _exported(Logits(of.model, of.inputs), tensors(of.inputs), {})
    except Exception as error:
        raise ValueError(_in_the_way(of, error)) from error


def compared(path: Path, theirs: Tensor, ours: Tensor, tolerance: float) -> Written:
    """What a file answers, held against its model.

    Raises
    ------
    ValueError
        If the logits differ by more than `tolerance` times the largest; the file stays, to be looked at.
    """
    ours, theirs = ours.double().cpu(), theirs.double().cpu()
    if ours.shape != theirs.shape:
        raise ValueError(f"{path} answers {tuple(theirs.shape)} where the model answers {tuple(ours.shape)}")
    same = (ours == theirs) | (ours.isnan() & theirs.isnan())
    largest = float((ours - theirs).abs().masked_fill(same, 0).max())
    scale = max(1.0, float(ours[ours.isfinite()].abs().max()) if ours.isfinite().any() else 1.0)
    if not largest <= tolerance * scale:
        raise ValueError(
            f"{path} was written, but does not answer as the model does: logits up to {scale:.3g} differ by "
            f"{largest:.3g}, more than tolerance={tolerance:g} allows; do not ship it"
        )
    return Written(path, size(path), len(ours), largest)


def size(path: Path) -> int:
    """The bytes of a file and of its data beside it."""
    beside = path.with_name(path.name + ".data")
    return path.stat().st_size + (beside.stat().st_size if beside.exists() else 0)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to itself what PyTorch's exporters say of their own insides; what fails is said in one sentence."""
    loggers = [logging.getLogger(name) for name in LOUD]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), redirect_stderr(StringIO()), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _exported(model: nn.Module, arguments: tuple[Any, ...], by_name: dict[str, Any]) -> ExportedProgram:
    batch = Dim("batch")

    def sizes(part: Any) -> Any:
        if isinstance(part, Tensor):
            return {0: batch} if part.ndim else None
        if isinstance(part, Mapping):
            return {name: sizes(one) for name, one in part.items()}
        return type(part)(sizes(one) for one in part) if isinstance(part, list | tuple) else None

    shapes: Any = tuple(sizes(one) for one in arguments)
    if isinstance(model, Logits):
        shapes = (shapes,)  # of its only argument, *parts
    elif by_name:
        shapes = None
    with evaluating(model), torch.no_grad(), quiet():
        return torch.export.export(model, arguments, by_name, dynamic_shapes=shapes)


def untranslated(of: Subject, error: Exception) -> str:
    """Say which layer ONNX has no form for: that of the operation which was being translated when the error came."""
    node: Node | None = None
    found: BaseException | None = error
    while found is not None:
        frame = found.__traceback__
        while frame is not None:
            here = frame.tb_frame.f_locals.get("node")
            node, frame = (here if isinstance(here, Node) else node), frame.tb_next
        found = found.__cause__
    where, reason = "", _first_line(error)
    if node is not None:
        layers = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
        where = layers[-1].partition("model.")[2] if layers else ""
        reason = f"ONNX has no form for {node.target}"
    advice = "write it in other operations, or export a program of PyTorch (kd.export.program)"
    return f"{type(of.model).__name__} cannot be exported because of {_called(of.model, where)}: {reason}; {advice}"


def _called(model: nn.Module, layer: str) -> str:
    return f"layer {layer!r} ({type(model.get_submodule(layer)).__name__})" if layer else "its own forward"


def _in_the_way(of: Subject, error: Exception) -> str:
    """Say which layer cannot be followed: the innermost of those that fail by themselves."""
    seen: dict[str, tuple[nn.Module, tuple[Any, ...], dict[str, Any]]] = {}

    def watched(name: str, layer: nn.Module) -> Any:
        def keep(layer: nn.Module, given: tuple[Any, ...], by_name: dict[str, Any]) -> None:
            seen.setdefault(name, (layer, given, by_name))

        return layer.register_forward_pre_hook(keep, with_kwargs=True)

    hooks = [watched(name, layer) for name, layer in of.model.named_modules() if name]
    try:
        _ = of.logits
    finally:
        for hook in hooks:
            hook.remove()
    where, why = "", error
    for name, (layer, given, by_name) in seen.items():  # in the order of the calls: what is inside comes after
        if where and not name.startswith(where + "."):
            continue
        try:
            _exported(layer, given, by_name)
        except Exception as own:
            where, why = name, own
    reason, advice = _first_line(why), "write it in operations on tensors alone, or export the part before it"
    if "data-dependent" in reason:
        reason = "what it does depends on values: an if, a loop or an item() of a tensor"
    elif "Constraints violated" in reason:
        reason = "it works for one number of examples only"
        advice = "take the number of examples as x.shape[0], not as len(x) or int(...)"
    elif "quantized" in type(of.model.get_submodule(where)).__module__:
        reason = "PyTorch's own integers have no form in a file for others"
        advice = "export the network as it was before kd.compress.int8, and quantize the file with the runtime's tools"
    return f"{type(of.model).__name__} cannot be exported because of {_called(of.model, where)}: {reason}; {advice}"


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
