"""Which layers of two models a method's term can compare, and through what: each pair is tried on four examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ...data import Splits
from ...data.inputs import Inputs
from ...distill.outputs import Outputs, Seen
from ...distill.pairing import Pair
from ...distill.taps import SCORES, tapped, taps
from ...distill.terms import Layered
from ...models.inference import ask
from ...models.looking import evaluating
from ...words import mark, t
from ...words.reasons import told
from ..live.status_text import as_sentence

TRIED_ON = 4  # examples
BRIDGES = {
    "1×1 conv": mark("a 1×1 convolution"),
    "linear": mark("a linear map"),
    "linear, both sides": mark("linear maps on both sides"),
}
AS_IT_IS = mark("The teacher’s {teacher} ({size}) and the student’s {student} ({own}) can be compared as they are.")
THROUGH = mark(
    "The teacher’s {teacher} ({size}) and the student’s {student} ({own}) can be compared through {bridge}, learned "
    "with the student."
)
WHO = {"student": mark("student"), "teacher": mark("teacher")}
UNFIT = mark("{method} cannot compare the teacher’s {teacher} ({size}) with the student’s {student} ({own}): {why}")


@dataclass(frozen=True)
class Fit:
    """Whether a term can compare two layers.

    Attributes
    ----------
    student, teacher : str
        The layers.
    shapes : (str, str)
        Of one example, the student's first: "8×14×14".
    bridge : str
        What is learned between them, a key of ``BRIDGES``; empty for nothing.
    why : str
        Why they cannot be compared; empty where they can.
    """

    student: str
    teacher: str
    shapes: tuple[str, str]
    bridge: str = ""
    why: str = ""

    @property
    def fits(self) -> bool:
        return not self.why

    def says(self, method: str) -> str:
        """Return it in one sentence."""
        names = {"teacher": self.teacher, "size": self.shapes[1], "student": self.student, "own": self.shapes[0]}
        if self.why:
            return as_sentence(t(UNFIT, method=method, why=told(self.why), **names))
        return t(THROUGH, bridge=t(BRIDGES[self.bridge]), **names) if self.bridge else t(AS_IT_IS, **names)


def fits(
    student: nn.Module,
    teacher: nn.Module,
    data: Splits,
    term: Layered,
    student_layers: Sequence[str],
    teacher_layers: Sequence[str],
) -> list[Fit]:
    """Return for every two layers whether the term can compare them.

    Parameters
    ----------
    student, teacher : nn.Module
        Not changed.
    data : Splits
    term : Layered
    student_layers, teacher_layers : sequence of str
    """
    few = data.train.inputs(slice(0, TRIED_ON))
    ours, theirs = seen(student, few, student_layers), seen(teacher, few, teacher_layers)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        return [_tried(term, s, u, ours, theirs) for u in teacher_layers for s in student_layers]


def refused(student: nn.Module, teacher: nn.Module, data: Splits, term: Layered, pairs: Sequence[Pair]) -> str:
    """Return why a term cannot compare these pairs of layers, the student's first; empty where it can."""
    if len(pairs) < term.fewest:
        return t("{n} links are needed at least, got {given}", n=term.fewest, given=len(pairs))
    few = data.train.inputs(slice(0, 2))
    for model, side, who in ((student, 0, "student"), (teacher, 1, "teacher")):
        there = taps(model, few)
        unknown = [pair[side] for pair in pairs if pair[side] not in there and pair[side] + SCORES not in there]
        if unknown:
            return t("the {who} has no layer {name}", who=t(WHO[who]), name=unknown[0])
    for s, u in pairs:
        (tried,) = fits(student, teacher, data, term, [s], [u])
        if tried.why:
            return tried.says(term.name)
    return ""


def bridge(module: nn.Module) -> str:
    """Return an adapter in words: "1×1 conv", "linear", or "linear, both sides"; empty for none."""
    if isinstance(module, nn.ModuleList):
        return mark("linear, both sides")
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            return mark("1×1 conv")
        if isinstance(part, nn.Linear):
            return mark("linear")
    return ""


def seen(model: nn.Module, few: Inputs, layers: Sequence[str]) -> dict[str, Tensor]:
    """Return what each layer gives for a few examples, the scores of attention too, and the answer under ""."""
    there = taps(model, few)
    names = [name for layer in layers for name in (layer, layer + SCORES) if name in there]
    with evaluating(model), torch.no_grad(), tapped(model, names, names) as found:
        answer = ask(model, few, who="model")
    return {**{name: out.detach().cpu() for name, out in found.items()}, "": answer.detach().cpu()}


def _tried(term: Layered, s: str, u: str, ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> Fit:
    shapes = "×".join(map(str, ours[s].shape[1:])), "×".join(map(str, theirs[u].shape[1:]))
    made = replace(term, student=(s,) * term.fewest, teacher=(u,) * term.fewest)
    of_student, of_teacher = made.taps.student[0], made.taps.teacher[0]
    if of_student not in ours or of_teacher not in theirs:
        return Fit(s, u, shapes, why=t("both must be attention"))
    known = Seen(
        {of_student: (2, *ours[of_student].shape[1:])},
        {of_teacher: (2, *theirs[of_teacher].shape[1:])},
        ours[""].shape[-1],
        None,
        0,
    )
    labels = torch.zeros(len(ours[""]), dtype=torch.long)
    try:
        learned: Any = made.auxiliary(known)
        taken = {"student_taps": ours, "teacher_taps": theirs, "auxiliary": learned}
        value = made.value(Outputs(ours[""], theirs[""], labels, **taken), _numbers(made))
    except (ValueError, RuntimeError, IndexError, TypeError) as error:
        return Fit(s, u, shapes, why=str(error).partition(";")[0].partition("\n")[0])
    if not bool(value.isfinite()):
        return Fit(s, u, shapes, why=t("the loss is not a number"))
    if isinstance(learned, nn.ModuleDict):
        learned = learned["mean"]
    return Fit(s, u, shapes, bridge="" if learned is None else bridge(learned[0]))


def _numbers(term: Layered) -> dict[str, float]:
    return {name: float(value) for name, value in term.hyperparameters().items()}  # type: ignore[arg-type]
