"""The bias part of ``kd.compare``: fairlearn's numbers, planted faults by name, and groups that do not fit."""

from __future__ import annotations

import json

import fairlearn.metrics
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import kdviz as kd
from kdviz.data.planted import with_shortcut
from kdviz.report import bias as of_bias

ROWS = 4000


@pytest.fixture(scope="module")
def adult():
    return kd.data.adult()


@pytest.fixture(scope="module")
def part(adult):
    return adult.test.take(slice(0, ROWS))


@pytest.fixture(scope="module")
def report(adult, part):
    run = kd.Distillation(
        kd.models.pretrained("adult-mlp"), kd.models.mlp((8,), inputs=91, classes=2), adult.with_labels(1000), seed=0
    )
    twin = run.twin()
    run.train(epochs=4)
    twin.train(epochs=4)
    return kd.compare(run.teacher.module, run.student, part, twin=twin.student)


def model(rule, classes=2):
    """Return a classifier that says ``rule(X)``."""

    class Says(nn.Module):
        def forward(self, X):
            return 4.0 * nn.functional.one_hot(rule(X).long(), classes)

    return Says()


def planted(n=2000, seed=0):
    """Return a teacher that is right, a student that misses half of one group's positives, data and the group."""
    random = np.random.RandomState(seed)
    y, site = random.randint(0, 2, n), random.randint(0, 2, n)
    missed = (site == 1) & (random.rand(n) < 0.5)
    X = torch.tensor(np.stack([y, y * ~missed], 1), dtype=torch.float32)
    names = np.array(["north", "south"], dtype=object)[site]
    return model(lambda X: X[:, 0]), model(lambda X: X[:, 1]), (X, torch.tensor(y)), names


# Numbers.


@pytest.mark.parametrize("who", ["teacher", "twin", "student"])
def test_the_numbers_are_fairlearns(report, part, who):
    y, choice = part.y.numpy(), report.logits[who].argmax(1).numpy()
    frame = report.frame().query("subject == 'bias, sex'")
    gaps = frame[(frame.model == who) & frame.group.isna()].set_index("measure").value
    for name in ("demographic_parity_difference", "equalized_odds_difference"):
        theirs = getattr(fairlearn.metrics, name)(y, choice, sensitive_features=part.groups["sex"])
        assert gaps[name] == pytest.approx(theirs, abs=1e-12)
    rates = frame[(frame.model == who) & (frame.measure == "true_positive_rate")].set_index("group").value
    for sex in ("Female", "Male"):
        mine = part.groups["sex"] == sex
        assert rates[sex] == pytest.approx(fairlearn.metrics.true_positive_rate(y[mine], choice[mine]))


def test_adult_brings_its_groups_and_ages_come_in_bands(report):
    assert report.bias.groupings == ("sex", "race", "age", "sex & race", "sex & age", "race & age")
    assert report.bias.positive == 1 and report.bias.models == ("teacher", "twin", "student")
    assert len(report.bias.of("student", "age").groups) == 3
    assert "Numbers of age are cut into 3 bands with about equally many examples." in report.sentences("bias")


def test_the_frame_is_tidy(report):
    frame = report.frame()
    mine = frame[frame.subject.str.startswith("bias, ")]
    assert list(frame.columns) == ["subject", "measure", "model", "group", "value", "low", "high"]
    assert set(mine.subject) == {f"bias, {grouping}" for grouping in report.bias.groupings}
    assert not mine.duplicated(["subject", "measure", "model", "group"]).any()
    assert mine[(mine.subject == "bias, race") & (mine.measure == "n")].value.sum() == ROWS
    assert set(mine.model) == {"all", "teacher", "twin", "student"} | {
        f"{a} − {b}" for a, b in (("twin", "teacher"), ("student", "teacher"), ("student", "twin"))
    }
    chance = mine.query("subject == 'bias, sex' and measure == 'accuracy_difference, by chance' and model == 'teacher'")
    assert chance.value.item() == report.bias.of("teacher", "sex").gaps["accuracy_difference"].chance
    read = json.loads(report.to_json())
    assert read["positive"] == 1 and len(read["numbers"]) == len(frame)
    assert read["sentences"] == report.sentences()


# Sentences.


def _ends(gap):
    if gap.rests_on < 30:
        return f"no interval from {gap.rests_on} example{'s' if gap.rests_on != 1 else ''}"
    return f"95 % CI {gap.low:.3f} to {gap.high:.3f}"


