"""Study: what is run, what is told of it, and what is never done."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import durable
from kdviz.study import folder as on_disk
from kdviz.study import jobs as study_jobs

from .frames import errors_of


def test_arms_that_differ_in_what_a_teacher_says_share_their_twins(study):
    assert study.total == 4 * 3 + 3 + 3 and study.left == 0
    frame = study.frame()
    assert frame[frame.role == "student"].run.nunique() == 12
    assert frame[frame.role == "twin"].run.nunique() == frame[frame.role == "smoothed"].run.nunique() == 3
    other = kd.Study.grid(study.arms[0].recipe, learning_rate=[1e-3, 1e-2], seeds=2, data=study.parts.data)
    assert other.total == 2 * 2 + 2 * 2  # a learning rate does concern the twin


def test_the_best_arm_is_chosen_on_validation_data_and_never_on_test_data(study):
    frame = study.frame()
    validation = {
        arm.name: np.mean(list(errors_of(frame, arm.name, "student", "validation").values())) for arm in study.arms
    }
    assert validation[study.best().name] == min(validation.values())
    assert study.table().set_index("arm").chosen.to_dict() == {name: name == study.best().name for name in validation}
    with pytest.raises(ValueError, match="must be chosen on validation data, got 'test'"):
        study.best("test")
    with pytest.raises(ValueError, match='moment must be "last" or "best"'):
        study.best(moment="first")


def test_a_run_that_diverges_is_a_row_and_a_sentence_and_takes_no_other_down(recipe, digits):
    arms = {"calm": recipe, "wild": replace(recipe, learning_rate=1e30)}
    study = kd.Study(arms, seeds=2, data=digits).run(progress=False, n_jobs=1)
    frame, table = study.frame(), study.table().set_index("arm")
    assert frame[(frame.arm == "calm")].state.eq("finished").all()
    failed = frame[(frame.arm == "wild") & (frame.role == "student")]
    assert failed.state.tolist() == ["failed"] * 2 and failed.errors.isna().all()
    assert failed.sentence.str.contains("try a learning rate below").all()
    assert table.loc["wild", ["seeds", "failed"]].tolist() == [0, 2] and math.isnan(table.loc["wild", "errors"])
    told = study.sentences()
    assert any(s.startswith("wild, seed 0, failed: the loss became") for s in told)
    assert any(s.startswith("The twin of wild, seed 1, failed") for s in told)
    assert study.best().name == "calm" and study.left == 0


def test_named_methods_with_parts_of_your_own(recipe, digits):
    nameless = replace(recipe, teacher=None, student=None)
    arms = {"Hinton": nameless, "reverse KL": replace(nameless, objective=kd.hinton(0.9, 1, term=kd.ReverseKL))}
    with pytest.raises(ValueError, match="pass it as teacher="):
        kd.Study(arms, data=digits)
    teacher = kd.models.pretrained("mnist-mlp-1200")
    with pytest.raises(ValueError, match="pass student="):
        kd.Study(arms, teacher=teacher, data=digits)
    with pytest.raises(ValueError, match="data of your own"):
        kd.Study(arms, teacher=teacher, student=torch.nn.Linear)
    own = kd.Study(
        arms, seeds=2, teacher=teacher, student=lambda seed: kd.models.mlp((16,), seed=seed), data=digits
    ).run(progress=False, n_jobs=1)
    named = kd.Study({"Hinton": recipe}, seeds=2, data=digits).run(progress=False, n_jobs=1)
    assert own.compare("Hinton").errors == named.compare("Hinton").errors
    assert own.compare("Hinton").teacher_errors == named.compare("Hinton").teacher_errors


def test_a_transfer_set_without_labels_has_no_twin(recipe, digits):
    bare = replace(digits, train=kd.data.Examples(digits.train.x, torch.full_like(digits.train.y, -1)))
    soft = replace(recipe, objective=1.0 * kd.SoftTargets(4))
    study = kd.Study.grid(soft, temperature=[1, 4], seeds=2, data=bare).run(progress=False, n_jobs=1)
    assert study.total == 4 and set(study.frame().role) == {"student"}
    assert study.table().verdict.tolist() == ["no pair"] * 2
    assert not any("twin" in sentence for sentence in study.sentences())


def test_without_validation_labels_there_is_no_best_epoch_and_no_choice(recipe, digits):
    unknown = kd.data.Examples(digits.validation.x, torch.full_like(digits.validation.y, -1))
    study = kd.Study({"Hinton": recipe}, seeds=2, data=replace(digits, validation=unknown))
    study.run(progress=False, n_jobs=1)
    assert set(study.frame().moment) == {"last"} and set(study.frame().split) == {"test"}
    with pytest.raises(ValueError, match="no arm has finished all its seeds on labelled validation data"):
        study.best()


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [(0, "at least one seed"), ([], "at least one seed"), ([1, 1], "each seed may appear once"), (-1, "at least one")],
)
def test_seeds_that_cannot_work_are_answered_in_a_sentence(recipe, digits, seeds, sentence):
    with pytest.raises(ValueError, match=sentence):
        kd.Study({"Hinton": recipe}, seeds=seeds, data=digits)


def test_what_cannot_be_written_down_is_refused_before_anything_runs(recipe, digits):
    with pytest.raises(ValueError, match="augment is a function of yours"):
        kd.Study({"Hinton": replace(recipe, augment="custom")}, data=digits)
    draws = kd.Study.grid(replace(recipe, data="mnist"), draw=[{"count": 100}, {"count": 200}], seeds=1)
    assert [arm.coordinates["draw"] for arm in draws.arms] == ["100", "200"]
    with pytest.raises(ValueError, match="the arms name different data"):
        kd.Study.grid(replace(recipe, data="mnist"), draw=[{"count": 100}, {"count": 200}], data=digits)
    with pytest.raises(ValueError, match='stacked must be "auto"'):
        kd.Study({"Hinton": recipe}, data=digits).run(stacked="yes")


def test_cancel_keeps_what_has_finished_and_run_goes_on(recipe, digits, tmp_path, monkeypatch):
    study = kd.Study.grid(recipe, temperature=[1, 2, 4, 8], seeds=2, data=digits)
    written = []

    def write_and_cancel(folder, outcome):
        on_disk_write(folder, outcome)
        written.append(outcome["key"])
        if len(written) == 3:
            other = threading.Thread(target=study.cancel)
            other.start()
            other.join()

    on_disk_write = on_disk.write
    monkeypatch.setattr(on_disk, "write", write_and_cancel)
    study.run(tmp_path, progress=False, n_jobs=1, stacked=False)
    assert len(written) == 3 and study.left == study.total - 3 == 7
    assert f"7 of {study.total} runs are still to do" in study.sentences()[-1]
    assert not [p.name for p in tmp_path.iterdir() if p.suffix != ".json" and p.name != durable.LOCK]
    study.run(tmp_path, progress=False, n_jobs=1, stacked=False)
    assert study.left == 0 and len(written) == len(set(written)) == study.total
    study.cancel()  # nothing is under way: nothing happens
    assert study.run(tmp_path, progress=False, n_jobs=1).left == 0


def test_a_study_cannot_be_under_way_twice(recipe, digits, monkeypatch):
    study = kd.Study({"Hinton": recipe}, seeds=1, data=digits)
    seen = []

    def do_and_run_again(*arguments):
        with pytest.raises(RuntimeError, match="already running"):
            study.run(progress=False, n_jobs=1)
        seen.append(True)
        return original(*arguments)

    original = study_jobs.train
    monkeypatch.setattr(study_jobs, "train", do_and_run_again)
    study.run(progress=False, n_jobs=1, stacked=False)
    assert seen


def test_progress_counts_all_runs_those_done_before_included(recipe, digits, tmp_path, capsys):
    kd.Study({"Hinton": recipe}, seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    assert capsys.readouterr().err == ""
    kd.Study({"Hinton": recipe}, seeds=2, data=digits).run(tmp_path, n_jobs=1)
    told = capsys.readouterr().err
    assert "2/4" in told and "4/4" in told and "0/4" not in told


def test_importing_a_study_loads_no_pandas_and_no_plotly():
    ask = "import kdviz as kd, sys; kd.Study; print(*{'pandas', 'plotly', 'sklearn', 'distributed'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_teacher_trained_on_later_does_not_change_a_study(recipe, digits):
    teacher = kd.models.mlp((8,), seed=3).eval()
    arms = {"Hinton": replace(recipe, teacher=None)}
    study = kd.Study(arms, seeds=1, teacher=teacher, data=digits)
    before = kd.Study(arms, seeds=1, teacher=teacher, data=digits).run(progress=False, n_jobs=1)
    with torch.no_grad():
        teacher.logits.bias[2] += 100
    assert study.run(progress=False, n_jobs=1).table().equals(before.table())
    after = kd.Study(arms, seeds=1, teacher=teacher, data=digits).run(progress=False, n_jobs=1)
    assert after.compare("Hinton").teacher_errors != before.compare("Hinton").teacher_errors


def test_a_student_or_a_teacher_of_your_own_stands_in_for_the_one_that_all_recipes_name(recipe, digits):
    made = []

    def student(seed):
        made.append(seed)
        return kd.models.mlp((8,), seed=seed)

    study = kd.Study({"Hinton": recipe}, seeds=2, student=student, data=digits).run(progress=False, n_jobs=1)
    assert set(made) == {0, 1} and study.arms[0].recipe.student is None
    assert set(study.frame().parameters) == {kd.models.parameter_count(kd.models.mlp((8,)))}
    weak = kd.models.mlp((4,)).eval()
    assert kd.Study({"Hinton": recipe}, teacher=weak, data=digits).arms[0].recipe.teacher is None
    same = kd.models.pretrained(recipe.teacher)
    assert kd.Study({"Hinton": recipe}, teacher=same, data=digits).arms[0].recipe.teacher == recipe.teacher
    elsewhere = {"Hinton": recipe, "convnet": replace(recipe, teacher="mnist-convnet")}
    with pytest.raises(ValueError, match="teacher= stands in for the teacher of every arm"):
        kd.Study(elsewhere, teacher=same, data=digits)
    other = replace(recipe, student={"name": "mlp", "hidden": [4]})
    with pytest.raises(
        ValueError, match=r"student= stands in for the student of every arm, .* different ones; leave it"
    ):
        kd.Study({"Hinton": recipe, "smaller": other}, student=student, data=digits)
