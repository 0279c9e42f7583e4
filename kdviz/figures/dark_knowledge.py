"""Dark knowledge: the heat map of mean soft targets, for a teacher, a student or their difference."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from torch import Tensor

from . import palette

TEACHER_SCALE = ["#F3F8FC", "#9AC9E6", palette.TEACHER, "#00304D"]
STUDENT_SCALE = ["#FDF8EE", "#F7D48A", palette.STUDENT, "#553300"]
DIFFERENCE_SCALE = ["#00466F", "#6DB3DC", "#F6F6F6", "#EFB44B", "#8A4B00"]  # blue: teacher more; orange: student more


def mean_soft_targets(
    means: Tensor,
    classes: Sequence[str],
    *,
    minus: Tensor | None = None,
    role: str = "teacher",
    temperature: float | None = None,
    diagonal: bool = False,
) -> go.Figure:
    """Return a heat map of mean soft targets: rows are true classes, columns the classes of the probability.

    Parameters
    ----------
    means : Tensor, shape (C, C)
        From :func:`kdviz.measure.dark_knowledge.mean_soft_targets`; rows of NaN stay blank.
    classes : sequence of str
        Names of the C classes.
    minus : Tensor, shape (C, C), optional
        The teacher's means at the same temperature, where ``means`` are the student's. Then student − teacher is drawn,
        signed, on a symmetric scale: blue where the teacher says it more, orange where the student does.
    role : {"teacher", "student"}
        Whose means these are: it decides on colour and title. Of no effect with ``minus``.
    temperature : float, optional
        Told in the title.
    diagonal : bool
        Without it the colours end at the largest cell off the diagonal, which is left blank: it would dwarf the rest.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If shapes or names do not fit, or ``role`` is unknown.

    Examples
    --------
    >>> import torch
    >>> figure = mean_soft_targets(torch.tensor([[0.9, 0.1], [0.3, 0.7]]), ["cat", "dog"], temperature=4.0)
    >>> round(figure.data[0].zmax, 4), figure.layout.title.text
    (0.3, 'Mean soft targets of the teacher at T = 4')
    """
    _check(means, classes, minus, role)
    z = (means if minus is None else means - minus).detach().double().cpu().clone()
    if not diagonal:
        z.fill_diagonal_(float("nan"))
    top = z.abs().nan_to_num(nan=0.0).max().item() or 1.0
    names = [str(c) for c in classes]
    figure = go.Figure(
        go.Heatmap(
            z=z.numpy(),
            x=names,
            y=names,
            zmin=0.0 if minus is None else -top,
            zmax=top,
            colorscale=DIFFERENCE_SCALE if minus is not None else TEACHER_SCALE if role == "teacher" else STUDENT_SCALE,
            xgap=1,
            ygap=1,
            hoverongaps=False,
            hovertemplate="true %{y}, says %{x}: %{z:.4f}<extra></extra>",
            colorbar_title="probability" if minus is None else "difference",
        )
    )
    what = f" of the {role}" if minus is None else ": student − teacher"
    at = "" if temperature is None else f" at T = {temperature:g}"
    figure.update_layout(title=f"Mean soft targets{what}{at}", template="simple_white")
    # Names such as "3" are categories, not numbers; the first class is at the top.
    figure.update_xaxes(title="says", type="category", constrain="domain")
    return figure.update_yaxes(
        title="true class", type="category", autorange="reversed", scaleanchor="x", constrain="domain"
    )


def _check(means: Tensor, classes: Sequence[str], minus: Tensor | None, role: str) -> None:
    wanted = (len(classes), len(classes))
    for name, given in (("means", means), ("minus", minus)):
        if given is not None and tuple(given.shape) != wanted:
            raise ValueError(f"{name} must have shape {wanted} for {len(classes)} classes, got {tuple(given.shape)}")
    if role not in ("teacher", "student"):
        raise ValueError(f'role must be "teacher" or "student", got {role!r}')
