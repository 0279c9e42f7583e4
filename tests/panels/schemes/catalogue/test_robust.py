"""Robust distillation's card: both errors over training, of the very models, and the labels under attack beside it."""

from __future__ import annotations

import pytest

from kdviz.data import Examples
from kdviz.models.attack import pgd
from kdviz.panels.schemes.catalogue.robust import ATTACK_STEPS, SCHEME
from kdviz.panels.schemes.setting import Setting


def test_the_lines_are_the_errors_on_plain_and_on_attacked_examples(course_of):
    course = course_of("robust")
    plain, attacked = SCHEME.draw(course)
    part = course.setting.data.test
    names = ["Taught under attack", "Offline distillation", "Twin, no teacher", "Labels under attack, no teacher"]
    assert [line["name"] for line in attacked["lines"]] == [*names, "Teacher"]
    models = [course.lanes[role].answer for role in ("student", "hinton", "twin", "labels")]
    models.append(course.setting.teacher.module)
    for model, *lines in zip(models, plain["lines"], attacked["lines"], strict=True):
        moved = pgd(model, part.inputs(), part.y, 0.1, steps=ATTACK_STEPS)
        for line, examples in zip(lines, (part, Examples(moved, part.y)), strict=True):
            assert line["y"][-1] == pytest.approx(100 * course.setting.wrong(model, examples) / len(part))
    assert len(plain["lines"][0]["x"]) > 2 and "An attack shows what at least goes wrong." in attacked["sentence"]
    assert "costs 4 further passes" in course.budget


def test_on_the_page_its_teacher_is_a_robust_one():
    assert Setting.of(epochs=1, **SCHEME.setting).teacher.module.card.recipe["radius"] == 0.1
    assert "radius" not in Setting.of(epochs=1).teacher.module.card.recipe
