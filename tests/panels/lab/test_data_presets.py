"""Presets about what a student learns from: a chain of questions, and marks that lead astray."""

from __future__ import annotations

import torch
from torch import nn

import kdviz as kd
from kdviz.panels.lab import outcome
from kdviz.panels.lab.bets import answered
from kdviz.panels.lab.data_presets import ON_DATA
from kdviz.panels.lab.presets import BY_NAME


class Reader(nn.Module):
    """Says the class of the brightest corner square; without a mark, class 0."""

    def forward(self, x):
        flat = x.flatten(1).view(-1, 28, 28)
        squares = torch.stack([flat[:, 0:2, 2 * c : 2 * c + 2].mean((1, 2)) for c in range(10)], 1)
        return squares * 10


def test_each_leads_to_the_next_and_the_last_to_the_default():
    assert [preset.next for preset in ON_DATA] == [preset.name for preset in ON_DATA[1:]] + [""]
    assert all(preset.name in BY_NAME for preset in ON_DATA)


def test_who_follows_a_wrong_mark_is_counted():
    data = kd.data.mnist().with_labels(100)
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), data, epochs=1)
    group = outcome.Group({"student": run, "twin": run.twin()})
    found = outcome.misled_by_marks(group)
    assert found["misled_teacher"] < 500 and found["misled"] == found["misled_twin"]
    plain = data.test
    marked = kd.data.Examples(outcome.with_shortcut(plain.x, (plain.y + 1) % 10, 1.0)[0], plain.y)
    follows = outcome._follows(Reader(), plain, marked, (plain.y + 1) % 10)
    assert follows > 8500, "all but those that are 0 anyway, which it says without a mark"


def test_what_was_measured_says_who_was_misled_more():
    from .labs import facts

    assert outcome.misled(facts(300, 600, measured={"misled": 9000.0, "misled_twin": 9500.0})) == "twin"
    assert outcome.misled(facts(300, 600, measured={"misled": 500.0, "misled_twin": 510.0})) == "alike"
    assert outcome.misled(facts(300, 600)) == ""


def test_how_much_of_an_answer_the_class_settles_is_measured():
    data = kd.data.mnist().with_labels(100)
    sure, torn = kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((16,), seed=1).eval()
    share = {
        name: outcome.settled_by_class(
            outcome.Group({"student": kd.Distillation(teacher, kd.models.mlp((8,)), data, epochs=1)})
        )["class_share"]
        for name, teacher in (("sure", sure), ("torn", torn))
    }
    assert 0 < share["torn"] < 0.9 < share["sure"] < 1


def test_the_page_says_why_the_patch_hurts_a_student_with_a_teacher():
    from .labs import facts

    of_run = {"class_share": 0.98, "misled": 7131.0, "misled_twin": 6975.0, "misled_teacher": 0.0}
    worse = facts(2355, 1181, measured=of_run, best={"student": 1400, "twin": 1190}, temperature=4.0)
    why = answered(BY_NAME["marked-corner"], "", worse)["why"]
    assert "settles 98\u202f% of the teacher’s answers" in why
    assert "1,400 errors at its best step" in why and "2,355 at the last (twin: 1,190, 1,181)" in why
    helped = facts(600, 1181, measured=of_run, best={"student": 600, "twin": 1190}, temperature=4.0)
    assert "trades the digit" in why and "trades the digit" not in answered(BY_NAME["marked-corner"], "", helped)["why"]