def test_teacher_twin_and_student_stand_side_by_side(report):
    for grouping in ("sex", "race", "age"):
        beside, ends, *_ = said = of_bias.sentences(report.bias, grouping)
        c, twin = report.bias.compare(grouping), report.bias.compare(grouping, reference="twin")
        assert beside.startswith(f"{c.headline(twin)}: by {grouping}, the student's equalized-odds difference is ")
        assert f"is {c.subject_gap.value:.3f} ({_ends(c.subject_gap)}), " in beside
        assert f"the teacher's {c.reference_gap.value:.3f} ({_ends(c.reference_gap)}) " in beside
        assert f"and the twin's {twin.reference_gap.value:.3f} (" in beside
        assert all(f"with the {who}" in ends for who in report.bias.models)
        assert set(said) <= set(report.sentences("bias")) <= set(report.sentences())
    (pair,) = of_bias.sentences(report.bias, "sex & race")
    assert "by sex & race" in pair


def test_one_headline_names_each_grouping_and_its_verdict(report):
    (bias,) = [s for s in report.headlines() if s.startswith("Bias")]
    for grouping in ("sex", "race", "age"):
        (part,) = [part for part in bias.split("; ") if of_bias.verdict(report.bias, grouping) in part]
        assert grouping in part.split(", by ")[1]
    assert bias in report._repr_html_().replace("&#x27;", "'")


def test_a_planted_fault_is_named_with_its_group():
    teacher, student, data, site = planted()
    report = kd.compare(teacher, student, data, groups={"site": site})
    said = report.sentences("bias")
    assert said[0].startswith("Larger than the teacher's: by site, the student's equalized-odds difference is ")
    assert said[1].startswith("Furthest apart are the true-positive rates of south (0.") and "teacher" not in said[1]
    assert said[0] in report.headlines()
    assert len(said) == 2


@pytest.mark.parametrize(
    ("student_sees", "teacher_sees", "verdict"),
    [(1, 1, "Like the teacher's"), (0, 1, "Smaller than the teacher's"), (0, 0, "No gap found")],
)
def test_what_became_of_the_teachers_gap_is_said(student_sees, teacher_sees, verdict):
    teacher, student, data, site = planted()
    chosen = (teacher, student)
    report = kd.compare(chosen[teacher_sees], chosen[student_sees], data, groups={"site": site})
    assert report.sentences("bias")[0].startswith(f"{verdict}: by site, ")


def test_a_shortcut_in_the_images_is_found_in_the_student_that_took_it():
    digits = kd.data.mnist()
    part, learn = digits.test.take(slice(0, 1000)), digits.train.take(slice(0, 2000))
    wrong = (part.y + 1) % 10
    X, marked = with_shortcut(part.x, wrong, strength=0.5)
    marks, _ = with_shortcut(learn.x, learn.y, strength=1.0)
    student = kd.models.mlp((16,))
    optimizer = torch.optim.Adam(student.parameters(), lr=0.01)
    for batch in torch.arange(2000).split(50) * 4:
        optimizer.zero_grad()
        nn.functional.cross_entropy(student(marks[batch].float() / 255), learn.y[batch]).backward()
        optimizer.step()
    teacher = kd.models.pretrained("mnist-mlp-1200")
    mark = np.where(marked, "marked", "plain")
    report = kd.compare(teacher, student, kd.data.Examples(X, part.y), groups={"mark": mark})
    said = report.sentences("bias")
    assert report.bias.positive is None
    assert said[0].startswith("Larger than the teacher's: by mark, the student's gap in accuracy is ")
    assert "the accuracies of marked (" in said[1] and said[1].endswith("with the student.")


# Groups of other kinds.


def test_stroke_thickness_of_digits_as_documented():
    part = kd.data.mnist().test.take(slice(0, 500))
    stroke = kd.measure.groups.bands(kd.measure.groups.stroke_thickness(part.x))
    report = kd.compare(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), part, groups={"stroke": stroke})
    assert report.bias.groupings == ("stroke",) and report.bias.positive is None
    measures = set(report.frame().query("subject == 'bias, stroke'").measure)
    assert measures == {"n", "accuracy", "error_rate", "accuracy_ratio", "accuracy_difference"} | {
        "accuracy_difference, by chance"
    }
    assert list(report.figures()) == ["classes", "calibration", "bias", "bias-stroke"]


def test_one_class_of_many_may_count_as_chosen():
    part = kd.data.mnist().test.take(slice(0, 500))
    slant = kd.measure.groups.bands(kd.measure.groups.slant(part.x))
    teacher = kd.models.pretrained("mnist-mlp-1200")
    report = kd.compare(teacher, teacher, part, groups={"slant": slant}, positive=7)
    first = report.bias.of("teacher", "slant").groups[0]
    mine = torch.tensor(slant == first.name)
    assert first.true_positive_rate.n == int((part.y[mine] == 7).sum())


@pytest.mark.parametrize("groups", ["all", None])
def test_columns_of_the_data_are_used(report, part, groups):
    teacher, student = report.models["teacher"], report.models["student"]
    again = kd.compare(teacher, student, part, groups=groups)
    assert again.bias.groupings == report.bias.groupings
    assert again.bias.of("student", "race").groups == report.bias.of("student", "race").groups


