"""Schemes, pages and checks take whatever answers, or say in a sentence why not."""

from __future__ import annotations

import pytest
import torch
from sklearn.ensemble import RandomForestClassifier

import kdviz as kd

X = torch.randn(120, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long() + (X[:, 1] > 0.5).long()
DATA = X, Y


def net(seed: int = 0) -> torch.nn.Module:
    return kd.models.mlp((6,), inputs=4, classes=3, seed=seed)


@pytest.fixture(scope="module")
def forest():
    return RandomForestClassifier(8, random_state=0).fit(X.numpy(), Y.numpy())


def test_several_teachers_of_different_kinds(forest):
    run = kd.schemes.multi_teacher([forest, net(1).eval()], net(), DATA, epochs=1).train(progress=False)
    members = run.teacher.module.members
    wanted = sum(member(X).softmax(1) for member in members) / 2
    assert torch.allclose(run.teacher(X).softmax(1), wanted, atol=1e-6)
    assert torch.allclose(kd.schemes.ensemble([forest])(X).softmax(1), members[0](X).softmax(1), atol=1e-6)


def test_labels_of_an_estimator(forest):
    told = kd.schemes.labelled_by(forest, DATA)
    assert told.train.y.tolist() == forest.predict(told.train.inputs().numpy()).tolist()
    run = kd.schemes.black_box(forest, net(), DATA, labels="sampled", draws=2, epochs=1).train(progress=False)
    assert len(run.data.train) == 2 * len(told.train)


def test_a_teacher_object_of_an_estimator(forest):
    teacher = kd.distill.Teacher(forest)
    first = kd.Distillation(teacher, net(), DATA, epochs=1, allow_weaker_teacher=True).train(progress=False)
    assert first.teacher is teacher and teacher.fingerprint() == kd.distill.Teacher(forest).fingerprint()
    other = RandomForestClassifier(8, random_state=1).fit(X.numpy(), Y.numpy())
    assert teacher.fingerprint() != kd.distill.Teacher(other).fingerprint()


def test_another_forest_is_not_the_runs_teacher(forest, tmp_path):
    kd.Distillation(forest, net(), DATA, epochs=1, allow_weaker_teacher=True).train(progress=False).save(tmp_path)
    other = RandomForestClassifier(8, random_state=1).fit(X.numpy(), Y.numpy())
    with pytest.raises(ValueError, match="the teacher is not the run's teacher"):
        kd.Distillation.load(tmp_path, teacher=other, data=DATA)
    assert kd.Distillation.load(tmp_path, teacher=forest, data=DATA).steps_done == 1


def test_pages_take_it(forest):
    kd.panels.SoftTargets(forest, net(), kd.data.splits(DATA))
    page = kd.panels.Compare([forest, net(1).eval()], net(), DATA)
    assert page.pair.sizes["teacher"]["title"].startswith("Ensemble, ")
    page.close()
    methods = kd.panels.Methods(forest, net(), DATA, method="soft_targets")
    methods.close()


def test_a_diagnosis_counts_no_parameters_of_a_forest(forest):
    found = kd.diagnose(forest, net(), DATA)
    assert "swapped" not in str(found)
    run = kd.Distillation(forest, net(), DATA, epochs=1, allow_weaker_teacher=True).train(progress=False)
    assert run.diagnose() is not None


def test_a_term_on_layers_is_told_that_there_are_none(forest):
    hints = 1.0 * kd.HardLabels() + kd.Hint(teacher="layer1", student="relu1")
    with pytest.raises(
        ValueError, match="the teacher has no layer that outputs a tensor, so 'layer1' cannot be tapped; use"
    ):
        kd.Distillation(forest, net(), DATA, hints)
    assert kd.distill.taps(kd.wrap(forest), X[:1]) == {}


def test_inputs_cannot_be_sought_without_a_gradient(forest):
    with pytest.raises(ValueError, match="weights of a linear last layer"):
        kd.schemes.data_free(forest, net(), DATA, count=30, steps=2, epochs=1)
    wrapped = kd.wrap(net(1).eval(), classes=[0, 1, 2])
    run = kd.schemes.data_free(wrapped, net(), DATA, count=30, steps=2, epochs=1)
    assert len(run.data.train) == 30
