"""Each method of the Words page is an objective of the catalogue, its weights alpha and the rest."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.panels.writing.methods import METHODS, objective


@pytest.mark.parametrize("name", METHODS)
def test_the_teacher_has_alpha_and_the_labels_the_rest(name):
    made = objective(name, 0.75, 3.0)
    if METHODS[name].term is None:
        assert repr(made) == "HardLabels()"
        return
    assert [weight for weight, _ in made.weighted] == [0.75, 0.25]
    own, labels = made.terms
    assert own.temperature == 3.0 and labels == kd.HardLabels() and own.needs_teacher


@pytest.mark.parametrize("name", ["on_policy", "minillm"])
def test_a_task_is_written_on_from_its_prompt_and_running_text_from_eight_tokens(name):
    assert objective(name, 0.5, 1.0).terms[0].prompt == 8
    assert objective(name, 0.5, 1.0, end=2).terms[0].prompt == 1
