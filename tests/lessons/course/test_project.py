"""Lesson 16: a learner's parts are looked at, a plan and a conclusion are held against the study, files are written."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.lessons.course.project import Project

PLAN = {"temperatures": [1, 4], "seeds": 3, "chosen_on": "validation", "worth": 0.1}


def make_student(seed):
    return kd.models.mlp((4,), inputs=6, classes=3, seed=seed)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory) -> Project:
    draw = torch.Generator().manual_seed(0)
    X = torch.randn(400, 6, generator=draw)
    y = (X[:, :3] + 0.5 * torch.randn(400, 3, generator=draw)).argmax(1)
    data = kd.data.splits((X, y), validation=100, test=150, seed=0)
    teacher = kd.models.mlp((32,), inputs=6, classes=3)
    kd.Distillation(None, teacher, data, kd.HardLabels(), epochs=5, learning_rate=1e-2).train(progress=False)
    lesson = Project(folder=tmp_path_factory.mktemp("answers"))
    assert "150 to test on; 3 classes" in lesson.use(data, teacher.eval())
    run = kd.Distillation(teacher, make_student(0), data, learning_rate=1e-2, batch_size=32, epochs=4)
    study = kd.Study.grid(
        run.recipe, temperature=PLAN["temperatures"], seeds=3, teacher=teacher, student=make_student, data=data
    )
    lesson.done(study.run(progress=False, n_jobs=1))
    return lesson


def with_softmax(seed):
    return torch.nn.Sequential(make_student(seed), torch.nn.Softmax(1))


def unseeded(seed):
    return torch.nn.Linear(6, 3)


ONE = make_student(0)
STUDENTS = {
    "It returns the same network twice": lambda seed: ONE,
    "Seed 0 gives other weights each time": unseeded,
    "Seeds 0 and 1 give the same weights": lambda seed: make_student(0),
    "It must have 3 outputs": lambda seed: kd.models.mlp((4,), inputs=6, classes=2, seed=seed),
    "It ends in a softmax": with_softmax,
    "It must return a torch module": lambda seed: "a network",
}
PLANS = {
    "lacks seeds, worth": {"seeds": None, "worth": ""},
    "Take two or more temperatures": {"temperatures": [4]},
    "The temperatures must rise": {"temperatures": [4, 1]},
    "cannot tell a gain from luck": {"seeds": 2},
    "looks better there than it is": {"chosen_on": "test"},
    "On training data": {"chosen_on": "train"},
    "as a share of the twin's errors": {"worth": 50},
}


def test_a_student_is_looked_at(lesson):
    assert lesson.check("student", make_student)
    for sentence, make in STUDENTS.items():
        found = lesson.check("student", make)
        assert not found and sentence in found.sentences[0], found


def test_a_plan_is_looked_at(lesson):
    assert lesson.check("plan", PLAN)
    for sentence, change in PLANS.items():
        found = lesson.check("plan", PLAN | change)
        assert not found and sentence in found.sentences[0], found
    lesson.expect(PLAN)
    means = [lesson.study.compare(arm.name).mean() for arm in lesson.study.arms]
    lesson.see("errors", means)
    assert lesson.part("errors").reply(means).distance == pytest.approx(1)


def test_a_conclusion_is_held_against_the_study(lesson):
    study, best = lesson.study, lesson.study.best("validation").name
    other = next(arm.name for arm in study.arms if arm.name != best)
    found = study.compare(best)
    pairs = [found.errors["student"][seed] - found.errors["twin"][seed] for seed in study.seeds]
    assert lesson.difference.mean == pytest.approx(np.mean(pairs))
    low, high = lesson.difference.low, lesson.difference.high
    assert abs(np.mean(pairs)) > 0.5 and high - low > 1  # else a wrong sign could not be told
    verdict = "fewer" if high < 0 else "more" if low > 0 else "within the noise"
    limits = "One data set, drawn by a generator of random numbers, and one student."
    right = {"arm": best, "difference": np.mean(pairs), "low": low, "high": high, "verdict": verdict, "limits": limits}
    assert lesson.check("conclusion", right)
    wrong = {
        "Validation data choose": {"arm": other},
        "There is no arm": {"arm": "temperature 99"},
        "The sign is turned round": {"difference": -right["difference"], "low": -high, "high": -low},
        "the wrong way round": {"low": high, "high": low},
        "The study says": {"difference": 1e6},
        "verdict must be one of": {"verdict": "good"},
        "The interval": {"verdict": "more" if verdict != "more" else "fewer"},
        "in a whole sentence": {"limits": "none"},
        "lacks limits": {"limits": ""},
    }
    for sentence, change in wrong.items():
        said = lesson.check("conclusion", right | change)
        assert not said and sentence in said.sentences[0], said
    assert not lesson.check("conclusion", "fewer errors")


def test_claims_and_files_follow_the_study(lesson, monkeypatch):
    monkeypatch.delenv("KDVIZ_QUICK", raising=False)
    arm = lesson.study.best("validation")
    run = kd.Distillation(lesson.teacher, make_student(0), lesson.data, arm.recipe.objective, epochs=2)
    run.train(progress=False)
    report = kd.compare(lesson.teacher, run.student, lesson.data)
    asked = lesson.claims_of(report)
    assert asked.reply(asked.right).right
    assert ("The student makes fewer test errors than its twin." in asked.right) == (lesson.difference.high < 0)
    assert "Distillation is better than training on labels." not in asked.right
    lesson.answer("asked_first", "Does it help?")
    files = lesson.hand_in(report, kd.diagnose(run), {"limits": "All else."})
    assert [file.name for file in files] == ["report.md", "comparison.html", "runs.csv", "recipe.json"]
    assert files[0].parent == lesson.kept.path.parent / "hand-in"
    text = files[0].read_text(encoding="utf-8")
    assert "- Does it help?" in text and "- All else." in text and str(report.headlines()[0]) in text
    assert json.loads(files[3].read_text(encoding="utf-8"))["epochs"] == 4
    assert "(not yet written)" in lesson.hand_in(report, kd.diagnose(run), ...)[0].read_text(encoding="utf-8")


def test_a_report_tells_plan_and_predictions_and_keeps_what_the_learner_wrote(lesson, monkeypatch):
    monkeypatch.delenv("KDVIZ_QUICK", raising=False)
    lesson.expect(PLAN)
    lesson.answer("errors", [40, 50])
    lesson.see("errors", [1234.5, 30])
    report = kd.compare(lesson.teacher, make_student(0), lesson.data)
    diagnosis = kd.diagnose(lesson.teacher, data=lesson.data)
    file = lesson.hand_in(report, diagnosis, ...)[0]
    text = file.read_text(encoding="utf-8")
    assert "- T: 1, 4. Seeds for each: 3." in text and "chosen on: validation." in text
    assert "Expected: 40, 50. What came: 1,234, 30." in text
    file.write_text(text.replace("## What I make of it\n\n(not yet written)", "## What I make of it\n\nMy words."))
    again = lesson.hand_in(report, diagnosis, {"limits": "All else."})[0].read_text(encoding="utf-8")
    assert again.endswith("## What I make of it\n\nMy words.\n") and "- All else." in again
    assert again.count("## What I make of it") == 1


def test_a_teacher_in_training_mode_is_refused_before_anything_is_trained(lesson):
    teacher = kd.models.mlp((4,), inputs=6, classes=3)
    with pytest.raises(ValueError, match="training mode"):
        lesson.use(lesson.data, teacher.train())


def test_the_quiz_takes_its_right_answers(lesson):
    for name in ("null", "again", "looks"):
        asked = lesson.part(name)
        assert asked.reply(asked.right).right, name


def test_without_data_or_a_study_a_check_says_what_to_call(tmp_path):
    lesson = Project(folder=tmp_path)
    assert "lesson.use(data, teacher)" in lesson.check("student", make_student).sentences[0]
    whole = dict.fromkeys(("arm", "difference", "low", "high", "verdict", "limits"), "x")
    assert "lesson.done(study)" in lesson.check("conclusion", whole).sentences[0]
