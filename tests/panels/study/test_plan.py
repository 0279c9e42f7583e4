"""The study that the choices come to, and when it is too large for a page."""

from __future__ import annotations

import pytest

from kdviz import shared
from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.study.plan import MOST_SECONDS, Plan, too_large


@pytest.mark.parametrize(
    ("given", "axes", "name"),
    [
        ({"temperature": [1, 4], "alpha": [0.1, 0.9]}, {"temperature", "alpha"}, "T = 4, α = 0.1"),
        ({"units": [8, 16], "labels": [100, 300]}, {"hidden", "draw"}, "16 hidden units, 100 labels"),
        ({"method": ["soft_targets", "decoupled"], "learning_rate": [1e-3, 1e-2]}, {"objective", "learning_rate"},
         "Decoupled (DKD), learning rate 0.001"),
    ],
)  # fmt: skip
def test_arms_lie_where_their_values_are(given, axes, name):
    plan = Plan.of(StudyChoices.of({**given, "seeds": 1}))
    assert set(plan.axes) == axes and plan.size == (2, 2)
    assert [plan.place(arm) for arm in range(4)] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert plan.name(2) == name
    (first, *_), (last,) = plan.study.arms[:3], plan.study.arms[3:]
    assert first.recipe != last.recipe


def test_each_value_is_in_its_arms_recipe():
    plan = Plan.of(StudyChoices.of({"units": [8, 16], "labels": [100, 300], "temperature": 2.0, "seeds": 1}))
    recipe = plan.study.arms[3].recipe
    assert recipe.student["hidden"] == [16] and recipe.draw == {"count": 300}
    assert recipe.objective.terms[0].temperature == 2.0
    assert plan.study.total == 8, "width and labels are the twin's too: no two cells share one"
    assert Plan.of(StudyChoices.of({"seeds": 2})).study.total == 2 * (12 + 1), "T and α are not"


def test_a_study_too_large_for_a_page_is_said():
    plan = Plan.of(StudyChoices.of({"seeds": 1}))
    assert too_large(plan, 20.0) == ""
    assert "would take about 30 minutes here, and a page does 15 at most" in too_large(plan, 2 * MOST_SECONDS)
    units, labels = [4, 8, 12, 16, 20, 24, 28, 32], [100, 200, 300, 400]
    many = Plan.of(StudyChoices.of({"units": units, "labels": labels, "seeds": 10}))
    assert "has 640 runs, and a page does 400 at most" in too_large(many, 1.0)


def test_a_study_of_runs_longer_than_the_servers_bound_is_said(monkeypatch):
    plan = Plan.of(StudyChoices.of({"labels": [100, 300], "batch_size": 64, "epochs": 10, "seeds": 1}))
    monkeypatch.setenv(shared.MOST_STEPS, "50")
    assert too_large(plan, 1.0) == ""
    monkeypatch.setenv(shared.MOST_STEPS, "49")
    assert too_large(plan, 1.0).startswith("A run has 49 steps at most on this server, and this one would have 50.")
