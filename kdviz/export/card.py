"""A model card of a student: what it is, who taught it, on what, how, and how it does. Markdown, as hubs read it."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .. import __version__
from .. import data as data_sets
from ..distill.distillation import Distillation
from ..distill.teacher import weight_hash
from ..measure.cost import costs
from ..measure.paired import paired_errors
from ..measure.wilson import wilson
from ..models.naming import name_of
from ..models.shipped import card as shipped_card
from ..report.comparison import compare
from ..report.report import Report
from ..whole_files import write_whole

TIMED_S = 0.5  # of the times of each batch size
NO_TWIN = "No twin, the same student taught by labels alone, was given: what the teacher contributed is not known."
ONE_RUN = (
    "The figures are of this one run, with one seed. Their intervals tell what other test examples would change, not "
    "what another seed would."
)


def card(run: Distillation, path: str | Path | None = None, *, twin: Any = None, title: str | None = None) -> str:
    """Write a model card of a run's student, measured on the test split.

    Parameters
    ----------
    run : Distillation
        With a step done. Its student, teacher, data, recipe and history are what the card tells; not changed.
    path : path, optional
        Of the file, usually ``README.md`` beside the weights.
    twin : Distillation or nn.Module, optional
        The same student taught by labels alone, such as ``run.twin().train()``.
    title : str, optional
        Of the card. Default: what the student is, and whom it learned from.

    Returns
    -------
    str
        The card, in Markdown with the front matter that model hubs read: teacher and student with the hashes of their
        weights, data, recipe and seeds, accuracy, agreement, calibration, gaps between groups, size and cost.

    Raises
    ------
    ValueError
        If the run has taken no step, or the test split has no labels.

    Examples
    --------
    >>> import kdviz as kd
    >>> X, y = torch.randn(200, 4), torch.randint(0, 3, (200,))
    >>> run = kd.Distillation(None, kd.models.mlp((4,), inputs=4, classes=3), (X, y), kd.HardLabels(), epochs=1)
    >>> print(card(run.train(progress=False)).splitlines()[8])
    # 4 hidden units, taught by labels alone
    """
    if not isinstance(run, Distillation):
        raise TypeError(f"expected a run, kd.Distillation, got {type(run).__name__}")
    if not run.steps_done:
        raise ValueError("the run has taken no step yet; train it first, and the card tells of it")
    if not run.data.test.labelled:
        raise ValueError("the test split has no labelled example; a card needs some to say how the student does")
    other = twin.student if isinstance(twin, Distillation) else twin
    student = run.at(run.steps_done)
    teacher = None if run.teacher is None else run.teacher.module
    report = compare(student if teacher is None else teacher, student, run.data, twin=other)
    named = title or f"{name_of(student)}, taught by {'labels alone' if teacher is None else name_of(teacher)}"
    parts = [
        _front(run),
        f"# {named}",
        _about(run, student, teacher),
        "## How it does\n",
        _table(report, teacher),
        *([_beside_twin(report)] if other is not None else [NO_TWIN] if teacher is not None else []),
        ONE_RUN,
        _sentences(report, alone=teacher is None),
        "## What it costs\n",
        _costs(report, run, alone=teacher is None),
        "## How it was taught\n",
        _taught(run),
        "## To be added by hand\n",
        "Licence of these weights; what they are for, and what not; whom errors harm.",
    ]
    text = "\n\n".join(part.strip("\n") for part in parts) + "\n"
    if path is not None:
        write_whole(path, text)
    return text


def _front(run: Distillation) -> str:
    """What a hub reads: tags, data, metrics."""
    named = [f"datasets:\n- {run.data.name}"] if run.data.name in data_sets.names("any") else []
    return "\n".join(
        ["---", "library_name: pytorch", "tags:\n- knowledge-distillation", *named, "metrics:\n- accuracy", "---"]
    )


def _about(run: Distillation, student: nn.Module, teacher: nn.Module | None) -> str:
    lines = [f"- Student: {_described(student)}"]
    if teacher is not None:
        lines.append(f"- Teacher: {_described(teacher)}{_shipped(run)}")
    drawn = (
        f"; of these, {run.data.train.labelled:,} with a label" if run.data.train.labelled < len(run.data.train) else ""
    )
    lines.append(
        f"- Data: {run.data.title}, {len(run.data.train):,} examples for teaching{drawn}, {len(run.data.validation):,} "
        f"for validation, {len(run.data.test):,} for the test"
    )
    return "\n".join(lines)


def _described(model: nn.Module) -> str:
    weights = sum(p.numel() for p in model.parameters())
    return f"{name_of(model)}, {weights:,} parameters; weights `{weight_hash(model)}`"


def _costs(report: Report, run: Distillation, *, alone: bool) -> str:
    """What student and teacher take to keep and to run, on this machine."""
    models = {
        who: model for who, model in report.models.items() if who == "student" or (who == "teacher" and not alone)
    }
    found = costs(models, run.data.test, seconds=TIMED_S)
    told = [] if alone else [found.sentence(report.kept())]
    table = found.table()
    rows = [f"| | {' | '.join(models)} |", "| --- |" + " --- |" * len(models)]
    rows += [f"| {row['number']} | {' | '.join(row[who] for who in models)} |" for row in table.to_dict("records")]
    lines = [*told, *found.notes(), f"Times are of this machine, with {torch.get_num_threads()} threads."]
    return "\n".join([*rows, "", *(f"- {line}" for line in lines if line)])


def _shipped(run: Distillation) -> str:
    name = run.recipe.teacher
    if name is None:
        return ""
    about = shipped_card(name)
    return f'; `kd.models.pretrained("{name}")`, {about.title}, {about.licence}, trained again by `{about.command}`'


def _table(report: Report, teacher: nn.Module | None) -> str:
    rows = ["| | accuracy (95 % CI) | errors | NLL | ECE |", "| --- | --- | --- | --- | --- |"]
    for who, of in report.calibration.items():
        if who == "teacher" and teacher is None:
            continue
        n = report.examples.labelled
        right = round(of.accuracy * n)
        low, high = wilson(right, n, 0.95)
        share = f"{right / n:.4f} ({low:.4f} to {high:.4f})"
        rows.append(f"| {who} | {share} | {n - right:,} of {n:,} | {of.nll:.4f} | {of.ece:.4f} |")
    return "\n".join(rows)


def _beside_twin(report: Report) -> str:
    """How many errors student and twin make more or fewer, on the same examples."""
    y = report.examples.y
    known = y >= 0
    wrong = {who: (report.logits[who].argmax(1) != y)[known].numpy() for who in ("student", "twin")}
    found = paired_errors(wrong["student"], wrong["twin"])
    ends = f"{found.low:+,.0f} to {found.high:+,.0f}".replace("-", "−")
    return f"Student − twin: {found.mean:+,.0f} errors (95 % CI {ends}), on the same examples.".replace("-", "−")


def _sentences(report: Report, *, alone: bool) -> str:
    """What the report says; without a teacher, what it says of one model."""
    subjects = ("calibration", "bias") if alone else ("fidelity", "calibration", "bias")
    told = [sentence for subject in subjects for sentence in report.sentences(subject)]
    return "\n".join(f"- {sentence}" for sentence in told if not (alone and "teacher" in sentence))


def _taught(run: Distillation) -> str:
    made = f"kdviz {__version__}, torch {torch.__version__}, Python {platform.python_version()}"
    return (
        f"`{run.objective}`; {run.steps_done:,} of {run.total_steps:,} steps done; {made}. "
        "`kd.Distillation.from_recipe(kd.Recipe.from_json(text))` repeats it:\n\n"
        f"```json\n{run.recipe.to_json()}\n```"
    )
