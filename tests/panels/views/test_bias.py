"""The bias view's Python: the measure's numbers for all runs of a page, planted faults by name, few examples."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data.planted import with_shortcut
from kdviz.measure.bias import bias
from kdviz.measure.groups import comparable
from kdviz.models import inference
from kdviz.panels.views.bias import BiasController
from kdviz.widgets import Scene

DPD, EOD, GAP = "demographic_parity_difference", "equalized_odds_difference", "accuracy_difference"


@pytest.fixture
def controller(started):
    def make(teacher, student, data, runs=tuple, step=120, total=120):
        scene = Scene(view="bias", shown_run="s" if total else "", total_steps=total)
        models = (teacher, student, threading.RLock(), step, "Student")
        one = started(lambda *threads: BiasController(scene, lambda: models, lambda: data.validation, *threads, runs))
        one.open(data)
        return one

    return make


def measured(controller):
    controller.refresh()
    assert controller._newest.wait_until_idle(30)
    return controller.widget.found


def splits(part, classes=2):
    return kd.data.Splits("toy", "Toy", tuple("abcdefghij"[:classes]), part, part, part)


def run(model, role="student", steps=120, **more):
    """Return an entry as the roster has it, of a run that has come to its end."""
    taught = None if role in ("twin", "smoothed") else object()
    run = SimpleNamespace(
        student=model, steps_done=steps, lock=threading.RLock(), teacher=taught, at=lambda step: Says(1)
    )
    return SimpleNamespace(**({"key": "s", "role": role, "name": "Student", "start": None, "run": run} | more))


class Says(nn.Module):
    """Says the class that one column of the input holds."""

    def __init__(self, column):
        super().__init__()
        self.register_buffer("column", torch.tensor(column))

    def forward(self, X):
        return 4.0 * nn.functional.one_hot(X[:, int(self.column)].long(), 2)


def planted(n=2000, seed=0, few=None):
    """Return data of which column 0 holds the class and column 1 misses half of one group's positives."""
    random = np.random.RandomState(seed)
    y, south = random.randint(0, 2, n), random.rand(n) < 0.5
    if few is not None:
        south = np.arange(n) < few
    missed = south & (random.rand(n) < 0.5)
    X = torch.tensor(np.stack([y, y * ~missed], 1), dtype=torch.float32)
    return splits(kd.data.Examples(X, torch.tensor(y), {"site": np.where(south, "south", "north")}))


@pytest.fixture(scope="module")
def adult():
    return kd.data.adult()


@pytest.fixture(scope="module")
def teacher():
    return kd.models.pretrained("adult-mlp")


def test_the_numbers_are_those_of_the_measure(controller, adult, teacher):
    torch.manual_seed(0)
    student = kd.models.mlp((8,), inputs=91, classes=2)
    told = measured(controller(teacher, student, adult, lambda: [run(student)]))
    part = adult.validation
    groups, _ = comparable(part.groups, part.y)
    said = {"teacher": inference.logits(teacher, part).argmax(1), "s": inference.logits(student, part).argmax(1)}
    found = bias(said, part.y, groups, resamples=told["resamples"])
    assert [one["name"] for one in told["groupings"]] == list(found.groupings)
    for one in told["groupings"]:
        for who in said:
            theirs = found.of(who, one["name"])
            assert [g["n"] for g in one["groups"]] == [g.n for g in theirs.groups]
            for rate in ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy"):
                for mine, group in zip(one["rates"][rate][who], theirs.groups, strict=True):
                    r = getattr(group, rate)
                    values = [np.nan if v is None else v for v in mine]
                    assert values == pytest.approx([r.value, r.low, r.high, r.n], abs=1e-6, nan_ok=True)
            for metric, gap in theirs.gaps.items():
                mine = one["gaps"][metric][who]
                values = [np.nan if mine[k] is None else mine[k] for k in ("value", "low", "high", "chance")]
                expected = [gap.value, gap.low, gap.high, gap.chance]
                assert values == pytest.approx(expected, abs=1e-6, nan_ok=True)
                assert one["said"][metric]["verdict"] == found.compare(one["name"], metric, "s", "teacher").headline()
    right = float((said["s"] == part.y).double().mean())
    assert told["accuracy"]["s"][0] == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize(
    ("teacher_sees", "student_sees", "verdict"),
    [
        (1, 1, "Like the teacher's"),
        (0, 1, "Larger than the teacher's"),
        (1, 0, "Smaller than the teacher's"),
        (0, 0, "No gap found"),
    ],
)
def test_a_planted_bias_is_named_with_what_became_of_it(controller, teacher_sees, student_sees, verdict):
    student = Says(student_sees)
    told = measured(controller(Says(teacher_sees), student, planted(), lambda: [run(student)]))
    (site,) = told["groupings"]
    assert site["said"][EOD]["verdict"] == verdict
    assert site["said"][EOD]["why"].startswith("by site, the student's equalized-odds difference is ")
    assert "95 % CI " in site["said"][EOD]["why"]