def test_names_choose_columns_and_no_name_none(report, part):
    teacher, student = report.models["teacher"], report.models["student"]
    assert kd.compare(teacher, student, part, groups=["race"]).bias.groupings == ("race",)
    without = kd.compare(teacher, student, part, groups=[])
    assert without.bias is None and without.sentences("bias") == [] and "bias" not in without.figures()


def test_a_data_frame_gives_its_columns():
    teacher, student, data, site = planted()
    frame = pd.DataFrame({"site": pd.Categorical(site, categories=["south", "north"]), "size": np.arange(2000)})
    report = kd.compare(teacher, student, data, groups=frame)
    assert [group.name for group in report.bias.of("student", "site").groups] == ["south", "north"]
    assert report.bias.groupings == ("site", "size", "site & size")


def test_missing_values_belong_to_no_group_and_that_is_said():
    teacher, student, data, site = planted()
    site[:7] = None
    report = kd.compare(teacher, student, data, groups={"site": site})
    assert sum(group.n for group in report.bias.of("student", "site").groups) == 1993
    assert report.sentences("bias")[-1] == "7 examples in no group of site left out."


def test_a_group_of_five_is_too_few_to_say():
    teacher, student, data, _ = planted()
    few = np.array(["few"] * 5 + ["many"] * 1995)
    report = kd.compare(teacher, student, data, groups={"size": few})
    said = report.sentences("bias")
    assert said[0].startswith("Too few examples to say: by size, ") and said[0] in report.headlines()
    assert "Fewer than 30 members, so their rates are uncertain: few (n = 5)." in said


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["x"] * 2000, "site left out: all labelled examples in a group belong to x."),
        ([None] * 2000, "site left out: it has no group."),
        ([f"no. {i}" for i in range(2000)], "site left out: it has 2,000 groups, more than 1,000."),
    ],
)
def test_a_grouping_that_compares_nothing_is_left_out_and_the_rest_stands(values, sentence):
    teacher, student, data, site = planted()
    alone = kd.compare(teacher, student, data, groups={"site": values})
    assert alone.bias is None and alone.sentences("bias") == [sentence]
    assert alone.fidelity.n == 2000
    beside = kd.compare(teacher, student, data, groups={"site": values, "other": site})
    assert beside.bias.groupings == ("other",) and sentence in beside.sentences("bias")


def test_numbers_of_which_most_are_equal_come_in_two_bands():
    teacher, student, data, _ = planted()
    gain = np.where(np.arange(2000) < 1500, 0, np.arange(2000))
    report = kd.compare(teacher, student, data, groups={"gain": gain})
    assert [group.name for group in report.bias.of("student", "gain").groups] == ["0 to 0", "1500 to 1999"]


def test_pairs_are_formed_of_few_groupings_only():
    teacher, student, data, site = planted()
    report = kd.compare(teacher, student, data, groups={f"site {i}": site for i in range(5)})
    assert len(report.bias.groupings) == 5
    assert "Pairs of groupings are formed from at most 4 groupings." in report.sentences("bias")


def test_without_labels_there_is_a_sentence_and_no_bias(part):
    teacher, student, (X, _), site = planted()
    report = kd.compare(teacher, student, X, groups={"site": site})
    assert report.bias is None
    assert report.sentences("bias") == ["No example has a label: whom the models fail is unknown."]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"groups": {"site": ["a", "b"]}}, r"groups\['site'\] must have 2,000 entries, one for each compared example"),
        ({"groups": {"site": 3}}, r"got shape \(\)"),
        ({"groups": ["site"]}, "the data have no groups, got 'site'"),
        ({"groups": "all"}, "the data have no groups: pass groups="),
        ({"groups": "site"}, r"got 'site': for a column of the data pass groups=\['site'\]"),
        ({"groups": 3}, "groups must be a dict of values by name, a DataFrame, a list of names or"),
        ({"positive": 2}, "positive must be a class index below 2"),
        ({"positive": "yes"}, "positive must be a class index below 2"),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(change, sentence):
    teacher, student, data, site = planted()
    with pytest.raises(ValueError, match=sentence):
        kd.compare(teacher, student, data, **({"groups": {"site": site}} | change))


def test_an_unknown_name_is_answered_with_those_there(report, part):
    with pytest.raises(ValueError, match="expected one of sex, race, age, got 'gender'"):
        kd.compare(report.models["teacher"], report.models["student"], part, groups=["gender"])


def test_without_fairlearn_the_rest_of_the_report_stands(report, part, monkeypatch):
    monkeypatch.setattr(of_bias, "find_spec", lambda name: None)
    teacher, student = report.models["teacher"], report.models["student"]
    without = kd.compare(teacher, student, part)
    assert without.bias is None and without.sentences("bias") == [
        'Not measured: bias needs fairlearn: pip install "kdviz[app]".'
    ]
    with pytest.raises(ImportError, match="bias needs fairlearn"):
        kd.compare(teacher, student, part, groups=["sex"])
