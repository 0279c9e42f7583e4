"""The program on robustness: what is attacked is each student itself, and who is compared with whom."""

from __future__ import annotations

from dataclasses import replace

from kdviz.study.experiment import experiment
from kdviz.study.robustness import ATTACKED, robustness_arrives


def test_each_way_is_measured_twice_and_beside_a_rival_that_met_the_same_pictures():
    base = experiment("robustness-arrives").base
    small = replace(base, draw={"count": 300}, epochs=4, student={"name": "mlp", "hidden": [16]})
    found = {one.name: one for one in robustness_arrives(small, radius=0.05, steps=1, attack_steps=2, test=100)}
    clean = [name for name in found if not name.endswith("attacked")]
    assert len(clean) == 8 and len(found) == 16
    for name in clean:
        attacked = found[ATTACKED.format(name)]
        assert attacked.errors >= found[name].errors and attacked.examples == found[name].examples == 100
        assert (attacked.other == "") == (found[name].other == "")
        if attacked.other:
            assert attacked.against == found[attacked.other].errors and attacked.other.endswith("attacked")
    rivals = {name: found[name].other for name in clean}
    sturdy = "labels, on adversarial pictures"
    assert rivals["taught by the robust teacher, on adversarial pictures"] == sturdy
    assert rivals["taught by the robust teacher"] == rivals[sturdy] == "twin, labels alone"
    assert found["the robust teacher, attacked"].errors < found["the plain teacher, attacked"].errors + 20