def test_a_shortcut_in_images_is_found_in_the_student_that_took_it(controller):
    digits = kd.data.mnist()
    part, learn = digits.validation.take(slice(0, 1000)), digits.train.take(slice(0, 2000))
    X, marked = with_shortcut(part.x, (part.y + 1) % 10, strength=0.5)
    marks, _ = with_shortcut(learn.x, learn.y, strength=1.0)
    torch.manual_seed(0)
    student = kd.models.mlp((16,))
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    for batch in torch.arange(2000).split(50) * 4:
        optimizer.zero_grad()
        nn.functional.cross_entropy(student(marks[batch].float() / 255), learn.y[batch]).backward()
        optimizer.step()
    groups = {"mark": np.where(marked, "marked", "plain")}
    data = splits(kd.data.Examples(X, part.y, groups), classes=10)
    told = measured(controller(kd.models.pretrained("mnist-mlp-1200"), student, data, lambda: [run(student)]))
    (mark,) = told["groupings"]
    assert told["positive"] is None and list(mark["rates"]) == ["accuracy"] and list(mark["gaps"]) == [GAP]
    assert mark["said"][GAP]["verdict"] == "Larger than the teacher's"
    marked_rate, plain_rate = (rate[0] for rate in mark["rates"]["accuracy"]["s"])
    assert marked_rate < plain_rate - 0.25


def test_a_group_of_five_is_told_and_too_few_for_a_verdict(controller):
    student = Says(1)
    (site,) = measured(controller(Says(0), student, planted(few=5), lambda: [run(student)]))["groupings"]
    assert site["groups"][1] == {"name": "south", "n": 5}
    assert {said["verdict"] for said in site["said"].values()} == {"Too few examples to say"}


def test_the_twin_stands_beside_the_student_and_inherits_nothing(controller):
    student, twin = Says(0), Says(1)
    runs = [run(student), run(twin, "twin", key="t")]
    one = controller(Says(1), student, planted(), lambda: runs)
    (site,) = measured(one)["groupings"]
    assert [model["id"] for model in one.widget.found["models"]] == ["teacher", "s", "t"]
    assert site["said"][EOD]["verdict"] == "Smaller than the teacher's and the twin's"
    assert ", student − twin −0." in site["said"][EOD]["why"]
    one.scene.shown_run = "t"
    (site,) = measured(one)["groupings"]
    assert site["said"][EOD]["verdict"] == ""
    assert site["said"][EOD]["why"].startswith("The twin has no teacher, so it can inherit nothing. By site, ")


def test_other_runs_are_taken_at_the_step_of_the_cursor_if_they_have_come_so_far(controller):
    student = Says(0)
    others = [
        run(Says(0), key="long"),
        run(Says(0), key="short", steps=30),
        run(Says(0), "branch", key="late", start=60),
    ]
    one = controller(Says(0), student, planted(), lambda: [run(student), *others])
    one.scene.step = 50
    told = measured(one)
    assert {m["id"]: m["step"] for m in told["models"]} == {"teacher": None, "s": 50, "long": 50, "short": 30}
    gaps = told["groupings"][0]["gaps"][EOD]
    assert gaps["long"]["value"] > 0.3 and gaps["short"]["value"] == 0  # the first as it was, the other as it is


