"""Trees, forests, linear models: estimators of scikit-learn, XGBoost and LightGBM as modules that return logits."""

from __future__ import annotations

import copy
import hashlib
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.models.foreign import CannotAnswerError, Foreign, array, numbers
from kdviz.models.probabilities import FLOOR, log_probabilities, named_classes

LOOK = 48  # made-up rows that identify an estimator


class Estimator(Foreign):
    """A fitted classifier with scikit-learn's interface, as a module: its log-probabilities are the logits.

    Parameters
    ----------
    estimator : object
        Fitted, with ``predict_proba``: of scikit-learn (pipelines and searches too), ``XGBClassifier``,
        ``LGBMClassifier`` or similar. One with only ``predict`` returns just classes, with a warning.
    inputs : callable, optional
        Maps a batch of the data to the kind of input the estimator was fitted on, such as a frame.
    floor : float
        Replaces smaller probabilities, as ln 0 is not finite.

    Attributes
    ----------
    names : tuple of str
        The estimator's names of its classes, in the order of its columns.

    Raises
    ------
    TypeError, ValueError
        In one sentence, if it is not a classifier, is not fitted, or has several outputs.

    Notes
    -----
    It receives float32 examples, images scaled to [0, 1], each flattened into one row: fit the estimator on the same,
    ``data.train.inputs().flatten(1).numpy()``. One that was fitted on a frame receives a frame with its own column
    names, in their order.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0], [1.0]], ["no", "yes", "yes"])
    >>> Estimator(tree)(torch.tensor([[1.0], [0.0]])).softmax(1).round()
    tensor([[0., 1.],
            [1., 0.]])
    """

    mark: Tensor
    columns: Tensor
    advice = "fit sklearn.calibration.CalibratedClassifierCV(estimator)"

    def __init__(self, estimator: Any, *, inputs: Any = None, floor: float = FLOOR) -> None:
        super().__init__()
        self.estimator, self.inputs, self.floor = estimator, inputs, floor
        self.title = f"the {type(estimator).__name__}"
        self.take: list[int] | None = None  # the columns in its own order, where the data's differs
        self._check()
        self.names, self.features = self._own()
        if not self.tells:
            warnings.warn(
                f"{self.title} has no probabilities and only predicts a class, so its soft targets contain no more "
                f"than its hard labels; for probabilities {self.advice}",
                UserWarning,
                stacklevel=2,
            )
        self.register_buffer("columns", torch.arange(len(self.names)))
        self.register_buffer("mark", torch.frombuffer(bytearray(self._mark()), dtype=torch.uint8))

    @property
    def tells(self) -> bool:
        """Whether it predicts more than a class."""
        return callable(_attribute(self.estimator, "predict_proba", None))

    def _own(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of its classes and, where it was fitted on a frame, of its columns."""
        features = _attribute(self.estimator, "feature_names_in_", ())
        return _names(self.estimator.classes_), tuple(map(str, features))

    def _check(self) -> None:
        estimator = self.estimator
        if isinstance(estimator, type):
            raise TypeError(
                f"expected a fitted estimator, got the class {estimator.__name__}; "
                f"pass {estimator.__name__}().fit(X, y)"
            )
        classes = _attribute(estimator, "classes_", None)
        if classes is None and not _is_fitted(estimator):
            raise ValueError(f"{self.title} is not fitted; call its fit(X, y) and pass it again")
        if classes is None:
            raise TypeError(
                f"expected a classifier, got {self.title}, which predicts numbers; pass an estimator with predict_proba"
            )
        if len(classes) and np.ndim(classes[0]) > 0:
            raise TypeError(
                f"expected an estimator with one output, got {self.title} with {len(classes)} outputs; "
                "fit an estimator for each"
            )
        if len(classes) < 2:
            raise ValueError(
                f"expected at least two classes, got {self.title} with one; fit it on examples of all classes"
            )

    def answer(self, batch: Any) -> Tensor:
        table = self.table(batch) if self.inputs is None else self.inputs(batch)
        try:
            logits = self._logits(table)
        except (ValueError, TypeError, KeyError) as error:
            reason = " ".join(str(error).split())[:160]
            raise CannotAnswerError(
                f"{self.title} cannot process these examples ({reason}); it was fitted on {self._fitted_on()}: pass "
                "kd.wrap(estimator, inputs=...), a function that converts a batch to that"
            ) from error
        unknown = logits.new_full((len(logits), 1), math.log(self.floor))  # column -1
        return torch.cat((logits, unknown), 1)[:, self.columns.cpu()]

    def _logits(self, table: Any) -> Tensor:
        if not self.tells:
            predicted = np.asarray(self.estimator.predict(table)).reshape(-1)
            order = {name: k for k, name in enumerate(_names(self.estimator.classes_))}
            return named_classes(torch.tensor([order[name] for name in _names(predicted)]), len(order))
        return log_probabilities(numbers(self.estimator.predict_proba(table)).double(), self.floor)

    def table(self, batch: Any) -> Any:
        """Return a batch in the estimator's format: an array (B, F), or a frame where it was fitted on one."""
        if isinstance(batch, Mapping):
            rows = {name: array(part).reshape(len(part), -1) for name, part in batch.items()}
            order = self.features if set(self.features) == set(rows) else tuple(rows)
            flat = np.concatenate([rows[name] for name in order], 1)
        elif isinstance(batch, Tensor):
            flat = array(batch.flatten(1) if batch.ndim > 1 else batch[:, None])
        else:
            flat = np.concatenate([array(part.flatten(1)) for part in batch], 1)
        count = self.feature_count()
        if count is not None and flat.shape[1] != count:
            raise CannotAnswerError(
                f"{self.title} was fitted on {self._fitted_on()} and these examples have {flat.shape[1]} columns; "
                "pass kd.wrap(estimator, inputs=...), a function that converts a batch to its format"
            )
        return self._framed(flat if self.take is None else flat[:, self.take])

    def _framed(self, flat: np.ndarray) -> Any:
        if not self.features:
            return flat
        import pandas

        return pandas.DataFrame(flat, columns=list(self.features))

    def feature_count(self) -> int | None:
        """Return the number of columns it was fitted on, if known."""
        count = _attribute(self.estimator, "n_features_in_", None)
        return None if count is None else int(count)

    def _fitted_on(self) -> str:
        if self.features:
            return f"a frame of {len(self.features)} columns ({_some(self.features)})"
        count = self.feature_count()
        return "its own inputs" if count is None else f"{count} columns"

    def ordered(self, classes: Sequence[str], who: str) -> Estimator:
        """Return it with its columns in the order of the data's classes; itself if they already are.

        Parameters
        ----------
        classes : sequence of str
            The data's classes in their order.
        who : str
            What messages call the model.

        Raises
        ------
        ValueError
            If its classes differ from the data's.
        """
        places = column_places(self.names, classes, f"the {who}, a {type(self.estimator).__name__},")
        if places == self.columns.tolist():
            return self
        return self._with(columns=torch.tensor(places))

    def of_columns(self, features: Sequence[str], who: str) -> Estimator:
        """Return it with the data's columns matched by name; itself where the order is the same."""
        if not self.features or not features or tuple(features) == self.features or self.inputs is not None:
            return self
        if sorted(features) == sorted(self.features):
            return self._with(take=[list(features).index(name) for name in self.features])
        warnings.warn(
            f"the {who} was fitted on the columns {_some(self.features)} and the data's are {_some(features)}, so they "
            "are used in order; to choose them pass kd.wrap(estimator, inputs=...)",
            UserWarning,
            stacklevel=2,
        )
        return self

    def _with(self, *, columns: Tensor | None = None, **changed: Any) -> Estimator:
        """Return the same estimator with other settings."""
        other = copy.copy(self)
        other._buffers = dict(self._buffers)
        if columns is not None:
            other.columns = columns
        for name, value in changed.items():
            setattr(other, name, value)
        return other

    def _mark(self) -> bytes:
        """Return a hash of its outputs for made-up rows: equal for copies, different for others."""
        digest = hashlib.blake2b(f"{type(self.estimator).__name__}{self.names}{self.features}".encode(), digest_size=16)
        count = self.feature_count()
        if count is not None and self.inputs is None:
            draw = np.random.RandomState(0)  # its stream is frozen for good
            rows = draw.choice([-1.0, 1.0], (LOOK, count)) * 10 ** draw.uniform(-2, 4, (LOOK, count))
            try:
                p = self._logits(self._framed(rows.astype(np.float32))).exp().numpy()
            except Exception:  # it may not accept made-up rows
                return digest.digest()
            digest.update((p.round(4) + 0.0).tobytes())
        return digest.digest()


def column_places(names: Sequence[str], classes: Sequence[str], who: str) -> list[int]:
    """Return the column of each class of the data, -1 for one that the model does not know.

    Classes are matched by equal names; if the model calls them 0, 1, 2 ..., by order.

    Parameters
    ----------
    names : sequence of str
        The model's names of its columns.
    classes : sequence of str
        The data's classes.
    who : str
        What messages call the model.

    Raises
    ------
    ValueError
        If neither works, or both do and differ.

    Examples
    --------
    >>> column_places(("cat", "dog"), ("dog", "cat"), "it"), column_places(("0", "1"), ("cat", "dog"), "it")
    ([1, 0], [0, 1])
    """
    by_name = [list(names).index(str(c)) if str(c) in names else -1 for c in classes]
    in_order = [names.index(str(k)) if str(k) in names else -1 for k in range(len(classes))]
    all_named = len([k for k in by_name if k >= 0]) == len(names)
    all_numbered = len([k for k in in_order if k >= 0]) == len(names)
    decide = "pass kd.wrap(estimator, classes=[...]) with the column of each class"
    if not all_named and not all_numbered:
        raise ValueError(f"{who} knows the classes {_some(names)} and the data's are {_some(classes)}; {decide}")
    if all_named and all_numbered and by_name != in_order:
        raise ValueError(
            f"{who} knows the classes {_some(names)} and the data's are {_some(classes)}, which may match by name "
            f"or by order; {decide}"
        )
    places = by_name if all_named else in_order
    missing = [str(c) for c, k in zip(classes, places, strict=True) if k < 0]
    if missing:
        warnings.warn(
            f"{who} never saw {'the class' if len(missing) == 1 else 'the classes'} {_some(missing)}, so its "
            "probability of it is 0; fit it on examples of all classes",
            UserWarning,
            stacklevel=2,
        )
    return places


def _some(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(map(str, list(names)[:most])) + (", ..." if len(names) > most else "")


def _names(classes: Iterable[Any]) -> tuple[str, ...]:
    """Return names of classes in the data's spelling: 1.0 and True are 1."""
    plain = [c.item() if isinstance(c, np.generic) else c for c in classes]
    return tuple(str(int(c)) if isinstance(c, bool | float) and float(c).is_integer() else str(c) for c in plain)


def _attribute(thing: Any, name: str, default: Any) -> Any:
    """Return an attribute, or the default where it does not exist (yet)."""
    try:
        return getattr(thing, name, default)
    except Exception:  # a property may raise anything
        return default


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    except TypeError:  # an unconventional estimator
        return bool([name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")])
    return True
