"""Where both models of a report look: saliency maps with their checks, and attention layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..data.inputs import Inputs, rows
from ..models.inference import Progress

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ..measure.attention import Attention
    from ..measure.saliency import Curves, MapSimilarity
    from ..measure.similarity import Correspondence

WHO = ("teacher", "student")
CHECKED = 40  # examples that maps are checked on, at most
CURVE_STEPS = 20  # of deletion and insertion
AREAS = ("deletion_area", "random_deletion_area", "insertion_area", "random_insertion_area")


@dataclass(frozen=True)
class Maps:
    """Saliency maps of some examples.

    Attributes
    ----------
    method : str
    index : Tensor of int64, shape (M,)
        Which examples of the report.
    values : dict of str to Tensor, shape (M, *input shape)
        By model.
    similarity : MapSimilarity
        Of teacher and student.
    against_random : dict of str to MapSimilarity
        Each model's maps against those of the same model with random weights; empty where it was not checked.
    curves : dict of str to Curves
        The probability while places are taken away, and put in, in the order of each model's maps; likewise.
    notes : tuple of str
        What is to be known when the maps are read: Grad-CAM's layers, and checks that could not be made.
    """

    method: str
    index: Tensor
    values: dict[str, Tensor]
    similarity: MapSimilarity
    against_random: dict[str, MapSimilarity] = field(default_factory=dict)
    curves: dict[str, Curves] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> list[int]:
        """The examples of the report by disagreement, the least alike first."""
        return self.index[torch.from_numpy(self.similarity.order())].tolist()

    def sentences(self) -> list[str]:
        """Return what the maps say, and what is to be thought of them."""
        from ..measure.saliency import on_random_weights

        said = [self.similarity.sentence()]
        said += [on_random_weights(found, who) for who, found in self.against_random.items()]
        said += [f"The {who}'s maps: {curves.sentence()}" for who, curves in self.curves.items()]
        return [*said, *self.notes]

    def frame(self) -> pd.DataFrame:
        """Return one row a number: subject, measure, model, group, value."""
        import pandas as pd

        names = [f"example {i}" for i in self.index.tolist()]
        parts = [_molten(self.similarity.frame(), names, ["rank", "cosine", "overlap"], "both", "")]
        for who, found in self.against_random.items():
            parts.append(_molten(found.frame(), names, ["rank", "cosine", "overlap"], who, " against random weights"))
        for who, curves in self.curves.items():
            parts.append(_molten(curves.frame(), names, list(AREAS), who, ""))
        return pd.concat(parts).assign(subject=f"saliency, {self.method}")


@dataclass(frozen=True)
class Layers:
    """What the layers of both models look at.

    Attributes
    ----------
    attention : Attention or None
        Maps of both models and how alike they are; None where a model has none.
    correspondence : Correspondence or None
        Linear CKA of all pairs of layers; None where a model has none that can be looked at.
    note : str
        Why there are no maps, or no layers; empty if there are.
    """

    attention: Attention | None
    correspondence: Correspondence | None
    note: str = ""

    def sentences(self) -> list[str]:
        """Return what was found."""
        found = [part.sentence() for part in (self.attention, self.correspondence) if part is not None]
        return [self.note, *found] if self.note else found

    def frame(self) -> pd.DataFrame:
        """Return one row a pair of layers and measure; the group names the pair."""
        import pandas as pd

        c = self.correspondence
        found: list[dict[str, Any]] = []
        if c is not None:
            known = {"linear CKA": c.matrix} | ({} if c.by_chance is None else {"linear CKA, by chance": c.by_chance})
            for name, matrix in known.items():
                found += _pairs(name, matrix, c.teacher_layers, c.student_layers)
        if self.attention is not None:
            a = self.attention
            for name, matrix in (("cosine of maps, median", a.median()), ("cosine of maps, by chance", a.by_chance)):
                found += _pairs(name, matrix, a.teacher_layers, a.student_layers)
        table = pd.DataFrame(found, columns=["measure", "group", "value"])
        return table.assign(subject="attention", model="both")


def _pairs(name: str, matrix: np.ndarray, teacher: Sequence[str], student: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"measure": name, "group": f"{t} and {s}", "value": float(matrix[i, j])}
        for i, t in enumerate(teacher)
        for j, s in enumerate(student)
    ]


def explain(
    models: Mapping[str, nn.Module],
    inputs: Inputs,
    target: Tensor,
    index: Tensor,
    method: str,
    checks: int | None,
    options: Mapping[str, Any],
    progress: Progress | None = None,
) -> Maps:
    """Return both models' maps for the same classes, with the checks of the first ``checks`` examples.

    A check that cannot be made is a note beside the maps. ``checks`` None: as many as cost no more than the maps.
    """
    from ..measure.saliency import (
        deletion_insertion,
        grad_cam_layer,
        passes,
        saliency,
        sanity_check,
        similarity,
    )

    options = dict(options)
    own = options.pop("progress", None)
    of_one, of_curves = passes(method, inputs, **options), 4 * (CURVE_STEPS + 1)
    if checks is None:
        checks = min(CHECKED, len(index) * of_one // (of_one + of_curves))
    few, t = rows(inputs, slice(0, checks)), target[:checks]
    parts = Parts(progress or own, len(WHO) * (len(index) * of_one + checks * (of_one + of_curves)))
    values, notes = {}, []
    for who in WHO:
        values[who] = saliency(models[who], inputs, target, method, progress=parts.next(len(index) * of_one), **options)
        if method == "grad_cam":
            layer = grad_cam_layer(models[who], inputs, target, options.get("layer"))
            notes.append(f"Grad-CAM shows the {who}'s layer {layer.name}{'; ' + layer.note if layer.note else ''}.")
    alike = similarity(values["teacher"], values["student"])
    against, curves = {}, {}
    for who in WHO if checks else ():
        of_few, tell = values[who][:checks], parts.next(checks * of_one)
        try:
            against[who] = sanity_check(models[who], few, t, method, maps=of_few, progress=tell, **options)
        except (ValueError, TypeError) as error:
            notes.append(f"The {who}'s maps are not set against random weights: {error}.")
        tell = parts.next(checks * of_curves)
        try:
            more = {"baseline": options["baseline"]} if "baseline" in options else {}
            curves[who] = deletion_insertion(models[who], few, of_few, t, CURVE_STEPS, progress=tell, **more)
        except (ValueError, TypeError) as error:
            notes.append(f"The {who}'s maps are not tried by taking places away: {error}.")
    return Maps(method, index, values, alike, against, curves, tuple(notes))


class Parts:
    """Progress over several parts of a work, in forward passes, as one count."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def next(self, size: int) -> Progress | None:
        """Return the progress of the next part, of ``size`` passes."""
        before, self.before = self.before, self.before + size
        if self.progress is None:
            return None
        call, whole = self.progress, self.total
        return lambda done, total: call(before + size * done // max(1, total), whole)


def look(models: Mapping[str, nn.Module], inputs: Inputs, options: Mapping[str, Any]) -> Layers:
    """Return the layers of both models: attention's own maps where both attend, else maps of their activations."""
    from ..measure.attending import attending
    from ..measure.attention import activation_maps, compare, layer_maps
    from ..measure.similarity import correspondence

    teacher, student = (models[who] for who in WHO)
    try:
        alike = correspondence(teacher, student, inputs, average=True)
    except ValueError as error:
        return Layers(None, None, f"There are no layers to set against each other: {error}.")
    try:
        both_attend = all(attending(model) for model in models.values())
        make = layer_maps if both_attend else activation_maps
        return Layers(compare(make(teacher, inputs, **options), make(student, inputs, **options)), alike)
    except ValueError as error:
        said = str(error)
        return Layers(None, alike, f"There are no maps of layers to compare: {said}.")


def _molten(table: pd.DataFrame, names: Iterable[str], measures: list[str], model: str, more: str) -> pd.DataFrame:
    named = table.assign(group=list(names)[: len(table)])
    rows = named.melt("group", measures, "measure", "value").assign(model=model)
    rows["measure"] += more
    return rows
