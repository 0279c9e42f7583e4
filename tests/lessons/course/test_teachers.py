"""Lesson 8: its truths are what the teachers answer, and its checks tell wrong answers apart."""

import pytest
import torch
import torch.nn.functional as F

from kdviz import losses, models
from kdviz.lessons import begin
from kdviz.lessons.course import teachers
from kdviz.losses.several_teachers import confident_log_weights


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("KDVIZ_QUICK", raising=False)  # the cards count all test digits
        yield begin("teachers", folder=tmp_path_factory.mktemp("answers"))


def together(z, T):
    return (z / T).softmax(-1).mean(0)


def trust(z, y):
    ce = torch.stack([F.cross_entropy(one, y, reduction="none") for one in z])
    return (1 - ce.softmax(0)) / (len(z) - 1)


def inherited(t, s, y):
    wrong = t != y
    return ((s == t) & wrong).sum() / max(1, int(wrong.sum()))


RIGHT = {"together": together, "trust": trust, "inherited": inherited}
WRONG = {
    "together": [
        lambda z, T: (z.mean(0) / T).softmax(-1),
        lambda z, T: z.softmax(-1).mean(0),
        lambda z, T: (z.softmax(-1).mean(0).log() / T).softmax(-1),
        lambda z, T: (z / T).softmax(-1).sum(0),
        lambda z, T: (z / T).softmax(-1),
    ],
    "trust": [
        lambda z, y: 1 - 2 * trust(z, y),
        lambda z, y: 2 * trust(z, y),
        lambda z, y: trust(z, y) * 0 + 1 / 3,
        lambda z, y: (-torch.stack([F.cross_entropy(one, y, reduction="none") for one in z])).softmax(0),
        lambda z, y: trust(z, y).T,
    ],
    "inherited": [
        lambda t, s, y: ((s != y) & (t != y)).sum() / (t != y).sum(),
        lambda t, s, y: (s == t).float().mean(),
        lambda t, s, y: ((s == t) & (t != y)).float().mean(),
        lambda t, s, y: ((s == t) & (t != y)).sum() / (s != y).sum(),
        lambda t, s, y: ((s == t) & (t != y)).sum(),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_each_wrong_one_hears_why(lesson, name):
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(said) and len(set(said)) >= 4, said


def test_the_weights_asked_for_are_those_of_the_term():
    z, y = torch.randn(3, 6, 4, dtype=torch.float64), torch.arange(6) % 4
    assert torch.allclose(trust(z, y).T, confident_log_weights(z.transpose(0, 1), y).exp())
    assert losses.soft_targets(z[0], together(z, 2.0).log() * 2, 2.0) >= 0


def test_how_sure_and_how_right_are_those_of_the_cards(lesson):
    asked = lesson.part("sure")
    right = dict(zip(asked.names, asked.beside, strict=True))
    for name, start in ((teachers.BY_HEART, "by heart"), (teachers.GOOD, "2×1200")):
        assert right[f"{start}, new images"] == pytest.approx(100 * models.card(name).test_accuracy)
    assert right["by heart, images it learned"] == 100
    sure = dict(zip(asked.names, asked.truth, strict=True))
    assert sure["by heart, new images"] - right["by heart, new images"] > 5
    assert all(asked.axis.low <= value <= asked.axis.high for value in [*asked.truth, *asked.beside])


def test_what_a_run_brings_is_given_later(lesson):
    assert not any(lesson.part(name).known for name in ("wrong", "bigger", "gate"))
    lesson.see("wrong", 1200)
    assert lesson.part("wrong").reply(1150).right
    lesson.see("bigger", [1100, 1000, 950, 940])
    assert lesson.part("bigger").reply([1100, 1000, 950, 940]).distance == 0
    lesson.see("gate", [0.1, 0.7, 0.2])
    assert lesson.part("gate").reply([0.1, 0.7, 0.2]).distance == pytest.approx(0)
    assert lesson.part("company").reply(list(lesson.part("company").right)).right
