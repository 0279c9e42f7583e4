"""The examination: what it costs, what it refuses, and that a look changes nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill.teacher import weight_hash
from kdviz.models import inference

from .conftest import trained


def state_of(run):
    """All that a look could change, as it compares."""
    return {
        "student": weight_hash(run.student),
        "teacher": weight_hash(run.teacher.module) if run.teacher is not None else "",
        "modes": [m.training for m in run.student.modules()],
        "optimiser": str(run._optimizer.state_dict()),
        "steps": run.steps_done,
        "rows": run.history.rows.tolist(),
        "evaluations": list(run.history.evaluations),
        "edits": list(run.history.edits),
        "torch": torch.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),
    }


@pytest.mark.parametrize("options", [{}, {"study": True, "budget": 700}])
def test_a_look_changes_nothing(make, options):
    run = make(epochs=20)
    twin = trained(run.twin())
    goes_on = copy.deepcopy(run.student)
    before = state_of(run), state_of(twin)
    run.diagnose(twin=twin, **options)
    assert (state_of(run), state_of(twin)) == before
    longer = run.branch().train(epochs=1, progress=False)
    assert weight_hash(run.student) == weight_hash(goes_on)
    assert longer.steps_done == run.steps_done + run.steps_per_epoch


def test_looking_at_models_leaves_each_part_in_its_mode(world):
    student = torch.nn.Sequential(torch.nn.BatchNorm1d(20), torch.nn.Dropout(0.5), torch.nn.Linear(20, 6))
    student[0].eval()
    before, modes = weight_hash(student), [m.training for m in student.modules()]
    kd.diagnose(world.teacher(), student, world.data)
    assert (weight_hash(student), [m.training for m in student.modules()]) == (before, modes)


def test_a_method_of_the_run_and_a_function_say_the_same(healthy):
    run, twin = healthy
    assert run.diagnose(twin=twin).sentences() == kd.diagnose(run, twin=twin).sentences()


def test_it_costs_about_two_evaluations_of_each_model(healthy, monkeypatch):
    run, twin = healthy
    asked = {}
    ask = inference.ask

    def counting(model, inputs, *, who):
        asked[who] = asked.get(who, 0) + inference.count(inputs)
        return ask(model, inputs, who=who)

    monkeypatch.setattr(inference, "ask", counting)
    run.diagnose(twin=twin)
    evaluated = len(run.data.validation)
    assert asked["student"] <= 2 * evaluated and asked["twin"] <= 2 * evaluated


def test_of_answers_asks_nobody(world, healthy):
    run, twin = healthy
    test = world.data.test
    models = {"teacher": run.teacher.module, "student": run.student, "twin": twin.student}
    logits = {who: inference.logits(model, test, who=who) for who, model in models.items()}
    diagnosis = kd.diagnosis.of_answers(logits, test, temperature=4.0)
    assert diagnosis.clean and "4,000 test examples" in diagnosis.headline
    without = kd.diagnosis.of_answers({w: logits[w] for w in ("teacher", "student")}, test)
    assert without.clean and "without a twin" in without.headline
    permuted = {**logits, "teacher": logits["teacher"].roll(1, dims=1)}
    assert [f.name for f in kd.diagnosis.of_answers(permuted, test).findings] == ["permuted_classes"]


def test_no_gain_and_no_reason_are_not_called_a_clean_bill(world, healthy):
    _, twin = healthy
    test = world.data.test
    same = inference.logits(twin.student, test, who="twin")
    logits = {"teacher": inference.logits(world.teacher(), test, who="teacher"), "student": same, "twin": same}
    diagnosis = kd.diagnosis.of_answers(logits, test)
    assert diagnosis.clean and diagnosis.helped is False  # 4,000 examples would have shown a tenth of the errors
    assert diagnosis.sentences()[-1] == "No reason was found."


def test_data_without_a_label_is_told(world):
    unknown = kd.data.Examples(world.data.test.x, torch.full_like(world.data.test.y, -1))
    logits = {"teacher": world.teacher()(unknown.x).detach()}
    diagnosis = kd.diagnosis.of_answers(logits, unknown)
    assert diagnosis.clean and "No example held out from training has a label" in diagnosis.headline


def test_tokens_are_judged_one_by_one():
    y = torch.randint(0, 5, (40, 7), generator=torch.Generator().manual_seed(0))
    x = torch.arange(280).reshape(40, 7)
    logits = 6.0 * torch.nn.functional.one_hot(y, 5).float().roll(1, dims=2)
    examples = kd.data.Examples({"ids": x}, torch.where(x % 9 == 0, -1, y))
    assert kd.diagnosis.of_answers({"teacher": logits}, examples)["permuted_classes"].evidence["order"] == [
        1,
        2,
        3,
        4,
        0,
    ]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w, r: kd.diagnose(w.teacher()), TypeError, "without a run, kd.diagnose needs data too"),
        (lambda w, r: kd.diagnose(r, data=w.data), TypeError, "a run has its own student and data"),
        (lambda w, r: kd.diagnose(r, looked_for=5), ValueError, "looked_for must lie in"),
        (lambda w, r: kd.diagnose(r, seeds=[3, 4]), TypeError, "pairs of errors"),
        (lambda w, r: kd.diagnose(r, seeds=[(3, -4)]), ValueError, "errors >= 0"),
        (
            lambda w, r: kd.diagnose("teacher", data=w.data),
            TypeError,
            "expected a model, got the text 'teacher'",
        ),
        (lambda w, r: kd.diagnose(r, twin=3), TypeError, "the twin cannot be used: expected a model, got int"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_in_a_sentence(world, healthy, call, error, message):
    with pytest.raises(error, match=message):
        call(world, healthy[0])
