"""The report on two models: numbers, figures, a table, one file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..data import Examples
from ..diagnosis import Diagnosis
from ..diagnosis.examination import of_answers
from ..measure.bias import Bias
from ..measure.calibration import Calibration, inherited, points
from ..measure.cost import Costs, Kept, costs, kept
from ..measure.fidelity import CELLS, Fidelity
from ..models.at_token import AtToken
from ..models.inference import Progress
from ..models.naming import name_of
from ..whole_files import write_whole
from ..words.lines import Lines
from . import bias as of_bias
from . import figures, html, rows, texts
from .looks import WHO, Layers, Maps, explain, look
from .privacy import Privacy, attacked
from .progress import callback

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from ..measure.robustness import Robustness
    from ..measure.saliency import MapSimilarity
    from ..measure.sequences import Sequences

VERSION = 1  # of to_json
ON_DEMAND = ("saliency", "attention", "robustness", "privacy")  # subjects that a call measures
NO_LABELS = "No example has a label: accuracy and calibration are unknown."


@dataclass(eq=False, repr=False)
class Report:
    """A comparison of two models on the same examples. Made by :func:`kdviz.compare`.

    Attributes
    ----------
    models : dict of str to nn.Module
        "teacher", "student", and "twin" if there is one.
    examples : Examples
        The N examples that all numbers are computed on.
    classes : tuple of str
    data : str
        The name of the data set for a reader, such as "MNIST"; empty for examples of your own.
    logits : dict of str to Tensor, shape (N, C)
    temperature : float
        T at which teacher and student are compared.
    fidelity : Fidelity
    calibration : dict of str to Calibration
        On the labelled examples; empty without any.
    fitted_temperature : dict of str to float
        The post-hoc temperature of each model, fitted on validation data; empty without any.
    rescaled : dict of str to Calibration
        Calibration after dividing the logits by it.
    bias : Bias or None
        Whom each model fails; None without groups or labels.
    bias_notes : tuple of str
        Sentences about groups that were left out or cut.
    notes : tuple of str
        Sentences about faults that show in the models' outputs: a teacher at chance, classes in another order,
        probabilities in place of logits.
    sequences : dict of str to Sequences
        Of models that answer token by token: what each makes of all tokens. The N examples are then one token of each
        text.
    vocabulary : Vocabulary or None
        Of a text: what the token ids stand for.
    maps : Maps or None
        From the last call of :meth:`saliency`.
    layers : Layers or None
        From the last call of :meth:`attention`.
    costs : Costs or None
        From the last call of :meth:`cost`.
    held : Robustness or None
        From the last call of :meth:`robustness`.
    privacy : Privacy or None
        From the last call of :meth:`membership`.
    """

    models: Mapping[str, nn.Module]
    examples: Examples
    classes: tuple[str, ...]
    logits: dict[str, Tensor]
    temperature: float
    fidelity: Fidelity
    calibration: dict[str, Calibration]
    fitted_temperature: dict[str, float]
    rescaled: dict[str, Calibration]
    bias: Bias | None = None
    bias_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    data: str = ""
    sequences: dict[str, Sequences] = field(default_factory=dict)
    vocabulary: Any = None
    maps: Maps | None = field(default=None, init=False)
    layers: Layers | None = field(default=None, init=False)
    costs: Costs | None = field(default=None, init=False)
    held: Robustness | None = field(default=None, init=False)
    privacy: Privacy | None = field(default=None, init=False)

    def saliency(
        self,
        method: str = "input_x_gradient",
        *,
        count: int = 200,
        index: Any = None,
        checks: int | None = None,
        progress: Progress | bool = True,
        **options: Any,
    ) -> MapSimilarity:
        """Explain the teacher's prediction by maps of both models; the examples do not depend on the method.

        Parameters
        ----------
        method : str
            One of ``kdviz.measure.saliency.METHODS``.
        count : int
            How many examples: an equal share of each cell of the 2×2, or all of a rarer cell.
        index : sequence of int, optional
            Which examples instead.
        checks : int, optional
            On how many of them the maps are compared with those of random weights, and checked by deletion and
            insertion; 0 for none. By default as many, up to 40, as cost no more than the maps. A check that cannot be
            made becomes a note beside the maps.
        progress : bool or callable
            True: a bar with the time left, shown after two seconds; Ctrl-C stops and leaves the report unchanged. A
            callable is called with (done, total) in forward passes; return False to stop with ``Cancelled``.
        **options
            See :func:`kdviz.measure.saliency.saliency`.

        Returns
        -------
        MapSimilarity
            Also stored in ``maps``, where the page reads it.
        """
        chosen = self._sample(count) if index is None else torch.as_tensor(index, dtype=torch.int64)
        target = self.logits["teacher"][chosen].argmax(1)
        inputs = self.examples.inputs(chosen)
        with callback(progress) as called:
            self.maps = explain(self.models, inputs, target, chosen, method, checks, options, called)
        return self.maps.similarity

    def attention(self, *, count: int = 200, **options: Any) -> Layers:
        """Compare the layers of both models: where they look, and which correspond.

        Parameters
        ----------
        count : int
            How many examples, see :meth:`saliency`.
        **options
            For two transformers those of :func:`kdviz.measure.attention.layer_maps` (``head``, ``accumulated``), else
            those of :func:`kdviz.measure.attention.activation_maps` (``layers``, ``form``, ``power``).

        Returns
        -------
        Layers
            Also stored in ``layers``. If a model has no spatial maps, only the correspondence; if it has no suitable
            layers, a note. Of two transformers of text also each head's attention in the first example.
        """
        inputs = self.examples.inputs(self._sample(count))
        self.layers = look({who: self.models[who] for who in WHO}, inputs, options, self.vocabulary)
        return self.layers

    def cost(self, *, seconds: float = 2.0, **options: Any) -> Costs:
        """Measure what the models cost: size, computation, memory, and time in turns on these examples.

        Parameters
        ----------
        seconds : float
            That the times of one batch size may take, all models together.
        **options
            ``batches``, ``threads`` and ``progress``, as for :func:`kdviz.measure.cost.costs`.

        Returns
        -------
        Costs
            Also stored in ``costs``, where sentences, table and page read it.
        """
        self.costs = costs(self.models, self.examples, seconds=seconds, **options)
        return self.costs

    def kept(self) -> Kept | None:
        """Return how much of the teacher's accuracy the student keeps; None without labels."""
        if not self.examples.labelled:
            return None
        known = self.examples.y >= 0
        wrong = {who: (self.logits[who].argmax(1) != self.examples.y)[known].numpy() for who in WHO}
        return kept(wrong["student"], wrong["teacher"])

    def robustness(
        self,
        kinds: Sequence[str] = ("pgd", "noise"),
        *,
        count: int = 200,
        progress: Progress | bool = True,
        **options: Any,
    ) -> Robustness:
        """Measure how all models answer the same pictures, changed by attacks and corruptions.

        Parameters
        ----------
        kinds : sequence of str
            Of "fgsm", "pgd" and ``kdviz.measure.robustness.KINDS``.
        count : int
            How many examples: the first that have a label.
        progress : bool or callable
            See :meth:`saliency`.
        **options
            See :func:`kdviz.measure.robustness.robustness`: ``radii``, ``norm``, ``steps``, ``severities`` ...

        Returns
        -------
        Robustness
            Also stored in ``held``, where the page reads it.
        """
        from ..measure.robustness import robustness

        known = torch.nonzero(self.examples.y >= 0).flatten() if self.examples.labelled else torch.arange(0)
        some = self.examples.take(known[:count])
        with callback(progress) as called:
            self.held = robustness(self.models, some, kinds=kinds, progress=called, **options)
        return self.held

    def membership(self, members: Any, *, references: Sequence[Any] = ()) -> Privacy:
        """Try to tell from the models' answers which examples they were trained on.

        Parameters
        ----------
        members : Examples or (X, y)
            What all models were trained on, or a part of it, with the labels they had there. The others are the
            compared examples, which none of the models may have been trained on.
        references : sequence of nn.Module, optional
            Models like these that were trained on neither; with them the attack is also calibrated.

        Returns
        -------
        Privacy
            Also stored in ``privacy``.

        Raises
        ------
        ValueError
            If members or compared examples have no labels.
        """
        self.privacy = attacked(self.models, members, self.examples, references)
        return self.privacy

    def _sample(self, count: int) -> Tensor:
        """Return ``count`` examples, the first of each cell, in the order of the data."""
        members = [list(m) for m in self.cells().values()]
        members.sort(key=len)
        chosen: list[int] = []
        for i, some in enumerate(members):
            chosen += some[: max(0, count - len(chosen)) // (len(members) - i)]
        return torch.tensor(sorted(chosen), dtype=torch.int64)

    def cells(self) -> dict[str, list[int]]:
        """Return which examples fall into each cell: the 2×2 of right and wrong, or agreement without labels."""
        if self.examples.labelled:
            return {name: self.fidelity.cell(name).tolist() for name in CELLS}
        same = self.logits["teacher"].argmax(1) == self.logits["student"].argmax(1)
        return {
            "agree": torch.nonzero(same).flatten().tolist(),
            "differ": torch.nonzero(~same).flatten().tolist(),
        }

    def sentences(self, subject: str | None = None) -> Lines:
        """Return the results in words, about one subject or all: a list that prints as lines."""
        by_subject = self._sentences()
        if subject is None:
            return Lines(dict.fromkeys(sentence for some in by_subject.values() for sentence in some))
        if subject not in by_subject:
            raise ValueError(f"subject must be one of {', '.join(by_subject)}, got {subject!r}")
        return Lines(by_subject[subject])

    def further(self, subject: str) -> Lines:
        """Return the sentences about a subject that are not among the :meth:`headlines`."""
        told = set(self.headlines())
        return Lines(sentence for sentence in self.sentences(subject) if sentence not in told)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """Why the student gained little or nothing, as far as these outputs show it; see :func:`kdviz.diagnose`."""
        return of_answers(self.logits, self.examples, temperature=self.temperature, models=self.models)

    def _sentences(self) -> dict[str, list[str]]:
        return {
            "sequences": texts.sentences(self.sequences, by_tokens=self.by_token),
            "fidelity": [self.fidelity.sentence(), *self.notes],
            "diagnosis": self.diagnosis.sentences(),
            "calibration": self._on_calibration(),
            "bias": self._on_bias(),
            "cost": self._on_cost(),
            "saliency": self.maps.sentences() if self.maps is not None else [],
            "attention": self.layers.sentences() if self.layers is not None else [],
            "robustness": self.held.sentences() if self.held is not None else [],
            "privacy": self.privacy.sentences() if self.privacy is not None else [],
        }

    def headlines(self) -> Lines:
        """Return the main sentence of each subject."""
        found = self._sentences()
        lines = [*found["sequences"], *found["fidelity"], *self._on_calibration()[:1]]
        if self.bias is not None:
            lines.append(of_bias.headline(self.bias))
        lines += self._on_cost()[:1]
        return Lines([*lines, *(one for name in ON_DEMAND for one in self.sentences(name)[:1])])

    def _on_calibration(self) -> list[str]:
        if not self.calibration:
            return [NO_LABELS]
        lines = [inherited(self.calibration["teacher"], self.calibration["student"])]
        if "twin" in self.calibration:
            lines.append(f"The twin's mean confidence − accuracy is {points(self.calibration['twin'])}.")
        return lines + [self._on_ece(who) for who in self.calibration]

    def _on_ece(self, who: str) -> str:
        """Return one sentence on a model's calibration error: as it is, by chance, and at the fitted temperature."""
        c = self.calibration[who]
        low, high = c.ece_interval
        ends = "" if math.isnan(low) else f" ({100 * c.confidence:g} % CI {low:.3f} to {high:.3f})"
        fitted = ""
        if who in self.rescaled:
            T = f"{float(f'{self.fitted_temperature[who]:.2g}'):g}"  # 100, not 1e+02
            fitted = f", and {self.rescaled[who].ece:.3f} at T = {T}, fitted on validation data"
        return (
            f"The {who}'s calibration error (ECE) is {c.ece:.3f}{ends}; it would be {c.ece_if_calibrated:.3f} if these "
            f"confidences were perfectly calibrated{fitted}."
        )

    def _on_cost(self) -> list[str]:
        if self.costs is None:
            return []
        return [line for line in (self.costs.sentence(self.kept()), *self.costs.notes()) if line]

    def _on_bias(self) -> list[str]:
        if self.bias is None:
            return list(self.bias_notes)
        by_grouping = [of_bias.sentences(self.bias, grouping) for grouping in self.bias.groupings]
        return [*(sentence for some in by_grouping for sentence in some), *self.bias_notes]

    def summary(self) -> pd.DataFrame:
        """Return one row per model: size, accuracy, NLL, Brier, ECE, over-confidence."""
        import pandas as pd

        rows = []
        for who, model in self.models.items():
            row: dict[str, Any] = {"model": who, "parameters": sum(p.numel() for p in model.parameters())}
            if who in self.sequences:
                one = self.sequences[who]
                row |= {"bits a token": one.bits.value, "exact match": one.exact.value}
            if who in self.calibration:
                c = self.calibration[who]
                row |= {"accuracy": c.accuracy, "NLL": c.nll, "Brier": c.brier, "ECE": c.ece}
                row["over-confidence"] = c.overconfidence
            if who in self.rescaled:
                row |= {"fitted T": self.fitted_temperature[who], "ECE at fitted T": self.rescaled[who].ece}
            rows.append(row)
        return pd.DataFrame(rows)

    def by_class(self) -> pd.DataFrame:
        """Return one row per class that has examples, least agreement first; no rows without labels."""
        import pandas as pd

        rows = [
            {"class": self.classes[row.index], "examples": row.n, "agreement": row.agreement}
            | {"teacher accuracy": row.teacher_accuracy, "student accuracy": row.student_accuracy, "KL": row.kl}
            for row in sorted(self.fidelity.classes, key=lambda row: row.agreement)
            if row.n
        ]
        return pd.DataFrame(rows)

    def frame(self) -> pd.DataFrame:
        """Return all numbers as one tidy table: subject, measure, model, group, value, low, high."""
        import pandas as pd

        columns = ["subject", "measure", "model", "group", "value", "low", "high"]
        of_fidelity = self.fidelity.frame().rename(columns={"class": "group"}).assign(subject="fidelity")
        of_fidelity["group"] = [None if pd.isna(k) else self.classes[k] for k in of_fidelity["group"]]
        parts = [texts.frame(self.sequences), of_fidelity] if self.sequences else [of_fidelity]
        for who, c in self.calibration.items():
            parts.append(rows.of_calibration(c).assign(subject="calibration", model=who))
        for who, c in self.rescaled.items():
            parts.append(rows.of_calibration(c).assign(subject="calibration at fitted T", model=who))
        if self.bias is not None:
            parts.append(of_bias.frame(self.bias))
        if self.costs is not None:
            parts.append(self.costs.frame().rename(columns={"batch": "group"}).assign(subject="cost"))
        if self.maps is not None:
            parts.append(self.maps.frame())
        if self.layers is not None:
            parts.append(self.layers.frame())
        if self.held is not None:
            parts.append(rows.of_robustness(self.held))
        if self.privacy is not None:
            parts.append(self.privacy.frame())
        return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the numbers as JSON, and write them to ``path`` if given."""
        rows = json.loads(self.frame().to_json(orient="records"))
        about: dict[str, Any] = {"examples": len(self.examples), "classes": list(self.classes)}
        about["temperature"] = self.temperature
        if self.bias is not None:
            about["positive"] = self.bias.positive
        text = json.dumps({"kdviz_report": VERSION, **about, "sentences": self.sentences(), "numbers": rows}, indent=1)
        if path is not None:
            write_whole(path, text + "\n")
        return text

    def figures(self) -> dict[str, go.Figure]:
        """Return the figures by name, for a notebook or a page."""
        return figures.drawn(self)

    def to_html(self, path: str | Path, *, title: str = "Teacher and student compared") -> Path:
        """Write one HTML file that needs no network; a click on a cell of the 2×2 shows its examples."""
        return html.write(self, path, title)

    def named(self) -> dict[str, str]:
        """Return what the models are called, by their role."""
        return {who: name_of(model) for who, model in self.models.items()}

    def about(self) -> str:
        """Return in words what was compared."""
        twin = {"twin": "Twin, without the teacher"}
        named = [f"{twin.get(who, who.capitalize())}: {name}." for who, name in self.named().items()]
        n = len(self.examples)
        of = f" of {self.data}" if self.data else ""
        if self.by_token:
            return " ".join([*named, f"Compared on {n:,} text{'' if n == 1 else 's'}{of}, token by token."])
        return " ".join([*named, f"Compared on {n:,} example{'' if n == 1 else 's'}{of}."])

    @property
    def by_token(self) -> bool:
        """Whether the models answer token by token, and the examples are one token of each text."""
        return any(isinstance(model, AtToken) for model in self.models.values())

    def __repr__(self) -> str:
        return f"Report({self.about()})"

    def _repr_html_(self) -> str:
        """What was compared, the main sentences and numbers; the rest folds out."""
        told = self.headlines()
        rest = Lines(sentence for sentence in self.sentences() if sentence not in set(told))
        return (
            f"<p>{escape(self.about())}</p>{told._repr_html_()}{html.numbers(self)}"
            f"<details><summary>More in words</summary>{rest._repr_html_()}</details>"
        )