def test_who_was_asked_before_is_not_asked_again(controller, monkeypatch):
    asked, logits = [], inference.logits
    monkeypatch.setattr(
        inference, "logits", lambda model, part: (asked.append(int(model.column)), logits(model, part))[1]
    )
    student, twin = Says(0), Says(1)
    one = controller(Says(1), student, planted(), lambda: [run(student), run(twin, "twin", key="t")])
    measured(one)
    assert sorted(asked) == [0, 1, 1]
    measured(one)
    assert len(asked) == 3
    student.column.fill_(1)  # it has learned, and answers as the teacher does now
    measured(one)
    assert (
        len(asked) == 3
        and one.widget.found["groupings"][0]["said"][EOD]["verdict"] == "Like the teacher's and the twin's"
    )


def test_before_the_first_step_nothing_is_concluded(controller):
    told = measured(controller(Says(1), Says(0), planted(), step=0))
    said = told["groupings"][0]["said"][EOD]
    assert said["verdict"] == "" and said["why"].startswith("Nothing has been learned yet")
    assert [model["id"] for model in told["models"]] == ["teacher", "s"]


def test_two_given_models_are_compared_without_a_run_or_a_step(controller):
    told = measured(controller(Says(0), Says(1), planted(), step=0, total=0))
    assert told["models"] == [{"id": "teacher", "step": None}, {"id": "student", "step": None}]
    assert told["groupings"][0]["said"][EOD]["verdict"] == "Larger than the teacher's"


def test_images_come_in_bands_of_stroke_and_slant_and_what_has_no_groups_is_not_offered(controller):
    part = kd.data.mnist().validation.take(slice(0, 300))
    model = kd.models.mlp((8,))
    one = controller(model, model, splits(part, classes=10))
    names = ["stroke thickness (px)", "slant (°)", "stroke thickness (px) & slant (°)"]
    assert one.offered and [grouping["name"] for grouping in measured(one)["groupings"]] == names
    one.open(splits(kd.data.Examples(torch.zeros(4, 2), torch.zeros(4).long())))
    assert not one.offered and one.widget.found == {}


def test_without_labels_a_sentence_says_why(controller):
    data = planted()
    part = kd.data.Examples(data.validation.x, torch.full((2000,), -1), data.validation.groups)
    one = controller(Says(0), Says(0), splits(part))
    measured(one)
    assert one.widget.note == "None of the validation examples has a label: whom the models fail is not known."


def test_the_lab_offers_it_and_all_runs_follow_the_scrubber(adult):
    chosen = {"data": "adult", "teacher": "adult-mlp", "labels": 100, "epochs": 2, "units": 8, "smoothing": False}
    panel = kd.panels.Lab(view="bias", **chosen)
    try:
        assert "bias" in panel.views.offered and panel.scene.view == "bias"
        panel.command("train")
        assert panel.wait("finished")
        widget, (student, twin) = panel.controllers["bias"].widget, panel.roster
        assert [m["id"] for m in widget.found["models"]] == ["teacher", student.key, twin.key]
        assert widget.made_for["step"] == panel.run.steps_done
        last = widget.found["accuracy"]
        step = panel.run.steps_done // 2
        panel.scene.step = step
        assert panel.wait("finished")
        assert {m["step"] for m in widget.found["models"][1:]} == {widget.made_for["step"]} == {step}
        part = adult.validation
        for entry in (student, twin):
            says = inference.logits(entry.run.at(step), part).argmax(1)
            share = float((says == part.y).double().mean())
            assert widget.found["accuracy"][entry.key][0] == pytest.approx(share, abs=1e-6)
        assert widget.found["accuracy"]["teacher"] == last["teacher"] and widget.found["accuracy"] != last
    finally:
        panel.close()


def test_a_column_that_no_model_is_given_is_told_with_its_proxy_and_the_frontier_is_of_its_own_data(controller, adult):
    without = kd.data.adult(without=("race", "sex"))
    teacher, student = (kd.models.pretrained(f"adult-mlp-unaware{end}") for end in ("", "-student"))
    one = controller(teacher, student, without, lambda: [run(student)])
    told = measured(one)
    assert "“relationship” alone tells it right" in told["proxies"]["sex"] and "age" not in told["proxies"]
    assert one.widget.frontier == {}
    whole = controller(kd.models.pretrained("adult-mlp"), kd.models.pretrained("adult-mlp-student"), adult)
    assert measured(whole)["proxies"] == {} and whole.widget.frontier["grouping"] == "sex"
