"""Lesson 3: its exercises tell right from wrong, and its truths are what the losses measure."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from kdviz import losses
from kdviz.lessons.course.loss import ALPHAS, BY_HAND, WAY, Loss, T


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return Loss(folder=tmp_path_factory.mktemp("answers"))


def whole(s, t, y, T, alpha, *, squared=True, reduction="batchmean", hard_at=1.0):
    kl = F.kl_div(F.log_softmax(s / T, -1), F.log_softmax(t.detach() / T, -1), reduction=reduction, log_target=True)
    return alpha * (T**2 if squared else 1) * kl + (1 - alpha) * F.cross_entropy(s / hard_at, y)


def through_cross_entropy(s, t, y, T, alpha):
    soft = F.cross_entropy(s / T, (t / T).softmax(-1).detach())
    return alpha * T**2 * soft + (1 - alpha) * F.cross_entropy(s, y)


def turned_round(s, t, y, T, alpha):
    p, q = (t.detach() / T).softmax(-1), (s / T).softmax(-1)
    return alpha * T**2 * (q * (q / p).log()).sum(-1).mean() + (1 - alpha) * F.cross_entropy(s, y)


def teaches_the_teacher(s, t, y, T, alpha):
    kl = F.kl_div(F.log_softmax(s / T, -1), F.log_softmax(t / T, -1), reduction="batchmean", log_target=True)
    return alpha * T**2 * kl + (1 - alpha) * F.cross_entropy(s, y)


def over_batch_and_classes(s, t, y, T, alpha):
    p, q = (t.detach() / T).softmax(-1), (s / T).softmax(-1)
    return alpha * T**2 * (p * (p / q).log()).mean() + (1 - alpha) * F.cross_entropy(s, y)


def test_the_whole_loss_passes(lesson):
    assert lesson.check("whole", whole)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda *a: whole(*a, squared=False), "T²"),
        (lambda s, t, y, T, alpha: whole(s, t, y, T, 1 - alpha), "exchanged"),
        (turned_round, "turned round"),
        (over_batch_and_classes, "batch × classes"),
        (lambda *a: whole(*a, reduction="sum"), "summed over the batch"),
        (through_cross_entropy, "cross-entropy with the soft targets"),
        (lambda s, t, y, T, alpha: whole(s, t, y, T, alpha, hard_at=T), "T = 1"),
        (lambda *a: whole(*a).detach(), "No gradient"),
        (teaches_the_teacher, "detach t"),
        (lambda s, t, y, T, alpha: torch.tensor(0.5), "must be"),
    ],
)
def test_each_mistake_in_the_loss_gets_its_own_sentence(lesson, wrong, named):
    assert named in lesson.check("whole", wrong).sentences[0]


@pytest.mark.parametrize(
    ("of", "named"),
    [
        (lambda h, ce, kl: [h, ce, kl], ""),
        (lambda h, ce, kl: [h / 0.6931472, ce / 0.6931472, kl / 0.6931472], "bits"),
        (lambda h, ce, kl: [-h, -ce, -kl], "signs"),
        (lambda h, ce, kl: [h, kl, ce], "cross-entropy is"),
        (lambda h, ce, kl: [h, ce, ce], "KL is"),
    ],
)
def test_three_sums_by_hand(lesson, of, named):
    p, q = BY_HAND
    h, ce = float(-(p * p.log()).sum()), float(-(p * q.log()).sum())
    found = lesson.check("by_hand", of(h, ce, ce - h))
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        (lambda s, t: ((s - t).var(1, correction=0) / 2).mean(), ""),
        (lambda s, t: (s - t).var(1, correction=0).mean(), "half"),
        (lambda s, t: ((s - t).var(1) / 2).mean(), "correction=0"),
        (lambda s, t: (s - t).square().mean() / 2, "offset"),
        (lambda s, t: ((s - t).var(1, correction=0) * s.shape[1] / 2).mean(), "summed over the classes"),
        (lambda s, t: (s - t).var(correction=0) / 2, "dim=-1"),
        (lambda s, t: (s - t).var(1, correction=0) / 2, "shape"),
    ],
)
def test_the_limit_of_a_high_temperature(lesson, limit, named):
    found = lesson.check("limit", limit)
    assert bool(found) == (not named)
    assert not named or named in found.sentences[0]


def test_the_two_curves_lie_the_teachers_entropy_apart(lesson):
    ask = lesson.part("apart")
    entropy = torch.distributions.Categorical(logits=lesson.teacher_logits / T).entropy().mean().item()
    assert ask.truth == pytest.approx([kl + entropy for kl in ask.beside["KL"]], rel=1e-6)
    assert len(ask.truth) == len(WAY)
    assert ask.beside["KL"][-1] == pytest.approx(0, abs=1e-9)


def test_the_last_temperature_is_near_the_limit(lesson):
    half = ((lesson.student_logits - lesson.teacher_logits).var(1, correction=0) / 2).mean().item()
    assert lesson.part("hotter").truth[-1] == pytest.approx(half, rel=0.05)


@pytest.mark.parametrize(("loss", "part"), [(losses.soft_targets, "forward"), (losses.reverse_kl, "backward")])
def test_one_answer_to_two_digits_is_what_descent_finds(lesson, loss, part):
    both = lesson.answers_of_pair.log()
    z = torch.zeros(10, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([z], lr=0.1)
    for _ in range(500):
        optimizer.zero_grad()
        loss(z.expand(2, 10), both, 1.0).backward()
        optimizer.step()
    found, asked = z.detach().softmax(0), lesson.part(part)
    if part == "forward":
        assert asked.truth == pytest.approx(found.tolist(), abs=5e-3)
    else:
        assert asked.right == f"The {int(found.argmax())}"


def test_the_class_that_both_share_is_neither_first_choice(lesson):
    assert int(lesson.part("backward").right[-1]) not in lesson.answers_of_pair.argmax(1).tolist()


def test_what_a_run_has_found_is_told(lesson):
    lesson.answer("alphas", [1200.0] * len(ALPHAS))
    assert lesson.see("alphas", [1200.0] * len(ALPHAS)).right
    lesson.answer("alpha_zero", 0)
    assert lesson.see("alpha_zero", 0).right


def test_the_share_that_is_left_of_the_soft_term(lesson):
    assert lesson.part("divided").right == pytest.approx(100 * 0.09 / 0.19)
