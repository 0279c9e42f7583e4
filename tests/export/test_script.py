"""A run as a script of plain PyTorch: run in a process without kdviz, it ends with the run's own student."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.export import script

KEEP = '\ntorch.save(student.state_dict(), "student.pt")\nimport sys\nassert "kdviz" not in sys.modules\n'


def printed(path: Path) -> str:
    """What a script prints, run in a process of its own, by a Python that does not find kdviz."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    text = path.read_text(encoding="utf-8")
    path.write_text(text + KEEP, encoding="utf-8")
    command = [sys.executable, "-P", path.name]
    done = subprocess.run(command, cwd=path.parent, env=env | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The same in this process, which is quicker."""
    student = runpy.run_path(str(path))["student"]
    torch.save(student.state_dict(), path.with_name("student.pt"))
    return capsys.readouterr().out


def run_of(objective: Any, dtype: torch.dtype = torch.float64, **options: Any) -> kd.Distillation:
    generator = torch.Generator().manual_seed(0)
    X, y = torch.randn(150, 6, generator=generator, dtype=dtype), torch.randint(0, 3, (150,), generator=generator)
    teacher = kd.models.mlp((16,), inputs=6, classes=3, seed=1).to(dtype).eval()
    student = kd.models.mlp((5,), inputs=6, classes=3, dropout=0.3, seed=2).to(dtype)
    data = kd.data.splits((X, y))
    return kd.Distillation(
        teacher,
        student,
        data,
        objective,
        **{"epochs": 3, "batch_size": 16, "seed": 4, "allow_weaker_teacher": True} | options,
    )


OBJECTIVES = {
    "hinton": lambda: kd.hinton(0.7, 3.0),
    "reverse": lambda: kd.ReverseKL(2.0) + 0.5 * kd.LabelSmoothing(0.1),
    "logits": lambda: kd.LogitMSE() + 0.2 * kd.HardLabels(),
    "first": lambda: kd.FirstChoice() + 0.1 * kd.SoftTargetsWithoutT2(2.0),
}


@pytest.mark.parametrize(
    ("objective", "options"),
    [
        ("hinton", {}),
        ("reverse", {"optimizer": "sgd"}),
        ("logits", {"weight_decay": 0.1}),
        ("first", {"optimizer": "adamw"}),
    ],
)
def test_a_script_takes_the_runs_own_steps(
    objective: str, options: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run = run_of(OBJECTIVES[objective](), **options)
        for _ in range(7):
            run.step()
        run.edit(learning_rate=3e-3, **({"temperature": 6.0} if "temperature" in run.editable else {}))
        run.train(progress=False, evaluate=False)
        path = script(run, tmp_path / "train.py")
        text = path.read_text(encoding="utf-8")
        assert max(map(len, text.splitlines())) <= 120 and "import kdviz" not in text
        said = printed(path) if objective == "hinton" else told(path, capsys)
    finally:
        torch.set_num_threads(threads)
    errors = run.evaluate("test").errors
    assert said.startswith(f"{errors} errors of ") and said.strip().endswith(f"The run had {errors}.")
    theirs = torch.load(tmp_path / "student.pt", weights_only=True)
    for name, value in run.student.state_dict().items():
        torch.testing.assert_close(theirs[name], value, rtol=0, atol=1e-9)


def own_optimizer(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.1)


@pytest.mark.parametrize(
    ("objective", "options", "says"),
    [
        (
            lambda: kd.Correlation() + kd.HardLabels(),
            {},
            "Correlation has no plain form; terms that have one: SoftTargets",
        ),
        (lambda: kd.HardLabels(weight=[1, 2, 3]), {}, "its classes are weighed"),
        (kd.hinton, {"optimizer": own_optimizer}, "its optimizer is a function of your own"),
        (kd.hinton, {"augment": lambda x, generator: x}, "drawn anew at each step"),
    ],
)
def test_a_run_without_a_plain_form_says_which_part_has_none(
    objective: Any, options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    run = run_of(objective(), **options)
    with pytest.raises(ValueError, match="no step yet"):
        script(run, tmp_path / "train.py")
    run.step()
    with pytest.raises(ValueError, match=f"cannot be written as a plain script: .*{says}"):
        script(run, tmp_path / "train.py")
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match=r"expected a run, kd\.Distillation, got Linear"):
        script(nn.Linear(2, 2), tmp_path / "train.py")  # type: ignore[arg-type]
