"""A few runs beside their twins, seed by seed, for lessons that train in a loop of their own: a table, words, dots."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..distill import Distillation
from ..figures import palette
from ..measure import Paired, paired
from ..measure.error_words import against, in_errors, worth
from ..models import inference

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    from torch import nn

    from ..data import Examples


def errors_of(model: nn.Module, examples: Examples) -> int:
    """Return how many examples a model gets wrong."""
    return int((inference.logits(model, examples).argmax(1) != examples.y).sum())


def trained_errors(run: Distillation) -> int:
    """Train a run to the end of its plan and return its student's errors on test data; its teacher is not asked there.

    A lesson has many runs: of each no more snapshots than first and last are kept, and no gradients.

    Examples
    --------
    >>> import torch, kdviz as kd
    >>> X = torch.linspace(-1, 1, 200)[:, None]
    >>> run = kd.Distillation(None, kd.models.mlp((4,), inputs=1, classes=2), (X, (X[:, 0] > 0).long()),
    ...                       kd.HardLabels(), learning_rate=0.1)
    >>> trained_errors(run) <= len(run.data.test), run.steps_done == run.total_steps
    (True, True)
    """
    run.train(progress=False, evaluate=False)
    run.put_away(2)
    for parameter in run.student.parameters():
        parameter.grad = None
    return errors_of(run.student, run.data.test)


@dataclass(frozen=True)
class BesideTwin:
    """Test errors of several ways of learning, with the same seeds.

    Parameters
    ----------
    errors : dict of str to sequence of int
        By way, one number for each seed, in the same order.
    twin : str
        The way that the others are compared with.

    Examples
    --------
    >>> found = BesideTwin({"labels alone": [400, 420, 410], "taught": [300, 330, 310]}, "labels alone")
    >>> found.mean("taught"), found.difference("taught").verdict
    (313.3333333333333, 'fewer')
    """

    errors: Mapping[str, Sequence[int]]
    twin: str

    def __post_init__(self) -> None:
        if self.twin not in self.errors:
            raise ValueError(f"twin must be one of {', '.join(self.errors)}, got {self.twin!r}")
        counts = {len(found) for found in self.errors.values()}
        if len(counts) > 1 or 0 in counts:
            raise ValueError(f"every way needs one number for each seed, got {sorted(counts)} numbers")

    @property
    def ways(self) -> list[str]:
        """All but the twin."""
        return [way for way in self.errors if way != self.twin]

    @property
    def seeds(self) -> int:
        return len(self.errors[self.twin])

    def mean(self, way: str) -> float:
        return statistics.fmean(self.errors[way])

    @property
    def means(self) -> list[float]:
        """The mean of each way, the twin among them, in their order."""
        return [self.mean(way) for way in self.errors]

    def difference(self, way: str, other: str = "") -> Paired:
        """Return errors of a way − those of another (the twin), seed by seed, with their interval."""
        return paired([a - b for a, b in zip(self.errors[way], self.errors[other or self.twin], strict=True)])

    def sentence(self, way: str, other: str = "") -> str:
        """Return a way beside another (the twin) in words, with what the difference is worth."""
        return f"{way}: {against(other or self.twin, self.difference(way, other))}"

    def sentences(self) -> str:
        """Return a list of all ways beside the twin, in Markdown."""
        return "\n".join(f"- {self.sentence(way)}" for way in self.ways)

    def verdicts(self, verdict: str) -> list[str]:
        """Return the ways of a verdict: "fewer", "more" or "within the noise"."""
        return [way for way in self.ways if self.difference(way).verdict == verdict]

    def table(self) -> pd.DataFrame:
        """Return a row for each way: mean, each seed, and the difference from the twin with what it is worth."""
        import pandas as pd

        rows = {way: self._row(way) for way in self.errors}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("test errors")

    def _row(self, way: str) -> dict[str, str]:
        each = ", ".join(f"{errors:,}" for errors in self.errors[way])
        row = {"mean": f"{self.mean(way):,.0f}", "each seed": each}
        if way == self.twin:
            return {**row, "beside the twin": "", "which": ""}
        found = self.difference(way)
        return {**row, "beside the twin": in_errors(found), "which": worth(found)}

    def figure(self) -> go.Figure:
        """Return a dot for each seed and a line for the mean of each way; the twin's mean goes all the way down."""
        import plotly.graph_objects as go

        figure = go.Figure()
        for way, found in self.errors.items():
            color = palette.TWIN if way == self.twin else palette.STUDENT
            hover = f"{way}: %{{x:,}} errors<extra></extra>"
            figure.add_scatter(
                x=list(found), y=[way] * len(found), mode="markers", hovertemplate=hover,
                marker={"color": color, "size": 9, "symbol": "circle-open", "line_width": 2},
            )  # fmt: skip
            mean = {"color": color, "size": 22, "symbol": "line-ns", "line": {"color": color, "width": 3}}
            figure.add_scatter(
                x=[self.mean(way)], y=[way], mode="markers", marker=mean, hovertemplate=f"mean of {hover}"
            )
        figure.add_vline(x=self.mean(self.twin), line={"color": palette.TWIN, "width": 1, "dash": "dot"}, opacity=1)
        figure.update_yaxes(autorange="reversed", automargin=True)
        return figure.update_layout(
            template="simple_white",
            showlegend=False,
            height=110 + 38 * len(self.errors),
            margin={"l": 10, "r": 20, "t": 20, "b": 45},
            xaxis_title="test errors<br>ring: one seed, bar: mean",
        )
