"""Terms and networks in a recipe: which there are, and what is wrong with one."""

from __future__ import annotations

import json

import pytest

import kdviz as kd


def test_a_term_says_which_it_is_and_what_is_wrong_with_it():
    told = json.loads(
        (0.9 * kd.SoftTargets() + 0.1 * kd.HardLabels()).edited(alpha=0.5).to_dict().__repr__().replace("'", '"')
    )
    recipe = {"version": 1, "data": "mnist"}
    for change, sentence in (
        (
            {"temperature": True},
            r"recipe\.objective\[0\]\.temperature must be a finite number > 0 or a schedule, got true",
        ),
        ({"weight": -1}, r"recipe\.objective\[0\]\.weight must be a finite number >= 0 or a schedule, got -1"),
        ({"term": "SoftTarget"}, r"recipe\.objective\[0\]\.term must be one of SoftTargets, .*, got \"SoftTarget\""),
        ({"tau": 3}, r'recipe\.objective\[0\] has no field "tau"; it may have weight, temperature'),
        ({"term": "JensenShannon", "beta": 2}, r"recipe\.objective\[0\]: beta must lie in \(0, 1\)"),
    ):
        with pytest.raises(ValueError, match=sentence):
            kd.Recipe.from_dict({**recipe, "objective": [{**told[0], **change}, told[1]]})


@pytest.mark.parametrize(
    "architecture",
    [
        {"name": "mlp", "hidden": [10**6, 10**6]},
        {"name": "convnet", "width": 10**5},
        {"name": "resnet", "width": 64, "blocks": [1] * 20},
        {"name": "vit", "width": 10**5, "heads": 4},
    ],
    ids=lambda told: told["name"],
)
def test_a_network_beyond_all_memory_is_refused_before_it_is_made(architecture):
    with pytest.raises(ValueError, match="a network can have at most 1,000,000,000 weights"):
        kd.models.build(architecture)
