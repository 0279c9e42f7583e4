"""Where both models of a report look: saliency maps with their checks, and attention layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..data.inputs import Inputs, rows
from ..data.token_signs import signs_of
from ..models.inference import Progress, token_ids

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
        Indices of the examples in the report.
    values : dict of str to Tensor, shape (M, ...)
        By model.
    similarity : MapSimilarity
        How alike teacher's and student's maps are.
    against_random : dict of str to MapSimilarity
        Each model's maps compared with those of the same model with random weights; empty if not checked.
    curves : dict of str to Curves
        The probability during deletion and insertion in the order of each model's maps; empty if not checked.
    notes : tuple of str
        Notes on reading the maps: Grad-CAM's layers, and checks that could not be made.
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
        """The examples in the report by similarity of the maps, least alike first."""
        return self.index[torch.from_numpy(self.similarity.order())].tolist()

    def sentences(self) -> list[str]:
        """Return how alike the maps are, and the outcome of their checks."""
        from ..measure.saliency import on_random_weights

        lines = [self.similarity.sentence()]
        lines += [on_random_weights(alike, who) for who, alike in self.against_random.items()]
        lines += [f"The {who}'s maps: {curves.sentence()}" for who, curves in self.curves.items()]
        return [*lines, *self.notes]

    def frame(self) -> pd.DataFrame:
        """Return one row per number: subject, measure, model, group, value."""
        import pandas as pd

        names = [f"example {i}" for i in self.index.tolist()]
        parts = [_molten(self.similarity.frame(), names, ["rank", "cosine", "overlap"], "both", "")]
        for who, alike in self.against_random.items():
            parts.append(_molten(alike.frame(), names, ["rank", "cosine", "overlap"], who, " against random weights"))
        for who, curves in self.curves.items():
            parts.append(_molten(curves.frame(), names, list(AREAS), who, ""))
        return pd.concat(parts).assign(subject=f"saliency, {self.method}")


@dataclass(frozen=True)
class Heads:
    """The attention of each head of both models in one text.

    Attributes
    ----------
    matrices : dict of str to dict of str to Tensor, shape (heads, L, L)
        By model and layer.
    tokens : tuple of str
        The L tokens, without padding.
    """

    matrices: dict[str, dict[str, Tensor]]
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Layers:
    """What the layers of both models look at.

    Attributes
    ----------
    attention : Attention or None
        Maps of both models and how alike they are; None if a model has none.
    correspondence : Correspondence or None
        Linear CKA of all pairs of layers; None if a model has no suitable layers.
    note : str
        Why there are no maps, or no layers; empty if there are.
    heads : Heads or None
        Of two transformers of text, the attention of each head in one example.
    """

    attention: Attention | None
    correspondence: Correspondence | None
    note: str = ""
    heads: Heads | None = None

    def sentences(self) -> list[str]:
        """Return the results in words."""
        lines = [part.sentence() for part in (self.attention, self.correspondence) if part is not None]
        return [self.note, *lines] if self.note else lines

    def frame(self) -> pd.DataFrame:
        """Return one row per pair of layers and measure; the group names the pair."""
        import pandas as pd

        c = self.correspondence
        rows: list[dict[str, Any]] = []
        if c is not None:
            of_cka = {"linear CKA": c.matrix} | ({} if c.by_chance is None else {"linear CKA, by chance": c.by_chance})
            for name, matrix in of_cka.items():
                rows += _pairs(name, matrix, c.teacher_layers, c.student_layers)
        if self.attention is not None:
            a = self.attention
            for name, matrix in (("cosine of maps, median", a.median()), ("cosine of maps, by chance", a.by_chance)):
                rows += _pairs(name, matrix, a.teacher_layers, a.student_layers)
        table = pd.DataFrame(rows, columns=["measure", "group", "value"])
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
    """Return both models' maps for the same classes, checked on the first ``checks`` examples.

    A check that cannot be made becomes a note beside the maps. ``checks`` None: as many as cost no more than the maps.
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
            notes.append(f"The {who}'s maps were not compared with random weights: {error}.")
        tell = parts.next(checks * of_curves)
        try:
            more = {"baseline": options["baseline"]} if "baseline" in options else {}
            curves[who] = deletion_insertion(models[who], few, of_few, t, CURVE_STEPS, progress=tell, **more)
        except (ValueError, TypeError) as error:
            notes.append(f"The {who}'s maps were not checked by deletion and insertion: {error}.")
    return Maps(method, index, values, alike, against, curves, tuple(notes))


class Parts:
    """Progress over several pieces of work, in forward passes, as one count."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.before = progress, total, 0

    def next(self, size: int) -> Progress | None:
        """Return the progress callback of the next piece, of ``size`` passes."""
        before, self.before = self.before, self.before + size
        if self.progress is None:
            return None
        call, whole = self.progress, self.total
        return lambda done, total: call(before + size * done // max(1, total), whole)


def look(models: Mapping[str, nn.Module], inputs: Inputs, options: Mapping[str, Any], vocabulary: Any = None) -> Layers:
    """Return the layers of both models: attention maps if both have attention, else activation maps."""
    from ..measure.attending import attending
    from ..measure.attention import activation_maps, compare, layer_maps
    from ..measure.similarity import correspondence

    teacher, student = (models[who] for who in WHO)
    try:
        alike = correspondence(teacher, student, inputs, average=True)
    except ValueError as error:
        return Layers(None, None, f"There are no layers to compare: {error}.")
    try:
        without = [who for who, model in models.items() if not attending(model)]
        if without and token_ids(inputs) is not None:
            have = "have" if without[1:] else "has"
            note = f"The {' and the '.join(without)} {have} no attention heads, so no head is drawn."
            return Layers(None, alike, note)
        both_attend = not without
        make = layer_maps if both_attend else activation_maps
        seen = compare(make(teacher, inputs, **options), make(student, inputs, **options))
        return Layers(seen, alike, heads=heads_of(models, inputs, vocabulary) if both_attend else None)
    except ValueError as error:
        reason = str(error)
        return Layers(None, alike, f"There are no maps of layers to compare: {reason}.")


def heads_of(models: Mapping[str, nn.Module], inputs: Inputs, vocabulary: Any = None) -> Heads | None:
    """Return the attention of each head in the first example; None of inputs that are no tokens."""
    from ..measure.attention import text_matrices

    one = rows(inputs, slice(0, 1))
    ids = token_ids(one)
    if ids is None:
        return None
    found = {who: text_matrices(model, one) for who, model in models.items()}
    counts = next(iter(found.values()))[1][0]
    matrices = {
        who: {name: A[0][:, counts][:, :, counts] for name, A in layers.items()} for who, (layers, _) in found.items()
    }
    return Heads(matrices, tuple(signs_of(ids[0][counts].tolist(), vocabulary)))


def _molten(table: pd.DataFrame, names: Iterable[str], measures: list[str], model: str, more: str) -> pd.DataFrame:
    named = table.assign(group=list(names)[: len(table)])
    rows = named.melt("group", measures, "measure", "value").assign(model=model)
    rows["measure"] += more
    return rows
