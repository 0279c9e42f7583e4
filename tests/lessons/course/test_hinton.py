"""Lesson 4: its exercises tell right from wrong, and what it says was recorded stands in docs/results.md."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
import torch

from kdviz import models
from kdviz.distill.schemes.omitted_class import best_shift
from kdviz.lessons.course import hinton
from kdviz.lessons.course.hinton import BIASES, BY_TEMPERATURE, OMITTED, OMITTED_IN_PAPER, PAPER, Hinton
from kdviz.study.experiment import experiment

RESULTS = Path(__file__).parents[3] / "docs" / "results.md"


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Hinton(folder=tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def rows():
    """The rows of the recorded tables, by experiment and name: cells as written."""
    found, name = {}, ""
    for line in RESULTS.read_text(encoding="utf-8").replace("\u202f", " ").splitlines():
        if line.startswith("<!-- ") and "end of" not in line:
            name = line[5:-4]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) > 1:
            found.setdefault((name, cells[0]), cells[1:])
    return found


def recorded(cell):
    mean, _, rest = cell.partition(" ± ")
    return int(mean.replace(",", "")), int(rest.split()[0])


def test_the_table_is_the_recorded_one(rows):
    for row, kept in (("twin, labels alone", hinton.ALONE), ("2×800 distilled at T = 20", hinton.DISTILLED)):
        assert recorded(rows["hinton-2015", row][0]) == (kept.errors, kept.sd)
    d = hinton.SPARED
    assert (
        f"−{-d.mean:g} (95 % interval −{-d.low:g} to −{-d.high:g})"
        in rows["hinton-2015", "2×800 distilled at T = 20"][1]
    )
    assert rows["hinton-2015", "teacher, mnist-mlp-1200"][0] == str(models.card(hinton.TEACHER).test_errors)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("twin, labels alone", "twin, labels alone"),
        ("as trained", "distilled without 3s: as trained"),
        ("bias raised by 3.5", "distilled without 3s: bias raised by 3.5"),
        ("bias chosen on validation data", "distilled without 3s: bias raised by what suits validation (5.25, 5.5)"),
    ],
)
def test_the_omitted_3_is_the_recorded_one(rows, ours, theirs):
    cells = rows["hinton-omitted-3", theirs]
    assert recorded(cells[0]) == (OMITTED[ours].errors, OMITTED[ours].sd)
    assert recorded(cells[2])[0] == OMITTED[ours].threes


def test_temperatures_are_the_recorded_ones(rows):
    for T, (errors, d) in BY_TEMPERATURE.items():
        cells = rows["hinton-30-units", f"temperature {T:g}"]
        assert recorded(cells[0]) == (errors.errors, errors.sd)
        interval = f"{d.mean:+g} (95 % interval {d.low:+g} to {d.high:+g})".replace("-", "−")
        assert interval in cells[1]
        assert d.clear == ("noise" not in cells[1])


def test_the_papers_numbers_are_those_of_the_experiments():
    said = dict(experiment("hinton-2015").paper)
    assert [str(PAPER[k]) for k in ("teacher", "alone", "distilled")] == list(said.values())
    omitted = dict(experiment("hinton-omitted-3").paper).values()
    for (errors, threes), sentence in zip(OMITTED_IN_PAPER.values(), omitted, strict=True):
        assert sentence.startswith(f"{errors} errors")
        assert f"{threes} o" in sentence


def test_what_is_to_be_remembered_holds():
    assert 0 < hinton.ALONE.errors - hinton.DISTILLED.errors < PAPER["alone"] - PAPER["distilled"]
    assert hinton.SPARED.clear


def raised(logits, of_class, by):
    moved = logits.clone()
    moved[:, of_class] += by
    return moved.argmax(1)


def counted(logits, labels, of_class, amounts, *, among=None, pick=min):
    def errors(by):
        wrong = raised(logits, of_class, by) != labels
        return int((wrong if among is None else wrong[labels == among]).sum())

    return pick(amounts, key=errors)


def in_place(logits, labels, of_class, amounts):
    errors = []
    for by in amounts:
        logits[:, of_class] += by
        errors.append(int((logits.argmax(1) != labels).sum()))
    return amounts[errors.index(min(errors))]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (best_shift, ""),
        (counted, ""),
        (lambda z, y, c, a: counted(z, y, c, a, among=c), "3s alone"),
        (lambda z, y, c, a: counted(z, y, c, a, pick=max), "the most errors"),
        (lambda z, y, c, a: a.index(counted(z, y, c, a)), "not its place"),
        (in_place, "changes the logits"),
        (lambda z, y, c, a: counted(z, y, 3, a), "use of_class"),
        (lambda z, y, c, a: min(int((raised(z, c, by) != y).sum()) for by in a), "not how many"),
        (lambda z, y, c, a: None, "returns nothing"),
        (lambda z, y, c, a: torch.tensor(counted(z, y, c, a)), ""),
    ],
)
def test_the_bias_that_suits(lesson, wrong, named):
    found = lesson.check("shift", wrong)
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def differences(student, twin):
    return [a - b for a, b in zip(student, twin, strict=True)]


@pytest.mark.parametrize(
    ("paired", "named"),
    [
        (lambda s, t: [statistics.fmean(differences(s, t)), statistics.stdev(differences(s, t))], ""),
        (lambda s, t: [statistics.fmean(differences(t, s)), statistics.stdev(differences(s, t))], "sign"),
        (lambda s, t: [statistics.fmean(differences(s, t)), statistics.pstdev(differences(s, t))], "n − 1"),
        (lambda s, t: [statistics.fmean(differences(s, t)), statistics.stdev(s)], "one of the two"),
        (lambda s, t: statistics.fmean(differences(s, t)), "Return two numbers"),
        (differences, "Return two numbers"),
        (
            lambda s, t: [
                statistics.fmean(differences(s, t)),
                (statistics.variance(s) + statistics.variance(t)) ** 0.5,
            ],
            "unpaired",
        ),
    ],
)
def test_differences_in_pairs(lesson, paired, named):
    found = lesson.check("paired", paired)
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([8, 20], ""),
        ({20.0, 8.0}, ""),
        ([3], "fewest errors"),
        ([8, 20, 4], "no difference is shown"),
        ([20], "more errors are a difference"),
        ([8, 20, 5], "not in the table"),
        ("8, 20", "list"),
        ([...], "nothing to check"),
    ],
)
def test_which_temperatures_differ(lesson, given, named):
    found = lesson.check("clear", given)
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def test_runs_tell_what_came(lesson):
    lesson.answer("threes", 300)
    assert lesson.see("threes", 320).right
    lesson.answer("bias", [1000.0] * len(BIASES))
    assert lesson.see("bias", [1000.0] * len(BIASES)).right
    lesson.answer("size", [[0, 0], [1, 1], [2, 2]])
    truth = torch.zeros(3, 4)
    truth[0, 0] = truth[1, 1] = truth[2, 2] = 1
    assert lesson.see("size", truth.tolist()).distance == 0


def test_the_share_of_the_way(lesson):
    assert lesson.part("share").right == pytest.approx(100 * 72 / 79)
