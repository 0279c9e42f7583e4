"""What a changed picture does to several models: accuracy against radius and severity, on the same changed pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ...data import Examples
from ...models import inference
from ...models.attack import NORMS, Norm, fgsm, pgd
from ...models.inference import Progress
from ...words import mark, number, t
from ..confidence import check_confidence
from ..named import named
from ..paired import PairedErrors, paired_errors
from ..wilson import wilson
from .corruptions import CORRUPTIONS, KINDS, SEVERITIES, corrupt

if TYPE_CHECKING:
    import pandas as pd

Attack = Literal["fgsm", "pgd"]
ATTACKS: tuple[Attack, ...] = ("fgsm", "pgd")
RADII = {"linf": (0.02, 0.05, 0.1, 0.15, 0.2), "l2": (0.5, 1.0, 1.5, 2.0, 3.0)}  # of pixels in [0, 1], 28×28 of them
CLEAN = "clean"
CORRUPTION_NAMES = {
    "noise": mark("noise"),
    "blur": mark("blur"),
    "rotation": mark("rotation"),
    "contrast": mark("less contrast"),
    "occlusion": mark("occlusion"),
}
ATTACKED = mark(
    "Under its own {attack} attack ({norm}, radius {radius}) the {who} is right on {share} of the pictures ({level} CI "
    "{low} to {high})."
)
CORRUPTED = mark(
    "Under {corruption} of severity {severity} the {who} is right on {share} of the pictures ({level} CI {low} to "
    "{high})."
)
HIDES = mark(
    "Pictures made on the {other} mislead the {who} more than those made on itself ({attack}, radius {radius}): its "
    "gradient hides, and its own curve is too good."
)


@dataclass(frozen=True)
class Change:
    """One way in which all pictures were changed.

    Attributes
    ----------
    kind : str
        "clean", "fgsm", "pgd", or a corruption.
    level : float
        The radius of an attack; the severity of a corruption, 1 to 5; 0 for none.
    made_on : str
        The model that the attack followed; empty for what follows none.
    """

    kind: str
    level: float = 0.0
    made_on: str = ""


@dataclass(frozen=True)
class Accuracy:
    """A share of right answers with Wilson's interval."""

    right: int
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Robustness:
    """How several models answer the same pictures, changed in several ways.

    Attributes
    ----------
    models : tuple of str
    right : dict of Change to dict of str to array of bool, shape (N,)
        Whether each model is right on each changed picture; the same pictures for all models of a change.
    n : int
        How many labelled pictures.
    norm : str
    steps : int
        Of PGD.
    confidence : float
    """

    models: tuple[str, ...]
    right: Mapping[Change, Mapping[str, np.ndarray]]
    n: int
    norm: str = "linf"
    steps: int = 10
    confidence: float = 0.95
    pictures: Mapping[Change, Tensor] = field(default_factory=dict, repr=False)

    def accuracy(self, model: str, change: Change | None = None) -> Accuracy:
        """Return a model's accuracy on pictures changed in one way; by default on the unchanged ones."""
        right = int(self._of(change)[self._known(model)].sum())
        return Accuracy(right, self.n, right / self.n, *wilson(right, self.n, self.confidence))

    def curve(self, model: str, kind: str, made_on: str = "") -> list[tuple[float, Accuracy]]:
        """Return a model's accuracy by radius or severity, from 0, where nothing is changed."""
        levels = [change for change in self.right if (change.kind, change.made_on) == (kind, made_on)]
        if not levels:
            raise ValueError(f"nothing was changed by {kind!r} made on {made_on!r}; measured: {', '.join(self.ways())}")
        return [(one.level, self.accuracy(model, one)) for one in (Change(CLEAN), *levels)]

    def ways(self) -> list[str]:
        """Return in words how the pictures were changed, without the levels."""
        told = (f"{c.kind} made on the {c.made_on}" if c.made_on else c.kind for c in self.right)
        return list(dict.fromkeys(told))

    def compare(self, model: str, other: str, change: Change | None = None) -> PairedErrors:
        """Return the paired difference in errors, model − other, on the same changed pictures."""
        right = self._of(change)
        return paired_errors(~right[self._known(model)], ~right[self._known(other)], self.confidence)

    def hides(self, model: str) -> list[Change]:
        """Return attacks made on other models that do more to a model than its own does: its gradient hides.

        Then its accuracy under its own attack says little about what another attack would leave. Only differences
        whose interval lies above 0 count, with the level divided among all that are looked at (Bonferroni).
        """
        others = [c for c in self.right if c.made_on and c.made_on != model]
        found = []
        for change in others:
            own = self.right.get(Change(change.kind, change.level, model))
            if own is None or model not in own:
                continue
            level = 1 - (1 - self.confidence) / len(others)
            if paired_errors(~self.right[change][model], ~own[model], level).low > 0:
                found.append(change)
        return found

    def sentences(self) -> list[str]:
        """Return what each way of changing does at its largest level, and which model's gradient hides."""
        lines = []
        last = {(c.kind, c.made_on): c for c in self.right if c.kind != CLEAN}
        for kind in dict.fromkeys(kind for kind, _ in last):
            for model in self.models:
                change = last.get((kind, model)) or last.get((kind, ""))
                if change is not None and model in self.right[change]:
                    lines.append(self._right(model, change))
        for model in self.models:
            hidden = self.hides(model)
            if hidden:
                worst = hidden[-1]
                attack = {"attack": worst.kind.upper(), "radius": number(worst.level, "g")}
                lines.append(t(HIDES, who=named(model), other=named(worst.made_on), **attack))
        return lines

    def _right(self, model: str, change: Change) -> str:
        a = self.accuracy(model, change)
        told = {"who": named(model), "level": number(self.confidence, ".0%")}
        told |= {
            name: number(getattr(a, of), ".1%") for name, of in (("share", "value"), ("low", "low"), ("high", "high"))
        }
        if change.kind in ATTACKS:
            norm = {"linf": "L∞", "l2": "L2"}[self.norm]
            return t(ATTACKED, **told, attack=change.kind.upper(), norm=norm, radius=number(change.level, "g"))
        return t(CORRUPTED, **told, corruption=t(CORRUPTION_NAMES[change.kind]), severity=number(change.level, "g"))

    def frame(self) -> pd.DataFrame:
        """Return one row per change and model: kind, level, made_on, model, right, n, accuracy, low, high."""
        import pandas as pd

        rows = []
        for change, of in self.right.items():
            for model in of:
                a = self.accuracy(model, change)
                told = {"kind": change.kind, "level": change.level, "made_on": change.made_on, "model": model}
                rows.append({**told, "right": a.right, "n": a.n, "accuracy": a.value, "low": a.low, "high": a.high})
        return pd.DataFrame(rows)

    def _known(self, model: str) -> str:
        if model not in self.models:
            raise ValueError(f"model must be one of {', '.join(self.models)}, got {model!r}")
        return model

    def _of(self, change: Change | None) -> Mapping[str, np.ndarray]:
        change = Change(CLEAN) if change is None else change
        if change not in self.right:
            raise ValueError(f"{change} was not measured; measured: {', '.join(self.ways())}")
        return self.right[change]


