"""A data set and a teacher that another package brings are known by name like kdviz's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

TRY = """
import json, sys
import torch, kdviz as kd
from kdviz.panels.lab import choices
data, teacher, card = kd.data.load("digits"), kd.models.pretrained("digits-mlp"), kd.models.card("digits-mlp")
with torch.no_grad():
    wrong = int((teacher(data.test.inputs()).argmax(1) != data.test.y).sum())
run = kd.Distillation(teacher, kd.models.mlp((8,), inputs=64), data, epochs=2).train(progress=False)
run.save(sys.argv[1])
again = kd.Distillation.load(sys.argv[1])
lab = kd.panels.Lab(data="digits", teacher="digits-mlp", labels=300, epochs=1)
print(json.dumps({
    "names": [kd.data.names()[-1], kd.data.available()[-1], kd.models.names()[-1], data.title],
    "errors": [wrong, card.test_errors],
    "frozen": not any(p.requires_grad or teacher.training for p in teacher.parameters()),
    "recipe": [run.recipe.data, run.recipe.teacher],
    "same": [torch.equal(a, b) for a, b in zip(run.student.parameters(), again.student.parameters())],
    "offered": [[row["title"] for row in choices.data_rows()][-1], choices.teacher_names("digits")],
    "chosen": [lab.state["data"], lab.state["teacher"]],
}))
"""


def test_data_and_teacher_are_known_by_name(python_with: Callable, tmp_path) -> None:
    done = subprocess.run(
        [*python_with("data"), "-W", "error", "-c", TRY, str(tmp_path)], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["names"] == ["digits", "digits", "digits-mlp", "Digits, 8×8"]
    assert found["errors"][0] == found["errors"][1] and found["frozen"]
    assert found["recipe"] == ["digits", "digits-mlp"]
    assert found["same"] and all(found["same"])
    assert found["offered"] == ["Digits, 8×8", ["digits-mlp"]]
    assert found["chosen"] == ["digits", "digits-mlp"]
