"""What models are called: by their card, by their hidden units, by class and size."""

import numpy as np
from torch import nn

import kdviz as kd
from kdviz.models.naming import name_of


def test_a_shipped_model_has_the_title_of_its_card():
    assert name_of(kd.models.pretrained("adult-mlp")) == kd.models.card("adult-mlp").title


def test_others_are_called_by_what_they_are_and_how_large():
    network = kd.models.mlp((30, 20), inputs=4, classes=3)
    assert name_of(network) == "30-20 hidden units"
    assert name_of(nn.Linear(4, 3)) == "Linear, 15 parameters"
    assert name_of(kd.models.vit()).startswith("Vit, ")
    assert name_of(network.requires_grad_(False)) == "30-20 hidden units"
    assert name_of(nn.Linear(4, 3).requires_grad_(False)) == "Linear, 15 parameters", "a teacher is frozen"


def test_what_has_no_parameters_is_called_what_it_calls():
    def teacher(x: np.ndarray) -> np.ndarray:
        return np.zeros((len(x), 3))

    assert name_of(kd.wrap(teacher)) == "function teacher"
