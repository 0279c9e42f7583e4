"""The verdict: noise is called no gain, identity is not called noise, and words and interval say the same."""

from __future__ import annotations

import random
import re

import numpy as np

from kdviz.measure import paired_errors
from kdviz.measure.error_words import TWIN, against
from kdviz.panels.lab import verdict


def difference(only_student: int, only_twin: int, n: int = 1000):
    student, twin = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    student[:only_student] = True
    twin[only_student : only_student + only_twin] = True
    return paired_errors(student, twin)


def test_noise_is_called_no_gain():
    said = verdict.of_one_run({"twin": difference(5, 7)})
    assert said.startswith("2 fewer test errors than the twin without a teacher (95\u202f% CI ")
    assert said.endswith("): could be chance: no difference shown.")
    said = verdict.of_one_run({"twin": difference(1, 22)})
    assert said == "21 fewer test errors than the twin without a teacher (95\u202f% CI 11 to 31 fewer): a clear gain."
    said = verdict.of_one_run({"smoothed": difference(30, 5)})
    assert "25 more test errors than the twin with label smoothing" in said and said.endswith("more): clearly worse.")


def test_the_caveat_stands_apart_and_names_what_can_be_done():
    differences = {"twin": difference(5, 7)}
    assert "Repeat with 5 seeds" in verdict.caveat(differences, (), can_repeat=True)
    assert verdict.caveat(differences, (), can_repeat=False).endswith("for one seed.")
    assert verdict.caveat(differences, ("twin",), can_repeat=True) == "" == verdict.caveat({}, (), can_repeat=True)


def test_two_that_are_one_network_have_no_interval():
    said = verdict.of_one_run({"twin": difference(0, 0), "smoothed": difference(30, 5)}, ("twin",))
    assert said.startswith("Student and twin without a teacher are one network: all weights are equal, bit for bit.")
    assert said.count("CI") == 1


def test_what_is_called_chance_has_0_in_the_interval_that_is_shown_and_nothing_else_has():
    rng = random.Random(0)
    seen = set()
    for _ in range(400):
        d = difference(rng.randrange(60), rng.randrange(60))
        said = against(TWIN["twin"], d)
        low, high = re.search(r"CI (\S+(?: fewer| more)?) to (\S+(?: fewer| more)?)\)", said).groups()
        one_side = low.replace(".", "").isdigit() and not high.startswith("0 ")
        assert ("could be chance" in said) == (not one_side or low == "0") == (d.low <= 0 <= d.high), said
        seen.add(d.verdict)
    assert seen == {"fewer", "more", "within the noise"}
