"""One unit of work: what the engine gives, measured at two moments, as plain JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.models import inference, mac_count
from kdviz.study.jobs import do, make_job
from kdviz.study.parts import Parts
from kdviz.study.stacked import units
from kdviz.study.stopping import Address, StopSign

from .conftest import without_clock


@pytest.fixture
def sign(tmp_path):
    return StopSign(Address(str(tmp_path / "stop")))


@pytest.fixture
def parts(digits):
    return Parts(data=digits)


def test_an_outcome_holds_what_the_run_by_hand_gives(recipe, digits, parts, sign):
    outcome = do(make_job(recipe, "student", parts), parts, sign)
    run = kd.Distillation.from_recipe(recipe, data=digits).train(progress=False)
    by_engine = run.evaluate("test")
    test = outcome["moments"]["last"]["test"]
    assert outcome["state"] == "finished" and outcome["moments"]["last"]["step"] == run.steps_done == 12
    assert (test["examples"], test["errors"], test["teacher_errors"]) == (
        400,
        by_engine.errors,
        by_engine.teacher_errors,
    )
    assert test["nll"] == pytest.approx(by_engine.nll, rel=1e-5)
    assert test["agreement"] == by_engine.agreement
    log_q, log_p = (
        inference.logits(run.student, digits.test).log_softmax(1),
        run.teacher.logits(digits.test).log_softmax(1),
    )
    assert test["kl"] == pytest.approx((log_p.exp() * (log_p - log_q)).sum(1).mean().item(), rel=1e-4)
    assert (outcome["parameters"], outcome["macs"]) == (784 * 16 + 16 + 160 + 10, 784 * 16 + 160)
    assert json.loads(json.dumps(outcome)) == outcome


def test_the_best_epoch_is_the_one_with_fewest_validation_errors(recipe, digits, parts, sign):
    wild = replace(recipe, learning_rate=0.1, epochs=6).with_seed(
        1
    )  # jumps about, so that its last epoch is not its best
    outcome = do(make_job(wild, "student", parts), parts, sign)
    run = kd.Distillation.from_recipe(wild, data=digits).train(progress=False)
    best = run.best_step()
    assert best < run.steps_done
    found = outcome["moments"]["best"]
    assert found["step"] == best
    assert found["validation"]["errors"] == min(e.errors for e in run.history.evaluated("validation"))
    wrong = inference.logits(run.at(best), digits.test).argmax(1) != digits.test.y
    assert found["test"]["errors"] == int(wrong.sum())
    assert outcome["moments"]["last"]["validation"]["errors"] == run.history.evaluated("validation")[-1].errors


def test_test_data_are_looked_at_for_the_two_moments_only(recipe, digits, parts, sign, monkeypatch):
    seen = []
    monkeypatch.setattr(kd.Distillation, "evaluate", _watched(kd.Distillation.evaluate, seen, lambda a: a[1]))
    monkeypatch.setattr(inference, "logits", _watched(inference.logits, seen, lambda a: "at a moment"))
    do(make_job(replace(recipe, epochs=3), "student", parts), parts, sign)
    assert seen.count("validation") == 3 and "test" not in seen
    assert seen.count("at a moment") <= 4


def _watched(function, seen, what):
    def watched(*arguments, **more):
        seen.append(what(arguments))
        return function(*arguments, **more)

    return watched


def test_a_run_that_diverges_has_an_outcome_that_says_so_and_lasts(recipe, parts, sign):
    outcome = do(make_job(replace(recipe, learning_rate=1e30), "student", parts), parts, sign)
    assert outcome["state"] == "failed" and outcome["lasting"]
    assert "try a learning rate below 1e+30" in outcome["sentence"]


def test_a_run_that_cannot_begin_says_why_and_may_be_tried_again(recipe, parts, sign):
    wide = replace(recipe, student={"name": "mlp", "hidden": [8], "classes": 7})
    outcome = do(make_job(wide, "student", parts), parts, sign)
    assert outcome["state"] == "failed" and not outcome["lasting"]
    assert outcome["sentence"].startswith("the teacher has 10 classes and the student 7")


def test_a_sign_that_is_up_stops_a_run_before_its_end(recipe, parts, tmp_path):
    address = Address(str(tmp_path / "stop"))
    job = make_job(recipe, "student", parts)
    address.put_up()
    with pytest.raises(kd.distill.Cancelled):
        do(job, parts, StopSign(address))
    address.take_down()
    assert do(job, parts, StopSign(address))["state"] == "finished"


def test_a_key_changes_with_all_that_decides_an_outcome(recipe, digits, parts):
    fewer = replace(digits, train=digits.train.take(slice(0, 200)))
    unnamed = replace(recipe, teacher=None)
    own = [kd.models.mlp((8,), seed=seed).eval() for seed in (0, 1)]
    keys = {
        make_job(recipe, "student", parts).key,
        make_job(recipe, "twin", parts).key,
        make_job(replace(recipe, learning_rate=1e-3), "student", parts).key,
        make_job(recipe.with_seed(1), "student", parts).key,
        make_job(recipe, "student", Parts(data=fewer)).key,
        *(make_job(unnamed, "student", Parts(teacher=t, data=digits)).key for t in own),
    }
    assert len(keys) == 7
    assert make_job(recipe, "student", Parts(data=digits)).key in keys


def test_a_student_of_your_own_is_made_anew_from_each_seed(recipe, digits, sign):
    nameless = replace(recipe, student=None)

    def factory(seed):
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))  # from torch's generator

    parts = Parts(student=factory, data=digits)
    made = [make_job(nameless.with_seed(seed), "student", parts) for seed in (0, 0, 1)]
    assert made[0].key == made[1].key != made[2].key
    first, again, other = (do(job, parts, sign) for job in made)
    assert without_clock(first) == without_clock(again) != without_clock(other)

    module = factory(0)
    before = [p.clone() for p in module.parameters()]
    copied = Parts(student=module, data=digits)
    do(make_job(nameless, "student", copied), copied, sign)
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_a_teacher_that_was_written_to_is_not_taken_for_what_it_was(recipe, digits, sign):
    unnamed = replace(recipe, teacher=None)
    teacher = kd.models.mlp((8,), seed=3).eval()
    parts = Parts(teacher=teacher, data=digits)
    before = make_job(unnamed, "student", parts)
    first = do(before, parts, sign)
    with torch.no_grad():
        teacher.logits.bias[2] += 100
    after = make_job(unnamed, "student", parts)
    second = do(after, parts, sign)
    assert before.key != after.key
    rights = int((digits.test.y == 2).sum())
    assert second["moments"]["last"]["test"]["teacher_errors"] == 400 - rights
    assert first["moments"]["last"]["test"]["teacher_errors"] != 400 - rights


def test_a_transfer_set_without_labels_can_be_taught_and_measured(recipe, digits, sign):
    soft = replace(recipe, objective=1.0 * kd.SoftTargets(4))
    unlabelled = replace(digits, train=kd.data.Examples(digits.train.x, torch.full_like(digits.train.y, -1)))
    parts = Parts(data=unlabelled)
    assert do(make_job(soft, "student", parts), parts, sign)["moments"]["last"]["test"]["examples"] == 400


def test_text_is_counted_token_by_token_and_each_run_is_trained_by_itself(sign):
    sums = kd.data.additions(digits=1, train=40, validation=10, test=10)
    shape = {"name": "decoder", "vocabulary": len(sums.classes), "context": sums.train.shape[0], "width": 8}
    recipe = kd.Recipe(
        data=sums.name, student={**shape, "blocks": 1, "heads": 2}, batch_size=8, epochs=2, learning_rate=1e-2,
        objective=0.5 * kd.OnPolicy(own=0.5) + 0.5 * kd.HardLabels(),
    )  # fmt: skip
    teacher = kd.models.build({**shape, "blocks": 2, "heads": 2}, seed=3).eval()
    parts = Parts(data=sums, teacher=teacher)
    jobs = [make_job(recipe.with_seed(seed), "student", parts) for seed in (0, 1)]
    assert units(jobs, workers=1, most_weights=float("inf")) == [(job,) for job in jobs]  # no stack
    outcome = do(jobs[0], parts, sign)
    run = kd.Distillation.from_recipe(jobs[0].recipe, data=sums, teacher=teacher).train(progress=False)
    assert outcome["state"] == "finished", outcome
    test, by_engine = outcome["moments"]["last"]["test"], run.evaluate("test")
    assert (test["examples"], test["errors"]) == (by_engine.examples, by_engine.errors)
    assert test["agreement"] == by_engine.agreement and test["teacher_errors"] == by_engine.teacher_errors
    counts = sums.test.y >= 0
    s, t = (inference.logits(model, sums.test)[counts].log_softmax(1) for model in (run.student, teacher))
    assert test["kl"] == pytest.approx((t.exp() * (t - s)).sum(1).mean().item(), rel=1e-4)
    assert test["nll"] == pytest.approx(by_engine.nll, rel=1e-5) and test["gaps"] == {}
    assert outcome["macs"] == mac_count(run.student, sums.shape) > 0


class Words(torch.nn.Module):
    """A model of somebody else's: token ids and their mask by name, and no description of itself."""

    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(7, 7)

    def forward(self, input_ids, attention_mask):
        return self.table(input_ids) @ self.table.weight.T


def test_models_of_somebody_elses_read_token_ids_in_a_study_too(sign):
    ids = torch.arange(160).view(20, 8) % 7
    part = kd.data.Examples({"input_ids": ids, "attention_mask": torch.ones_like(ids)}, (ids + 1) % 7)
    data = kd.data.Splits("text", "Text", tuple("abcdefg"), part, part, part)
    recipe = kd.Distillation(None, Words(), data, kd.HardLabels(), epochs=1).recipe
    parts = Parts(data=data, student=lambda seed: Words())
    outcome = do(make_job(recipe, "student", parts), parts, sign)
    assert outcome["state"] == "finished" and outcome["macs"] == 8 * 7 * 7, outcome
