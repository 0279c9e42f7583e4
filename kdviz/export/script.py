"""A run as a script of plain PyTorch: the same batches, formulas and steps, without kdviz."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .. import __version__
from ..data.inputs import tensors
from ..distill.distillation import Distillation
from ..distill.objective import Term
from ..distill.optimizer import BY_NAME
from ..distill.terms.labels import HardLabels, LabelSmoothing
from ..distill.terms.response import FirstChoice, LogitMSE, ReverseKL, SoftTargets, SoftTargetsWithoutT2
from ..models import inference, randomness
from .plain import plain

# s and t are the logits of student and teacher (B, C), y the labels (B,), -1 where unknown.
KL = 'F.kl_div(F.log_softmax({of} / T, 1), F.log_softmax({to} / T, 1), reduction="batchmean", log_target=True)'
FORMULAS: dict[type[Term], str] = {
    SoftTargets: "T**2 * " + KL.format(of="s", to="t"),
    SoftTargetsWithoutT2: KL.format(of="s", to="t"),
    ReverseKL: "T**2 * " + KL.format(of="t", to="s"),
    FirstChoice: "F.cross_entropy(s, t.argmax(1))",
    LogitMSE: "F.mse_loss(s, t)",
    HardLabels: "F.cross_entropy(s, y, ignore_index=-1)",
    LabelSmoothing: "F.cross_entropy(s, y, ignore_index=-1, label_smoothing=smoothing)",
}
ANY_LABEL = " if (y >= 0).any() else 0.0 * s.sum()"  # the mean over no label at all
SYMBOLS = {"temperature": "T"}


def script(run: Distillation, path: str | Path) -> Path:
    """Write a run as a script that needs PyTorch alone, and its data beside it.

    The script builds the student layer by layer, with the weights that it began with, takes the run's steps in its
    order, and prints the errors on the test split beside those that the run had. The teacher's logits are data.

    Parameters
    ----------
    run : Distillation
        With at least one step done; not changed. Its teacher's answers must not depend on the step (no augmentation).
    path : path
        Of the script, such as ``train.py``; its tensors are written beside it, as ``train.pt``.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If a part of the run has no plain form, which is named: a term that looks inside the models or has weights of
        its own, augmentation, an optimizer of one's own, a student whose forward cannot be followed.

    Notes
    -----
    Terms that have a plain form: soft targets (with and without T²), reverse KL, the teacher's first choice, logit
    matching, hard and smoothed labels. Edits and schedules are kept, as numbers by step. On one thread and the CPU the
    weights are the run's but for rounding.

    Examples
    --------
    >>> import kdviz as kd, tempfile
    >>> X, y = torch.randn(200, 4), torch.randint(0, 3, (200,))
    >>> student = kd.models.mlp(hidden=(4,), inputs=4, classes=3)
    >>> run = kd.Distillation(None, student, (X, y), kd.HardLabels(), epochs=1).train(progress=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(script(run, Path(folder) / "train.py").read_text(encoding="utf-8").splitlines()[0])
    \"\"\"A distillation in plain PyTorch: 1 * HardLabels().
    """
    path = Path(path)
    _check(run)
    with run.lock:
        steps, rows = run.steps_done, run.history.rows.copy()
        held = _tensors(run)
    beginning = run.at(0)
    student = plain(beginning, held["x_test"][:8])
    numbers, by_step = _numbers(run, rows)
    held |= {f"by_step/{name}": torch.from_numpy(values) for name, values in by_step.items()}
    held |= {f"student/{name}": tensor for name, tensor in student.state.items()}
    errors = run.evaluate("test").errors if run.data.test.labelled else None
    text = _text(run, student.code, numbers, steps, path.with_suffix(".pt").name, errors)
    torch.save(held, path.with_suffix(".pt"))
    path.write_text(text, encoding="utf-8")
    return path


def _check(run: Distillation) -> None:
    """Raise in one sentence where the run has no plain form."""
    if not isinstance(run, Distillation):
        raise TypeError(f"expected a run, kd.Distillation, got {type(run).__name__}")
    if not run.steps_done:
        raise ValueError("the run has taken no step yet; train it first, and its steps are written")
    without = [type(term).__name__ for term in run.objective.terms if type(term) not in FORMULAS]
    settings = run.settings
    reason = ""
    if without:
        reason = f"{without[0]} has no plain form; terms that have one: {', '.join(kind.__name__ for kind in FORMULAS)}"
    elif settings.augment is not None or run.data.train.redraw is not None:
        reason = "its inputs are drawn anew at each step (augment); train it without"
    elif settings.optimizer not in BY_NAME:
        reason = f"its optimizer is a function of your own; train it with one of {', '.join(BY_NAME)}"
    elif run.data.train.soft is not None or any(getattr(term, "weight", None) for term in run.objective.terms):
        reason = "its labels are soft, or its classes are weighed; train it with plain labels"
    elif len(tensors(run.data.train.inputs(slice(0, 1)))) > 1:
        reason = "its models take several inputs; train one that takes a single tensor"
    if reason:
        raise ValueError(f"this run cannot be written as a plain script: {reason}")


def _tensors(run: Distillation) -> dict[str, Tensor]:
    """The transfer set, the test split and the teacher's logits on the first."""
    train, test = run.data.train, run.data.test
    held = {"y": train.y, "y_test": test.y}
    for name, part in (("x", train), ("x_test", test)):
        held[name] = tensors(inference.fitted(part.inputs(), run.student))[0].cpu().contiguous()
    if run.teacher is not None and run.objective.needs_teacher:
        held["t"] = run.teacher.logits(train).cpu().to(inference.dtype_of(run.student) or torch.float32)
    if held.get("t", torch.zeros(1, 1)).ndim != 2:
        raise ValueError("this run cannot be written as a plain script: its models answer token by token")
    return held


def _numbers(run: Distillation, rows: np.ndarray) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The numbers of the objective and the learning rate: as code, and by step where they changed."""
    code, by_step = {}, {}
    for name in (*run.objective.numbers, "learning_rate"):
        values = rows[:, run.history.columns.index(name)]
        if (values == values[0]).all():
            code[name] = repr(float(values[0]))
        else:
            code[name], by_step[name] = f'by_step["{name}"][step]', values
    return code, by_step


def _text(run: Distillation, student: str, numbers: dict[str, str], steps: int, data: str, errors: int | None) -> str:
    settings = run.settings
    terms = []
    for at, (name, term) in enumerate(zip(run.objective.names, run.objective.terms, strict=True)):
        own = {field: number for number, (of, field) in run.objective.numbers.items() if of == at}
        weight = numbers[own.pop("")]
        formula = FORMULAS[type(term)]
        if "ignore_index" in formula and run.data.train.labelled < len(run.data.train):
            formula += ANY_LABEL
        given = [f"{SYMBOLS.get(field, field)} = {numbers[number]}" for field, number in own.items()]
        terms += [*given, f"{name} = {formula}", f"loss = loss + {weight} * {name}"]
    decay = "" if settings.weight_decay is None else f", weight_decay={settings.weight_decay!r}"
    made = {
        "adam": "torch.optim.Adam(student.parameters(), lr=0.001{})",
        "adamw": "torch.optim.AdamW(student.parameters(), lr=0.001{})",
        "sgd": "torch.optim.SGD(student.parameters(), lr=0.001, momentum=0.9, nesterov=True{})",
    }[str(settings.optimizer)].format(decay)
    mixing = inspect.getsource(randomness.mix).replace("_MASK", "(2**64 - 1)")
    mixing = mixing[: mixing.index('    """')] + mixing[mixing.index("    state = seed") :]
    had = "" if errors is None else f" The run had {errors:,}."
    teacher = 't = held["t"][rows]\n' if run.teacher is not None and run.objective.needs_teacher else ""
    step = "\n".join(['s = student(held["x"][rows])', *terms])
    return TEMPLATE.format(
        objective=run.objective,
        data_title=run.data.title,
        answers="the teacher's logits and " if teacher else "and ",
        version=__version__,
        data=data,
        student=student,
        mixing=mixing.rstrip(),
        steps=steps,
        seed=settings.seed,
        sizes=_sizes(run),
        dtype="" if inference.dtype_of(run.student) == torch.float32 else f".to({inference.dtype_of(run.student)})",
        optimizer=made,
        rate=numbers["learning_rate"],
        body=_indented(teacher + step, 4),
        had=had,
    )


def _sizes(run: Distillation) -> str:
    """The batch sizes of an epoch, as code."""
    sizes = run._batches.sizes
    last = "" if sizes[-1] == sizes[0] else f" + [{sizes[-1]}]"
    return f"[{sizes[0]}] * {len(sizes) - bool(last)}{last}"


def _indented(text: str, spaces: int) -> str:
    return "\n".join(" " * spaces + line for line in text.splitlines())


TEMPLATE = '''\
"""A distillation in plain PyTorch: {objective}.

Data: {data_title}. Written by kdviz {version}; it needs PyTorch alone. Its tensors lie beside it, in {data}: the data,
{answers}the weights that the student begins with.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

held = torch.load(Path(__file__).with_name("{data}"), weights_only=True)
by_step = {{name.removeprefix("by_step/"): held[name].tolist() for name in held if name.startswith("by_step/")}}


{student}


{mixing}


student = Student(){dtype}
student.load_state_dict({{name.removeprefix("student/"): held[name] for name in held if name.startswith("student/")}})
optimizer = {optimizer}
SEED, STEPS, SIZES = {seed}, {steps}, {sizes}  # batches of an epoch

student.train()
for step in range(STEPS):
    epoch, i = divmod(step, len(SIZES))
    if i == 0:
        shuffled = torch.randperm(len(held["y"]), generator=torch.Generator().manual_seed(mix(SEED, 1, epoch)))
        order = shuffled.split(SIZES)
    rows = order[i]
    y = held["y"][rows]
    torch.manual_seed(mix(SEED, 3, step))  # of dropout
    optimizer.param_groups[0]["lr"] = {rate}
    loss = 0.0
{body}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

student.eval()
with torch.no_grad():
    known = held["y_test"] >= 0
    x, y = held["x_test"][known], held["y_test"][known]
    wrong = sum(int((student(a).argmax(1) != b).sum()) for a, b in zip(x.split(1000), y.split(1000)))
print(f"{{wrong:,}} errors of {{int(known.sum()):,}} test examples.{had}")
'''
