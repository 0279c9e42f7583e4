"""Any model you bring: converted to a module, and a module that reads its model's inputs and outputs as you choose."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kdviz.models.boosters import LightGBMBooster, XGBooster
from kdviz.models.ensemble import Ensemble
from kdviz.models.estimator import Estimator
from kdviz.models.foreign import CannotAnswerError, Foreign
from kdviz.models.function import Function
from kdviz.models.inference import bare, call, count, logits_of
from kdviz.models.onnx_session import OnnxSession
from kdviz.models.probabilities import Probabilities, kind_of, logits_from

Part = int | str | Callable[[Any], Tensor]

NOT_HANDED_ON = ("architecture", "seed")  # they would rebuild the inner model without its wrapper


class Wrapped(nn.Module):
    """A model with the settings of :func:`wrap`; its weights are the model's own, under their own names."""

    def __init__(
        self,
        module: nn.Module,
        *,
        output: Part | None = None,
        training: Part | None = None,
        inputs: Callable[[Any], Any] | None = None,
        probabilities: Probabilities = False,
        classes: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        self.module = module
        self.output, self.while_training, self.inputs = output, training, inputs
        self.probabilities = probabilities
        self.classes = None if classes is None else tuple(classes)
        self.training = bool(getattr(module, "training", False))
        self._register_state_dict_hook(_without_prefix)
        self.register_load_state_dict_pre_hook(_with_prefix)

    @property
    def kdviz_wraps(self) -> nn.Module:
        """The module that defines the names of the layers."""
        return self.module

    @property
    def takes_any(self) -> bool:
        """Whether it receives every named input, since its own function chooses among them."""
        return self.inputs is not None

    @property
    def _orig_mod(self) -> Wrapped:
        """The same wrapper around the uncompiled model, if it is compiled."""
        inner = getattr(self.module, "_orig_mod", None)
        if not isinstance(inner, nn.Module):
            raise AttributeError("_orig_mod")
        return Wrapped(inner, **self._settings()).train(self.training)

    def _settings(self) -> dict[str, Any]:
        return {
            "output": self.output,
            "training": self.while_training,
            "inputs": self.inputs,
            "probabilities": self.probabilities,
            "classes": self.classes,
        }

    def mark(self) -> str:
        """Return how the settings change the outputs, as text: empty for no change."""
        part = self.output if isinstance(self.output, int | str | None) else "function"
        settings = (part, self.inputs is not None, self.probabilities, self.classes)
        return "" if settings == (None, False, False, None) else repr(settings)

    def forward(self, *inputs: Any, **named: Any) -> Tensor:
        """Return logits (B, C) for a batch: a tensor, several tensors, or named ones."""
        batch: Any = named or (inputs[0] if len(inputs) == 1 else inputs)
        rows = count(batch)
        given = call(self.module, batch if self.inputs is None else self.inputs(batch))
        chosen = self._chosen(given)
        if self.probabilities:
            p = tensor_in(chosen)
            logits = logits_from(p, self.probabilities, torch.finfo(p.dtype).tiny)
        else:
            logits = logits_of(chosen, "model", rows)
        return logits if self.classes is None else self.in_order(logits)

    def _chosen(self, given: Any) -> Any:
        """Return the part of the output to read in the current mode."""
        part = self.output
        if self.training and self.while_training is not None:
            part = self.while_training
        elif self.training and part is None:
            _check_one(given)
        if part is None or (isinstance(part, int | str) and isinstance(given, Tensor)):
            return given  # a head that returns one tensor in this mode
        return _mean(given) if part == "mean" else _part(given, part)

    def in_order(self, logits: Tensor) -> Tensor:
        """Return the columns in the order of the classes."""
        assert self.classes is not None
        if max(self.classes) >= logits.shape[-1]:
            raise CannotAnswerError(
                f"classes names column {max(self.classes)} and the model has {logits.shape[-1]}, counted from 0"
            )
        return logits[..., list(self.classes)]

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield the model's parameters under its own names."""
        return self.module.named_parameters(prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the model's buffers under its own names."""
        return self.module.named_buffers(prefix, recurse, remove_duplicate)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            inner = self.__dict__.get("_modules", {}).get("module")
            if inner is None or name.startswith("_") or name in NOT_HANDED_ON:
                raise
            return getattr(inner, name)


def _without_prefix(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in [name for name in state if name.startswith(prefix + "module.")]:
        state[prefix + name[len(prefix + "module.") :]] = state.pop(name)


def _with_prefix(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    for name in [name for name in state if name.startswith(prefix)]:
        state[prefix + "module." + name[len(prefix) :]] = state.pop(name)


def _check_one(given: Any) -> None:
    """Raise if a model in training mode returns several tensors and none was chosen to learn from."""
    if not isinstance(given, tuple | list) or sum(isinstance(part, Tensor) for part in given) < 2:
        return
    if getattr(given, "logits", None) is None:
        raise CannotAnswerError(
            f"expected one tensor in training mode, got {len(given)}; pass kd.wrap(model, training=0), the "
            'index of the one to learn from, or training="mean"'
        )


def _part(given: Any, part: Part) -> Any:
    if callable(part):
        return part(given)
    try:
        if isinstance(part, str) and not isinstance(given, Mapping):
            return getattr(given, part)
        return given[part]
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        has = f"the keys {', '.join(map(str, given))}" if isinstance(given, Mapping) else kind_of(given)
        raise CannotAnswerError(f"the model's output has no part {part!r}; it is {has}") from error


def _mean(given: Any) -> Tensor:
    parts = list(given.values()) if isinstance(given, Mapping) else list(given)
    parts = [part for part in parts if isinstance(part, Tensor)]
    if not parts or len({part.shape for part in parts}) > 1:
        raise CannotAnswerError(
            f'training="mean" needs tensors of one shape, got {", ".join(str(tuple(p.shape)) for p in parts)}; pass '
            "the index of the one to learn from"
        )
    return torch.stack(parts).mean(0)


def tensor_in(given: Any) -> Tensor:
    """Return the probabilities in an output: itself, or its part of that name, or else its part named logits."""
    if isinstance(given, Tensor):
        return given
    for name in ("probabilities", "logits"):
        named = given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)
        if isinstance(named, Tensor):
            return named
    raise CannotAnswerError(
        f"expected a tensor of probabilities, got {kind_of(given)}; pass kd.wrap(model, output=...)"
    )


def wrap(
    model: Any,
    *,
    output: Part | None = None,
    training: Part | None = None,
    inputs: Callable[[Any], Any] | None = None,
    probabilities: Probabilities | None = None,
    classes: Sequence[int | str] | int | None = None,
) -> nn.Module:
    """Wrap a model of your own, with settings for its inputs and outputs, as a module that kdviz can run.

    Where no settings are needed, models are wrapped automatically wherever you pass one: see Notes.

    Parameters
    ----------
    model : nn.Module or another predictor
        Its weights are shared, not copied, and its layers keep their names.
    output : int, str or callable, optional
        Where the logits are: the index in a tuple, the key of a dict, the name of an attribute or of an ONNX output, or
        a function of the output. Not needed for one tensor or a part named ``logits``.
    training : int, str, "mean" or callable, optional
        The same for training mode, where a head's output differs from evaluation; "mean" of all tensors.
    inputs : callable, optional
        Maps a batch of the data to this model's inputs: ``lambda x: F.interpolate(x, 224)``, or other names for the
        parts of a dict. So teacher and student can see the same example in two ways.
    probabilities : bool or "each", optional
        Whether the outputs are probabilities; the logits are then their logarithms. (B,) or (B, 1) are those of class
        1. "each": each output went through a sigmoid; the logits are then log(p / (1 − p)).
    classes : sequence of int or str, or int, optional
        The output column of each class of the data, in the data's order; others are left out. Names, where the model
        names its columns. For a function that only returns classes, their number.

    Returns
    -------
    nn.Module

    Raises
    ------
    TypeError, ValueError
        In one sentence, if the model cannot be used, or a setting does not apply to it.

    Notes
    -----
    Wrapped automatically: estimators of scikit-learn, XGBoost and LightGBM, ONNX sessions, programs of
    ``torch.export``, functions, and lists of models as an ensemble. Modules are used directly.

    Examples
    --------
    >>> class Two(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.head = nn.Linear(4, 3)
    ...     def forward(self, pixels):
    ...         return pixels, self.head(pixels)
    >>> model = wrap(Two(), output=1, classes=[2, 0])
    >>> model(torch.zeros(5, 4)).shape, list(model.state_dict())
    (torch.Size([5, 2]), ['head.weight', 'head.bias'])
    """
    settings: dict[str, Any] = {"output": output, "training": training, "inputs": inputs}
    if not isinstance(model, nn.Module) and not isinstance(model, list | tuple) and not _is_exported(model):
        return _foreign(model, probabilities=probabilities, classes=classes, **settings)
    module = as_module(model, "model")
    columns = None if classes is None else _columns(module, classes)
    if isinstance(module, Foreign):
        for name, value in (("output", output), ("training", training), ("probabilities", probabilities)):
            _refuse(module, name, value)
    return Wrapped(module, probabilities=probabilities or False, classes=columns, **settings)


def as_module(
    thing: Any, who: str, *, classes: Sequence[str] | None = None, features: Sequence[str] | None = None
) -> nn.Module:
    """Return a predictor as a module; a module is returned unchanged.

    Parameters
    ----------
    thing : nn.Module or another predictor
        An estimator or booster, an ONNX session, a program of ``torch.export``, a function, or a list of such.
    who : str
        Its name in messages: "teacher".
    classes : sequence of str, optional
        The data's classes: the columns of an estimator are put in their order.
    features : sequence of str, optional
        The data's columns: for an estimator that was fitted on a frame they are matched by name.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if it cannot be used.
    """
    try:
        module = _module(thing)
    except (TypeError, ValueError) as error:
        raise type(error)(f"the {who} cannot be used: {error}") from error.__cause__
    if isinstance(module, Estimator):
        module = module.of_columns(features or (), who)
        return module if classes is None else module.ordered(classes, who)
    if classes is not None:
        _check_order(names_of(module), tuple(classes), who)
    return module


def _check_order(names: tuple[str, ...] | None, classes: tuple[str, ...], who: str) -> None:
    """Warn if a model has the data's classes in another order."""
    if names is None or names == classes or sorted(names) != sorted(classes):
        return
    places = [names.index(name) for name in classes]
    warnings.warn(
        f"the {who} names its classes {', '.join(names[:6])} and the data's are {', '.join(classes[:6])}, so its "
        f"outputs are read in the wrong order; pass kd.wrap(model, classes={places})",
        UserWarning,
        stacklevel=3,
    )


def _module(thing: Any) -> nn.Module:
    if isinstance(thing, nn.Module):
        _check_exported(thing)
        return thing
    if _is_exported(thing):
        return _module(thing.module())
    if isinstance(thing, list | tuple) and thing and not isinstance(thing[0], int | float | str):
        members = [_module(each) for each in thing]
        return Ensemble(members).train(any(member.training for member in members))
    return _foreign(thing)


def _foreign(
    thing: Any,
    *,
    output: Part | None = None,
    training: Part | None = None,
    inputs: Callable[[Any], Any] | None = None,
    probabilities: Probabilities | None = None,
    classes: Sequence[int | str] | int | None = None,
) -> nn.Module:
    """Return a predictor that is not a torch model as a module."""
    package = type(thing).__module__.partition(".")[0]
    columns = None if classes is None or isinstance(classes, int) else classes
    module: Foreign
    if package == "onnxruntime" and hasattr(thing, "get_inputs"):
        if callable(output):
            raise TypeError("output of an ONNX session must be the name or the index of an output, got a function")
        module = OnnxSession(thing, output=output, probabilities=probabilities, inputs=inputs)
    elif (package, type(thing).__name__) in BOOSTERS:
        module = BOOSTERS[package, type(thing).__name__](thing, inputs=inputs)
    elif _is_estimator(thing):
        module = Estimator(thing, inputs=inputs)
    elif callable(getattr(thing, "predict_proba", None)) and not isinstance(thing, type):
        module = Function(thing.predict_proba, probabilities=True, inputs=inputs)
    elif callable(thing) and not isinstance(thing, type) and not hasattr(thing, "tokenizer"):
        how_many = classes if isinstance(classes, int) else None
        module = Function(thing, probabilities=probabilities, classes=how_many, inputs=inputs)
    else:
        raise TypeError(_no_model(thing))
    _refuse(module, "training", training)
    if not isinstance(module, OnnxSession):
        _refuse(module, "output", output)
    if isinstance(module, Estimator):
        _refuse(module, "probabilities", probabilities)
    return module if columns is None else Wrapped(module, classes=_columns(module, columns))


BOOSTERS: dict[tuple[str, str], type[Estimator]] = {
    ("xgboost", "Booster"): XGBooster,
    ("lightgbm", "Booster"): LightGBMBooster,
}


def _is_estimator(thing: Any) -> bool:
    """Whether it has scikit-learn's interface: something that was, or can be, fitted."""
    if isinstance(thing, type):
        return callable(getattr(thing, "fit", None)) and callable(getattr(thing, "predict", None))
    return callable(getattr(thing, "fit", None)) and callable(getattr(thing, "get_params", None))


def _is_exported(thing: Any) -> bool:
    return isinstance(thing, torch.export.ExportedProgram)


def _check_exported(module: nn.Module) -> None:
    """Raise if a program was exported in training mode: its dropout cannot be switched off."""
    if not isinstance(module, torch.fx.GraphModule) or "eval" not in vars(module):
        return
    for node in module.graph.nodes:
        name = str(node.target)
        drops = name.startswith("aten.dropout") and node.args[1] > 0 and node.args[2] is True
        if drops or (name.startswith("aten.batch_norm") and node.args[5] is True):
            raise ValueError(
                "the program was exported in training mode, so dropout and batch statistics blur its outputs; "
                "export model.eval()"
            )


def _refuse(module: nn.Module, name: str, value: Any) -> None:
    if value is not None:
        what = str(getattr(module, "title", f"a {type(module).__name__}"))
        raise TypeError(f"{name}={value!r} does not apply to {what}; leave it out")


def _columns(module: nn.Module, classes: Sequence[int | str] | int) -> tuple[int, ...]:
    """Return the column of each class of the data; names are looked up among the model's."""
    if isinstance(classes, int | str):
        raise TypeError(f"classes must be a sequence with the column of each class, got {classes!r}")
    names = names_of(module)
    columns: list[int] = []
    for which in classes:
        if isinstance(which, str) and names is None:
            raise ValueError(
                f"the model does not name its classes, so {which!r} cannot be found; pass columns by number"
            )
        if isinstance(which, str) and names is not None and which not in names:
            raise ValueError(f"the model has no class {which!r}; it has {', '.join(names[:12])}")
        columns.append(names.index(which) if isinstance(which, str) and names is not None else int(which))
    if len(columns) < 2 or min(columns) < 0 or len(set(columns)) < len(columns):
        raise ValueError(f"classes must hold two or more different columns, counted from 0, got {list(classes)}")
    return tuple(columns)


def kind_name(module: nn.Module) -> str:
    """Return a readable name for a model without a title: its class, or what it calls.

    >>> kind_name(wrap(nn.Linear(2, 2), classes=[1, 0])), kind_name(Function(len))
    ('Linear', 'function len')
    """
    if isinstance(module, Foreign):
        return module.title.removeprefix("the ")
    inside = bare(module)
    return kind_name(inside) if inside is not module else type(module).__name__


def names_of(module: nn.Module) -> tuple[str, ...] | None:
    """Return the model's names of its classes, column by column, if known.

    For an estimator ``classes_``, for a model of the transformers package ``config.id2label``, unless they are
    generated ("LABEL_0").
    """
    if isinstance(module, Wrapped) and module.classes is not None:
        inside = names_of(module.module)
        return None if inside is None else tuple(inside[k] for k in module.classes)
    names = getattr(module, "names", None)
    if isinstance(module, Estimator) and names:
        return tuple(names)
    given = getattr(getattr(module, "config", None), "id2label", None)
    if not isinstance(given, Mapping) or not given:
        return None
    ordered = tuple(str(given[key]) for key in sorted(given, key=int))
    return None if all(name.startswith("LABEL_") for name in ordered) else ordered


def _no_model(thing: Any) -> str:
    """Return a sentence on something that is not a model, with what to pass instead."""
    what, package = kind_of(thing), type(thing).__module__.partition(".")[0]
    if isinstance(thing, type):
        return f"expected a model, got {what}; pass {thing.__name__}(...)"
    if isinstance(thing, str):
        remedy = 'load it first, for example by kd.models.load("mnist-convnet")'
        if thing.endswith(".onnx"):
            remedy = f"open it first: onnxruntime.InferenceSession({thing!r})"
        return f"expected a model, got the text {thing!r}; {remedy}"
    if isinstance(thing, Tensor | np.ndarray):
        return f"expected a model, got {what}; for recorded logits pass kd.schemes.RecordedAnswers(examples, logits)"
    if isinstance(thing, Mapping) and thing and all(isinstance(v, Tensor) for v in thing.values()):
        return "expected a model, got a dict of weights; build the model and pass it after load_state_dict(weights)"
    if package == "onnx":
        return "expected a session, got an ONNX model; pass onnxruntime.InferenceSession(model.SerializeToString())"
    for name, kind in (("model", nn.Module), ("student", nn.Module)):
        if isinstance(getattr(thing, name, None), kind):
            return f"expected a model, got {what}, which holds one; pass its .{name}"
    return (
        f"expected a model, got {what}; pass a torch.nn.Module, an estimator with predict_proba, an ONNX session, or a "
        "function from a batch to logits"
    )
