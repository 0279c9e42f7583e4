"""Lesson 6: its truths are what the measuring code says, and its checks tell wrong answers apart."""

import numpy as np
import pytest
import torch

from kdviz import models
from kdviz.lessons import begin
from kdviz.lessons.course import features
from kdviz.measure.similarity import linear_cka


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KDVIZ_QUICK", "1")
        yield begin("features", folder=tmp_path_factory.mktemp("answers"))


def regress(F_s, F_t, *, bias=True):
    return features._fitted(F_s, F_t, bias=bias)


def regress_each_place(F_s, F_t):
    fitted = torch.empty_like(F_t)
    for row in range(F_t.shape[2]):
        for column in range(F_t.shape[3]):
            place = slice(row, row + 1), slice(column, column + 1)
            fitted[:, :, *place] = regress(F_s[:, :, *place], F_t[:, :, *place]).float()
    return fitted


def attention_map(F):
    Q = F.square().sum(1)
    return Q / Q.flatten(1).norm(dim=1)[:, None, None]


def cka(X, Y):
    X, Y = X - X.mean(0), Y - Y.mean(0)
    return (X.T @ Y).norm() ** 2 / ((X.T @ X).norm() * (Y.T @ Y).norm())


WRONG = {
    "regress": [
        lambda F_s, F_t: F_t,
        lambda F_s, F_t: regress(F_s, F_t, bias=False),
        lambda F_s, F_t: F_s,
        lambda F_s, F_t: torch.zeros_like(F_t),
        regress_each_place,
    ],
    "attention_map": [
        lambda F: F.sum(1) / F.sum(1).flatten(1).norm(dim=1)[:, None, None],
        lambda F: F.abs().sum(1) / F.abs().sum(1).flatten(1).norm(dim=1)[:, None, None],
        lambda F: F.square().sum(1),
        lambda F: F.square().sum(1) / F.square().sum(1).norm(),
        lambda F: F.square().sum(1) / F.square().sum((1, 2, 3))[:, None, None],
    ],
    "cka": [
        lambda X, Y: (X.T @ Y).norm() ** 2 / ((X.T @ X).norm() * (Y.T @ Y).norm()),
        lambda X, Y: ((X - X.mean(0)).T @ (Y - Y.mean(0))).norm() ** 2,
        lambda X, Y: cka(X, Y) ** 0.5,
        lambda X, Y: 0.5,
    ],
}
RIGHT = {"regress": regress, "attention_map": attention_map, "cka": cka}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_each_wrong_one_hears_why(lesson, name):
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(said) and len(set(said)) == len(WRONG[name])


def test_the_pairs_to_mark_have_the_largest_cka(lesson):
    found, asked = lesson.trained, lesson.part("correspond")
    cut = np.sort(found.matrix, axis=None)[-asked.most]
    assert all(found.matrix[tuple(cell)] >= cut for cell in asked.largest)
    pair = asked.largest[0]
    names = found.teacher_layers[pair[0]], found.student_layers[pair[1]]
    assert found.matrix[tuple(pair)] == found.matrix.max() and "logits" not in names[:1]
    assert "keep the order of depth" in found.sentence() and "do not keep" not in found.sentence()


def test_the_untrained_student_is_less_alike_in_every_layer(lesson):
    asked = lesson.part("before")
    assert (np.array(asked.truth) < np.array(asked.beside)).all()
    assert asked.truth == pytest.approx(lesson.untrained.matrix.max(0), abs=1e-6)


def test_the_map_to_mark_is_where_the_squares_add_up(lesson):
    squares = lesson.maps("teacher")[features.BOOT].square().sum(0)
    truth = torch.as_tensor(lesson.part("where").truth)
    assert torch.allclose(truth, squares / squares.norm(), atol=1e-5)
    assert squares.flatten().topk(6).indices.sort().values.tolist() == sorted(
        7 * row + column for row, column in lesson.part("where").largest
    )


def test_what_the_quiz_says_of_another_order_of_channels_holds(lesson):
    F_t = lesson.maps("teacher")[:16]
    turned = F_t[:, torch.randperm(F_t.shape[1], generator=torch.Generator().manual_seed(0))]
    assert torch.allclose(attention_map(turned), attention_map(F_t), atol=1e-5)
    assert linear_cka({"a": F_t}, {"b": turned})[0, 0] == pytest.approx(1, abs=1e-6)
    assert torch.allclose(features._fitted(turned, F_t), F_t.double(), atol=1e-3)
    assert lesson.part("left_out").reply(["A hint without a regressor"]).right
    assert not torch.allclose(turned, F_t)


def test_the_answers_of_a_run_come_later(lesson):
    assert not lesson.part("hints").known
    lesson.see("hints", [1400, 1400, 1300, 1200, 1350])
    assert lesson.part("hints").reply([1400, 1400, 1300, 1200, 1300]).distance == 10
    assert models.card(features.STUDENT).architecture["name"] == "convnet"
