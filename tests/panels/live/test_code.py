"""The program shown by "Show code": run in a process of its own, it gives the bits of the run it tells of."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import pytest
import torch

import kdviz as kd
from kdviz.distill import Teacher
from kdviz.panels.lab.choices import Choices
from kdviz.panels.live.code import program

pytestmark = pytest.mark.timeout(900)  # a process of its own, on a machine that may be busy

SMALL = {"labels": 300, "units": 16, "epochs": 3, "batch_size": 64}
DIGITS = SMALL | {"data": "mnist", "teacher": "mnist-mlp-overfit"}
ADULT = SMALL | {"data": "adult", "teacher": "adult-mlp"}  # a teacher that answers fast

# Runs each program given as JSON in a namespace of its own and prints what came out.
FRESH = """
import contextlib, hashlib, io, json, sys
def bits(run):
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in run.student.state_dict().values())).hexdigest()
told = {}
for name, text in json.load(sys.stdin).items():
    space, printed = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, name, "exec"), space)
    told[name] = {who: [bits(one), one.steps_done] for who, one in space["runs"].items()}
    told[name]["printed"] = printed.getvalue()
print(json.dumps(told))
"""


def bits(run: kd.Distillation) -> str:
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in run.student.state_dict().values())).hexdigest()


def distillation(**chosen) -> kd.Distillation:
    choices = Choices(**{**ADULT, **chosen})
    return kd.Distillation(
        kd.models.pretrained(choices.teacher), choices.student(), choices.splits(), choices.objective(),
        learning_rate=choices.learning_rate, batch_size=choices.batch_size, epochs=choices.epochs, seed=choices.seed,
    )  # fmt: skip


def taught(run: kd.Distillation, step: int | None = None) -> kd.Distillation:
    while run.steps_done < (run.total_steps if step is None else step):
        run.step()
    return run


def edited() -> kd.Distillation:
    run = distillation(seed=4, layers=2, units=8)
    run.edit(temperature=2.5)
    taught(run, 5).edit(alpha=0.35, learning_rate=0.007)
    taught(run, 9).edit(temperature=11)
    return taught(run, 12)


def branched() -> kd.Distillation:
    run = taught(distillation())
    run_at_7 = run.branch(7, temperature=1.5)
    taught(run_at_7, 10).edit(learning_rate=0.001)
    return taught(run_at_7)


def scheduled() -> kd.Distillation:
    data, teacher = kd.data.adult().with_labels(300), kd.models.pretrained("adult-mlp")
    alpha, rate = kd.schedules.Linear(0.9, 0.1), kd.schedules.WarmupCosine(0.01, warmup=0.2)
    student = kd.models.mlp((8,), inputs=91, classes=2, seed=2)
    run = kd.Distillation(
        teacher, student, data, kd.hinton(alpha, kd.schedules.Cosine(8, 1)), learning_rate=rate, epochs=2
    )
    return taught(run).train(epochs=1, progress=False, evaluate=False)


RUNS = {
    "as it opens": lambda: taught(distillation(**DIGITS)),
    "an omitted class": lambda: taught(distillation(**DIGITS, omit=3)),
    "in the middle": lambda: taught(distillation(seed=1), 7),
    "before the first step": distillation,
    "with edits": edited,
    "a branch": branched,
    "an unedited branch": lambda: taught(edited().branch(6)),
    "T² forgotten": lambda: taught(distillation(loss="without_t2", temperature=8)),
    "KL turned round": lambda: taught(distillation(loss="reverse_kl", alpha=0.7)),
    "labels alone": lambda: taught(distillation(alpha=0)),
    "no labels": lambda: taught(distillation(labels=0), 20),
    "unlabelled examples kept": lambda: taught(distillation(keep_unlabelled=True), 20),
    "schedules, and more than was planned": scheduled,
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """As on the page. More threads than free CPUs wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def runs():
    return {name: make() for name, make in RUNS.items()}


@pytest.fixture(scope="module")
def fresh(runs):
    texts = json.dumps({name: program(run) for name, run in runs.items()})
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", FRESH], input=texts, capture_output=True, text=True, env=environment, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", RUNS)
def test_the_program_repeats_the_run_and_its_twins_to_the_last_bit(runs, fresh, name):
    run = runs[name]
    assert fresh[name]["student"] == [bits(run), run.steps_done]
    if run.data.train.labelled:
        twins = {"twin, no teacher": run.twin(), "twin, label smoothing": run.twin(smoothing=0.1)}
        for who, twin in twins.items():
            assert fresh[name][who] == [bits(taught(twin, run.steps_done)), run.steps_done], who
    errors = run.evaluate("test")
    assert f"student: {errors.errors:,} errors on {errors.examples:,} test examples" in fresh[name]["printed"]


def test_the_program_of_a_plain_run_reads_as_the_readme_does():
    assert (
        program(taught(distillation(**DIGITS)), smoothing=0)
        == """\
import torch

import kdviz as kd

torch.set_num_threads(1)  # as here; another number may change the last digits
data = kd.data.mnist().with_labels(300)
teacher = kd.models.pretrained("mnist-mlp-overfit")
student = kd.models.mlp(hidden=(16,), seed=0)
alpha = 0.9
objective = alpha * kd.SoftTargets(temperature=4) + (1 - alpha) * kd.HardLabels()
run = kd.Distillation(teacher, student, data, objective, learning_rate=0.003, batch_size=64, epochs=3, seed=0)

run.train()  # 15 steps
runs = {"student": run}
runs["twin, no teacher"] = run.twin().train()

for name, one in runs.items():
    result = one.evaluate("test")
    print(f"{name}: {result.errors:,} errors on {result.examples:,} test examples")
"""
    )


def test_without_twins_there_is_the_student_alone():
    text = program(taught(distillation(), 3), twin=False, smoothing=0)
    assert "twin" not in text and "teach(run, 3)" in text
    assert "there are none" in program(distillation(labels=0))


def test_what_has_no_name_is_left_to_the_reader():
    class Own(kd.SoftTargets):
        pass

    torch.manual_seed(0)
    x, y = torch.randn(80, 6), torch.arange(80) % 3
    teacher = torch.nn.Sequential(torch.nn.Linear(6, 3)).eval()
    student = torch.nn.Sequential(torch.nn.Linear(6, 3))
    run = kd.Distillation(
        Teacher(teacher), student, (x, y), 1.0 * Own(temperature=2.0), augment=lambda inputs, generator: inputs
    )
    text = program(run)
    for line in ("data = ...  # put", "teacher = ...  # put", "student = ...  # put", "objective = ...  # put"):
        assert line in text
    assert "# add augment=, your own function" in text
    compile(text, "text", "exec")


def test_a_data_set_that_was_changed_is_not_taken_for_the_one_of_its_name():
    from dataclasses import replace

    whole = kd.data.mnist()
    fewer = replace(whole, train=whole.train.take(slice(0, 500)))
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-overfit"), kd.models.mlp((8,)), fewer)
    assert "data = ...  # put your own data here" in program(run)