def robustness(
    models: Mapping[str, nn.Module],
    examples: Examples,
    *,
    kinds: Sequence[str] = ("fgsm", "pgd", *KINDS),
    radii: Sequence[float] | None = None,
    norm: Norm = "linf",
    steps: int = 10,
    restarts: int = 1,
    severities: Sequence[int] = SEVERITIES,
    made_on: Iterable[str] | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    keep: int = 0,
    progress: Progress | None = None,
) -> Robustness:
    """Return how several models answer the same pictures, changed in several ways.

    Parameters
    ----------
    models : mapping of str to nn.Module
        By name: "teacher", "student", "twin", or others. Left unchanged.
    examples : Examples
        Pictures (N, C, H, W) within [0, 1]; those without a label are left out.
    kinds : sequence of str
        Of "fgsm", "pgd" and the corruptions, see :func:`corrupt`.
    radii : sequence of float, optional
        Of the attacks; default ``RADII[norm]``. FGSM is an attack of the "linf" norm alone.
    norm : {"linf", "l2"}
    steps, restarts : int
        Of PGD; see :func:`kdviz.measure.robustness.pgd`.
    severities : sequence of int
    made_on : names, optional
        Models whose gradient attacks follow; by default each. Pictures made on one model are given to all, so that
        ``made_on == model`` is a model's own attack and all else what is passed on to it (transfer).
    seed : int
        Of random starts, noise, directions and places.
    confidence : float
    keep : int
        How many of the changed pictures to keep in ``pictures``.
    progress : callable, optional
        Called with (done, total); return False to stop with ``Cancelled``.

    Returns
    -------
    Robustness

    Raises
    ------
    ValueError, TypeError
        In one sentence, if an argument does not fit or the examples are no pictures within [0, 1].

    Notes
    -----
    An attack gives a lower bound of the damage. Intervals are Wilson's, over the pictures alone; models are compared by
    :func:`kdviz.measure.paired_errors` on the same ones.

    Examples
    --------
    >>> import torch
    >>> line = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    >>> some = Examples(torch.rand(30, 1, 2, 2), torch.arange(30) % 2)
    >>> found = robustness({"student": line}, some, kinds=("pgd", "noise"), radii=(0.1,), severities=(1,))
    >>> found.ways()
    ['clean', 'pgd made on the student', 'noise']
    """
    check_confidence(confidence)
    x, y = pictures_of(examples)
    radii, sources = _checked(models, kinds, radii, norm, severities, made_on)
    attacks = [kind for kind in kinds if kind in ATTACKS]
    ways = [Change(kind, float(r), source) for kind in attacks for source in sources for r in radii]
    ways += [Change(kind, float(s)) for kind in kinds if kind in KINDS for s in severities]
    count = _Count(progress, [_passes(way, steps, restarts, len(models)) for way in (Change(CLEAN), *ways)])
    right: dict[Change, dict[str, np.ndarray]] = {}
    kept: dict[Change, Tensor] = {}
    for place, way in enumerate((Change(CLEAN), *ways)):
        changed = _changed(way, models, x, y, norm, steps, restarts, seed, count.part(place, len(models)))
        asked = Examples(changed, y)
        right[way] = {
            name: (inference.logits(model, asked, who=name, finite=True).argmax(1) == y).numpy()
            for name, model in models.items()
        }
        if keep:
            kept[way] = changed[:keep].clone()
        count.end(place)
    return Robustness(tuple(models), right, len(y), norm, steps, confidence, kept)


