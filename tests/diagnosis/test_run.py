"""What can be wrong with parts, objective, training and student: each planted case is found, and its advice works."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.data import Examples

from .conftest import World, errors, follow, small, trained


def names(diagnosis):
    return [found.name for found in diagnosis.findings]


def test_a_healthy_run_gets_a_clean_bill(healthy):
    run, twin = healthy
    diagnosis = run.diagnose(twin=twin)
    assert diagnosis.clean and diagnosis.findings == () and diagnosis.not_looked_at == ()
    assert "an improvement beyond sampling noise" in diagnosis.headline
    assert diagnosis.sentences() == [diagnosis.headline, "Nothing was found that stands in its way."]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_of_it_do_too(make, seed):
    run = make(seed=seed, student=small(seed=seed))
    assert run.diagnose(twin=trained(run.twin())).clean


def joined(one: Examples, other: Examples) -> Examples:
    return Examples(torch.cat((one.x, other.x)), torch.cat((one.y, other.y)))


def test_rows_of_the_training_part_among_those_it_is_judged_by(world: World, make):
    learned = world.data.train.take(slice(0, 200))
    leaky = replace(world.data, validation=joined(learned, world.data.validation.take(slice(0, 1000))))
    found = make(data=leaky, epochs=3).diagnose()["rows_shared"]
    assert found.severity == "fault" and found.confidence == "certain"
    assert found.evidence["validation examples also in training"] == 200
    assert "200 of 1,200 validation examples are in the training part" in found.sentence
    better = follow(found.try_code, run=make(data=leaky, epochs=1))["better"]
    assert len(better.data.validation) == 1000 and "rows_shared" not in names(better.diagnose())
    alone = kd.diagnose(world.teacher(), small(), leaky)["rows_shared"]
    assert len(follow(alone.try_code, data=leaky)["data"].validation) == 1000


def test_a_table_of_few_values_holds_copies_anyway(world: World):
    def coarse(examples: Examples) -> Examples:
        return Examples((examples.x[:, :3] > 0).float(), examples.y)

    data = replace(world.data, **{p: coarse(getattr(world.data, p)) for p in ("train", "validation", "test")})
    teacher = kd.models.mlp(hidden=(4,), inputs=3, classes=6).eval()
    assert "rows_shared" not in names(kd.diagnose(teacher, data=data))


def test_copies_are_counted_by_inputs_of_any_kind():
    ids = torch.arange(12).reshape(6, 2)
    y = torch.zeros(6, dtype=torch.int64)
    one, other = Examples({"ids": ids, "mask": ids > 3}, y), Examples({"ids": ids[3:], "mask": ids[3:] > 3}, y[3:])
    assert kd.diagnosis.shared_rows(one, other).tolist() == [False] * 3 + [True] * 3
    zeros = Examples(torch.tensor([[0.0, 1.0]]), y[:1]), Examples(torch.tensor([[-0.0, 1.0]]), y[:1])
    assert kd.diagnosis.shared_rows(*zeros).tolist() == [True]


def test_a_teacher_that_is_hardly_felt_because_its_t2_was_left_out(make):
    run = make(objective=0.9 * kd.SoftTargetsWithoutT2(temperature=20) + 0.1 * kd.HardLabels())
    found = run.diagnose()["gradients_apart"]
    assert found.severity == "cause" and "T² was left out" in found.sentence and found.evidence["ratio"] < 0.2
    better = follow(found.try_code, run=run)["better"]
    assert better.settings.objective == kd.hinton(temperature=20) and "gradients_apart" not in names(better.diagnose())


def test_a_teacher_that_is_hardly_felt_because_of_its_weight(make):
    run = make(objective=kd.hinton(alpha=0.02, temperature=1))
    found = run.diagnose()["gradients_apart"]
    assert "its weight is small" in found.sentence
    assert errors(follow(found.try_code, run=run)["better"]) < errors(run) - 50


def test_labels_that_are_hardly_felt(make):
    run = make(objective=kd.hinton(alpha=0.999, temperature=8), epochs=5)
    found = run.diagnose()["gradients_apart"]
    assert found.severity == "doubt" and found.evidence["ratio"] > 500
    assert "gradients_apart" not in names(follow(found.try_code, run=run)["better"].diagnose())


def test_too_few_steps(make):
    run = make(epochs=4)
    found = run.diagnose(twin=trained(run.twin()))["too_few_steps"]
    assert found.evidence["errors at the end"] < found.evidence["errors before"]
    before, longer = errors(run), run.branch()
    follow(found.try_code.replace("run.train(", "run.train(progress=False, "), run=longer)
    assert longer.steps_done == 2 * run.steps_done and errors(longer) < before


def test_too_few_evaluations_are_told(make, world):
    run = kd.Distillation(world.teacher(), small(), world.data, epochs=1).train(progress=False, evaluate=False)
    told = run.diagnose().not_looked_at
    assert any("train with evaluate=True" in sentence for sentence in told)
    run = kd.Distillation(world.teacher(), small(), world.data, epochs=5).train(progress=False, evaluate=True)
    assert not any("evaluate=True" in sentence for sentence in run.diagnose().not_looked_at)


def test_unsteady_training(make):
    run = make(learning_rate=0.5, epochs=20)
    found = run.diagnose()["unsteady"]
    assert found.evidence["learning rate"] == 0.5
    assert errors(follow(found.try_code, run=run)["better"]) < errors(run)


def test_a_student_without_room(make):
    run = make(student=small(1))
    twin = trained(run.twin())
    found = run.diagnose(twin=twin)["without_room"]
    assert found.confidence == "likely" and found.evidence["teacher error on training examples"] < 0.25
    assert run.diagnose()["without_room"].confidence == "possible"
    better = follow(found.try_code, run=run)["better"]
    assert better.student.architecture["hidden"] == [32] and errors(better) < errors(run) / 2


def test_a_student_without_need(make, world):
    data = world.with_train(12_000)
    run = make(data=data, epochs=3, student=small(16))
    found = run.diagnose(twin=trained(run.twin()))["without_need"]
    assert abs(found.evidence["twin errors"] - found.evidence["teacher errors"]) < 60
    better = follow(found.try_code, run=run)["better"]
    assert better.data.train.labelled == 1000
    models = kd.diagnose(world.teacher(), run.student, data, twin=run.twin().train(progress=False))
    assert "without_need" in names(models)


@pytest.mark.parametrize("name", ["too_few_examples", "too_few_seeds"])
def test_too_few_examples_or_seeds_to_see_it(make, world, name):
    run = make(data=world.few(60), seed=1, epochs=10)
    diagnosis = run.diagnose(twin=trained(run.twin()))
    found = diagnosis[name]
    assert found.severity == "doubt" and "within the noise" in diagnosis.headline
    left = follow(found.try_code.replace("study.run()", "study.run(progress=False, n_jobs=1)"), run=run)
    if name == "too_few_examples":
        assert found.evidence["examples"] == 60 < found.evidence["examples needed"]
        assert "kd.diagnosis.examples_needed(0.2," in found.try_code
    else:
        assert found.evidence["seeds"] == 1 and len(left["study"].seeds) == max(
            3, min(20, found.evidence["seeds needed"])
        )


def test_seeds_given(healthy):
    run, twin = healthy
    unclear = [(600, 680), (690, 605), (588, 650), (650, 600)]
    found = run.diagnose(twin=twin, seeds=unclear)["too_few_seeds"]
    assert found.confidence == "likely" and found.evidence["seeds needed"] > 4
    clear = [(600, 700), (640, 741), (588, 690)]
    assert run.diagnose(twin=twin, seeds=clear).clean


def test_a_run_that_was_not_trained(world):
    run = kd.Distillation(world.teacher(), small(), world.data)
    diagnosis = run.diagnose()
    assert diagnosis.clean and diagnosis.headline == "The run has not been trained yet."
    assert "only the teacher and the data were looked at" in " ".join(diagnosis.not_looked_at)
