"""Lesson 7: its truths are what the losses say, and its checks tell wrong answers apart."""

import pytest
import torch
import torch.nn.functional as F

from kdviz import losses
from kdviz.lessons import begin
from kdviz.lessons.course import relations


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    return begin("relations", folder=tmp_path_factory.mktemp("answers"))


def relative_distances(E):
    d = torch.cdist(E, E)
    return d / (d.sum() / (len(E) * (len(E) - 1)))


def similarities(E):
    E = E.flatten(1)
    return F.normalize(E @ E.T, dim=1)


def contrast(u_s, u_t, tau):
    return F.cross_entropy(u_s @ u_t.T / tau, torch.arange(len(u_s)))


RIGHT = {"relative_distances": relative_distances, "similarities": similarities, "contrast": contrast}
WRONG = {
    "relative_distances": [
        lambda E: torch.cdist(E, E),
        lambda E: torch.cdist(E, E) / torch.cdist(E, E).mean(),
        lambda E: torch.cdist(E, E) ** 2 / (torch.cdist(E, E) ** 2).sum() * 12,
        lambda E: torch.cdist(E, E) / torch.cdist(E, E).max(),
        lambda E: torch.cdist(E, E) / torch.cdist(E, E).sum(1, keepdim=True) * 3,
    ],
    "similarities": [
        lambda E: E @ E.T,
        lambda E: F.normalize(E, dim=1) @ F.normalize(E, dim=1).T,
        lambda E: F.normalize(E @ E.T, dim=0),
        lambda E: E @ E.T / (E @ E.T).norm(),
        lambda E: F.normalize(E @ E.T, dim=1) if E.ndim == 2 else torch.zeros(3, 3),
    ],
    "contrast": [
        lambda s, t, tau: contrast(s, t, 1 / tau),
        lambda s, t, tau: contrast(s, t, 1),
        lambda s, t, tau: contrast(t, s, tau),
        lambda s, t, tau: -contrast(s, t, tau),
        lambda s, t, tau: len(s) * contrast(s, t, tau),
        lambda s, t, tau: -((s @ t.T / tau).exp() / (s @ t.T / tau).exp().sum(1, keepdim=True)).diagonal().log().mean(),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_each_wrong_one_hears_why(lesson, name):
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(said) and len(set(said)) == len(WRONG[name])


def test_the_exercises_ask_for_what_the_losses_compare(lesson):
    e = lesson.features[:12].double()
    s = e @ torch.randn(1200, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    apart = (similarities(s) - similarities(e)).square().sum() / 144
    assert losses.similarity_preserving(s, e) == pytest.approx(float(apart))
    huber = F.huber_loss(relative_distances(s), relative_distances(e))
    assert losses.relational_distance(s, e) == pytest.approx(float(huber), rel=1e-6)
    u = [F.normalize(one, dim=1) for one in (s, s.roll(1, 1))]
    both = (contrast(*u, 0.1) + contrast(*u[::-1], 0.1)) / 2
    assert losses.contrastive(*u, 0.1) == pytest.approx(float(both), rel=1e-6)


def test_the_pairs_to_mark_are_the_classes_with_the_largest_cosine(lesson):
    y = lesson.digits.validation.y[: relations.MANY]
    sums = [lesson.features[y == k].sum(0) for k in range(10)]
    cosines = {(a, b): float(F.cosine_similarity(sums[a], sums[b], dim=0)) for a in range(10) for b in range(a)}
    first = sorted(cosines, key=cosines.get, reverse=True)[: relations.MOST_PAIRS]
    assert {tuple(cell) for cell in lesson.part("pairs").largest} == set(first)


def test_each_loss_leaves_unmoved_what_its_formula_says(lesson):
    asked = lesson.part("unmoved")
    kept = {
        (row, column)
        for row, loss in enumerate(asked.rows)
        for column, change in enumerate(asked.columns)
        if change in {"similarity preserving": ["turned", "twice as large"]}.get(loss, [])
        or (loss.startswith("relational") and change in ("turned", "twice as large", "moved"))
    }
    assert {tuple(cell) for cell in asked.largest} == kept and len(kept) == asked.most
    assert asked.reply([list(cell) for cell in kept]).distance == 0


def test_the_quiz_counts_rightly(lesson):
    one = lesson.features[:1]
    assert losses.relational_distance(one, one + 3) == 0
    with pytest.raises(ValueError, match="regressor"):
        losses.hint(torch.zeros(4, 64), torch.zeros(4, 1200))
    assert losses.relational_angle(torch.randn(4, 64), torch.randn(4, 1200)).isfinite()
    assert lesson.part("widths").reply(["A hint", "Contrastive"]).right
    assert lesson.part("counted").reply(lesson.part("counted").items).right
    assert not lesson.part("help").known