def pictures_of(examples: Examples) -> tuple[Tensor, Tensor]:
    """Return the labelled pictures (N, C, H, W) as floats, and their labels.

    Raises
    ------
    ValueError
        If the examples are no pictures, or none has a label.
    """
    if not examples.single or len(examples.shape) != 3:
        raise ValueError(
            f"robustness is measured on pictures (N, channels, height, width), got {examples.describe()} an example: a "
            "small change of columns with units of their own has no common radius"
        )
    known = torch.nonzero(examples.y >= 0).flatten()
    if not len(known):
        raise ValueError("none of the examples has a label: which answers are right is not known")
    x = examples.inputs(known)
    if not x.is_floating_point():
        raise ValueError(f"robustness is measured on pictures of numbers within [0, 1], got {x.dtype}")
    return x, examples.y[known]


def _checked(
    models: Mapping[str, nn.Module],
    kinds: Sequence[str],
    radii: Sequence[float] | None,
    norm: Norm,
    severities: Sequence[int],
    made_on: Iterable[str] | None,
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    if not models:
        raise ValueError("robustness needs at least one model, got none")
    for kind in kinds:
        if kind not in (*ATTACKS, *KINDS):
            raise ValueError(f"kinds must be of {', '.join((*ATTACKS, *KINDS))}, got {kind!r}")
    if norm not in NORMS:
        raise ValueError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
    if norm != "linf" and "fgsm" in kinds:
        raise ValueError('FGSM moves each pixel by the radius, a change of the norm "linf": leave it out of kinds')
    for severity in severities:
        if severity not in SEVERITIES:
            raise ValueError(f"severities must be of 1 to 5, got {severity!r}")
    sources = tuple(models) if made_on is None else tuple(made_on)
    for source in sources:
        if source not in models:
            raise ValueError(f"made_on must name models of {', '.join(models)}, got {source!r}")
    chosen = RADII[norm] if radii is None else tuple(float(r) for r in radii)
    if not all(math.isfinite(r) and r > 0 for r in chosen):
        raise ValueError(f"radii must be finite numbers > 0, got {list(chosen)}")
    return tuple(sorted(chosen)), sources


def _changed(
    way: Change,
    models: Mapping[str, nn.Module],
    x: Tensor,
    y: Tensor,
    norm: Norm,
    steps: int,
    restarts: int,
    seed: int,
    progress: Progress | None,
) -> Tensor:
    if way.kind == CLEAN:
        return x
    if way.kind in CORRUPTIONS:
        return corrupt(x, way.kind, int(way.level), seed=seed)
    model, who = models[way.made_on], way.made_on
    if way.kind == "fgsm":
        return fgsm(model, x, y, way.level, who=who, progress=progress)
    return pgd(
        model, x, y, way.level, norm=norm, steps=steps, restarts=restarts, seed=seed, who=who, progress=progress
    )  # fmt: skip


def _passes(way: Change, steps: int, restarts: int, models: int) -> int:
    gradients = steps * restarts if way.kind == "pgd" else int(way.kind == "fgsm")
    return 3 * gradients + models  # a gradient costs about three answers


class _Count:
    """Progress over all changes as one count, in passes."""

    def __init__(self, progress: Progress | None, passes: Sequence[int]) -> None:
        self.progress, self.passes, self.total = progress, passes, sum(passes)

    def part(self, place: int, models: int) -> Progress | None:
        """Return the progress callback of the attack at a place."""
        if self.progress is None:
            return None
        call, before, own = self.progress, sum(self.passes[:place]), self.passes[place] - models
        return lambda done, total: call(before + own * done // max(1, total), self.total)

    def end(self, place: int) -> None:
        if self.progress is not None and self.progress(sum(self.passes[: place + 1]), self.total) is False:
            raise inference.Cancelled("stopped")
