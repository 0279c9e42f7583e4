"""What choosing the best of several costs, against worlds where the truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kdviz.study.choosing import choice, optimism


def worlds(count, *, settings, seeds=1, examples=800, apart=0.0, shared=0.0, luck=0.0):
    """Give so many validation sets: which examples are wrong, and each setting's and student's true rates.

    A share of the examples is hard or easy for all runs alike; ``luck`` is the spread of the seeds.
    """
    rng = np.random.default_rng(7)
    truth = 0.12 + apart * np.linspace(-1, 1, settings)  # (K,)
    for _ in range(count):
        rates = np.clip(truth[:, None] + luck * rng.standard_normal((settings, seeds)), 0, 1)  # (K, S)
        alike, own = rng.random(examples), rng.random((settings, seeds, examples))
        is_wrong = np.where(rng.random(examples) < shared, alike, own) < rates[..., None]
        yield is_wrong, truth, rates


def paid_and_estimated(*, of_setting=False, **world):
    paid, estimated = [], []
    for is_wrong, truth, rates in worlds(60, **world):
        seen = is_wrong.mean((1, 2))
        best = seen.argmin()
        paid.append((truth[best] if of_setting else rates[best].mean()) - seen[best])
        estimated.append(optimism(is_wrong, seeds=of_setting, draws=400))
    return np.mean(paid), np.mean(estimated), np.std(paid) / math.sqrt(len(paid))


@pytest.mark.parametrize(
    "world",
    [
        {"settings": 12},
        {"settings": 12, "shared": 0.7},
        {"settings": 12, "apart": 0.01},
        {"settings": 12, "apart": 0.04},
        {"settings": 6, "seeds": 3, "shared": 0.5},
    ],
    ids=["all alike", "alike, hard for all", "a little apart", "apart", "three seeds"],
)
def test_the_estimate_is_what_is_paid_on_average(world):
    paid, estimated, error = paid_and_estimated(**world)
    assert estimated == pytest.approx(paid, abs=0.25 * paid + 2 * error)
    assert paid > 3 * error or world.get("apart", 0) > 0.02, "there is something to estimate"


def test_seeds_are_luck_too_for_students_trained_anew():
    world = {"settings": 10, "seeds": 3, "shared": 0.5, "luck": 0.01}
    paid, estimated, error = paid_and_estimated(of_setting=True, **world)
    assert estimated == pytest.approx(paid, abs=0.25 * paid + 2 * error)
    assert estimated > 1.5 * paid_and_estimated(**world)[1], "more than for these students on other examples"


def test_taking_the_observed_rates_for_true_would_find_too_little():
    is_wrong = next(worlds(1, settings=12))[0]
    twice = np.concatenate([is_wrong, is_wrong[:, :, ::-1]], axis=2)  # the same rates, half the noise of each
    assert optimism(twice) < optimism(is_wrong)
    naive = is_wrong.mean((1, 2)).argsort()  # what is apart by noise alone is shrunk to nothing
    assert len(naive) == 12 and optimism(is_wrong) > 0.8 * paid_and_estimated(settings=12)[0]


def test_one_setting_costs_nothing_and_wrong_shapes_are_said():
    assert optimism(np.zeros((1, 3, 50), bool)) == 0.0
    assert optimism(np.zeros((4, 2, 50), bool)) == 0.0
    with pytest.raises(ValueError, match="must have the shape"):
        optimism(np.zeros((4, 50), bool))
    with pytest.raises(ValueError, match="two or more of them, got one"):
        optimism(np.zeros((4, 1, 50), bool), seeds=True)


def test_a_study_names_its_choice_with_both_rates(study):
    found = choice(study)
    assert found.arm is study.best() and (found.among, found.seeds) == (4, 3)
    frame = study.frame()
    mine = frame[(frame.arm == found.arm.name) & (frame.role == "student") & (frame.moment == "last")]
    for split in ("validation", "test"):
        rate = 1 - mine[mine.split == split].accuracy.mean()
        assert getattr(found, split) == pytest.approx(rate)
    assert (found.examples, found.test_examples) == (400, 400)
    assert 0 <= found.optimism < 0.05 and 0 <= found.of_setting < 0.1
    assert found.all_validation >= found.validation
