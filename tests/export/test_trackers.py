"""Experiment trackers that run offline, each told by its own function; left out where they are not installed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import kdviz as kd
from kdviz.export import tensorboard


def run() -> kd.Distillation:
    X, y = torch.randn(120, 4), torch.arange(120) % 3
    student = kd.models.mlp((5,), inputs=4, classes=3)
    return kd.Distillation(None, student, (X, y), kd.HardLabels(), epochs=2, batch_size=8)


def test_a_tensorboard_folder_holds_the_runs_numbers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    taught = run()
    with tensorboard(tmp_path / "one") as log:
        taught.train(progress=False, log=log)
    read = EventAccumulator(str(tmp_path / "one")).Reload()
    (told,) = [one.value for one in read.Scalars("validation/accuracy") if one.step == taught.steps_done]
    assert told == pytest.approx(taught.history.evaluated()[-1].accuracy)
    assert read.Scalars("train/loss")[-1].step == taught.steps_done


def test_a_missing_tensorboard_is_told_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        tensorboard(tmp_path)


TAUGHT = """
import torch, kdviz as kd
X, y = torch.randn(120, 4), torch.arange(120) % 3
run = kd.Distillation(None, kd.models.mlp((5,), inputs=4, classes=3), (X, y), kd.HardLabels(), epochs=2, batch_size=8)
{body}
print("told", run.history.evaluated()[-1].accuracy)
"""
TRACKERS = {
    "wandb": """
import wandb
kept = wandb.init(project="kd", config=run.recipe.to_dict())
run.train(progress=False, log=wandb.log)
wandb.log({"end": 1})  # it keeps a step once the next one is told
print("kept", kept.summary["validation/accuracy"])
wandb.finish()""",
    "mlflow": """
import mlflow
with mlflow.start_run() as kept:
    run.train(progress=False, log=mlflow.log_metrics)
print("kept", mlflow.get_run(kept.info.run_id).data.metrics["validation/accuracy"])""",
    "trackio": """
import trackio
trackio.init(project="kd", config=run.recipe.to_dict())
run.train(progress=False, log=trackio.log)
trackio.finish()""",
}


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_is_told_by_its_own_function(name: str, tmp_path: Path) -> None:
    pytest.importorskip(name)
    env = os.environ | {
        "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(tmp_path), "TRACKIO_DIR": str(tmp_path),
        "MLFLOW_TRACKING_URI": f"file://{tmp_path}/mlflow", "MLFLOW_ALLOW_FILE_STORE": "true",
    }  # fmt: skip
    code = TAUGHT.format(body=TRACKERS[name])
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = dict(
        line.split() for line in done.stdout.splitlines() if line.startswith(("told ", "kept "))
    )
    if name == "trackio":
        (base,) = tmp_path.glob("*.db")
        with sqlite3.connect(base) as connection:
            rows = connection.execute("SELECT metrics FROM metrics ORDER BY step").fetchall()
        connection.close()
        assert any(said["told"][:8] in str(row[0]) for row in rows)
    else:
        assert float(said["kept"]) == pytest.approx(float(said["told"]))
