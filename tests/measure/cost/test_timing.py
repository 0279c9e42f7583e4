"""Times of models in turns, on a clock of the tests' own, and how often the interval of a ratio holds it."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from kdviz.distill.schemes import fake_quantized
from kdviz.measure.cost import Latency, in_turns, median_interval
from kdviz.measure.cost.timing import CALLS, FEWEST_TURNS, TURNS
from kdviz.models import mlp
from kdviz.models.inference import Cancelled


class Slow(nn.Module):
    """A model that takes a time of its own on the clock, and notes when it was called and how."""

    def __init__(self, clock: SimpleNamespace, seconds: float, name: str) -> None:
        super().__init__()
        self.clock, self.seconds, self.name = clock, seconds, name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.clock.now += self.seconds * self.clock.pace
        self.clock.calls.append((self.name, len(x), self.training, torch.is_grad_enabled()))
        return x


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=0.0, pace=1.0, calls=[])


def test_models_take_turns_and_the_ratio_is_theirs_whatever_the_machine_does(clock):
    models = {"teacher": Slow(clock, 0.009, "t").train(), "student": Slow(clock, 0.001, "s").train()}

    def slower(done: int, total: int) -> None:
        clock.pace *= 1.2  # another program starts, again and again

    found = in_turns(models, torch.zeros(3, 2), batch=4, seconds=20, timer=lambda: clock.now, progress=slower)
    ratio = found.ratio()
    assert len(ratio.turns) == TURNS and ratio.value == pytest.approx(1 / 9)
    assert ratio.low == pytest.approx(1 / 9) and ratio.high == pytest.approx(1 / 9)
    assert found.ratio("teacher", "student").value == pytest.approx(9)
    assert max(found.medians["student"]) > 30 * min(found.medians["student"])  # the pace shows in the times alone
    names = [name for name, *_ in clock.calls]
    begun = [name for name, before in zip(names, ["", *names[:-1]], strict=True) if name != before]
    assert "".join(begun) == "ts" * 3 + "ts" * (TURNS // 2)  # every second turn begins with the student
    assert {call[1:] for call in clock.calls} == {(4, False, False)}
    assert all(model.training for model in models.values())


def test_short_of_time_there_are_fewer_calls_then_fewer_turns(clock):
    def counted(seconds: float) -> tuple[int, int]:
        model = {"teacher": Slow(clock, 0.01, "t")}
        found = in_turns(model, torch.zeros(1, 2), seconds=seconds, timer=lambda: clock.now)
        return len(found.medians["teacher"]), len(found.latency["teacher"].seconds)

    assert counted(100) == (TURNS, TURNS * CALLS)
    assert counted(0.03 * TURNS * 3) == (TURNS, TURNS * 3)
    assert counted(0.1) == (FEWEST_TURNS, FEWEST_TURNS)


def test_median_and_95th_percentile_are_those_of_numpy():
    seconds = tuple(np.random.default_rng(0).lognormal(size=199))
    found = Latency(seconds, 1, 1)
    assert found.median == np.median(seconds)
    assert found.p95 == np.quantile(seconds, 0.95, method="inverted_cdf")


@pytest.mark.parametrize("n", [6, 9, 21])
def test_the_interval_of_a_median_holds_it_as_often_as_it_claims(n):
    drawn = np.random.default_rng(n).lognormal(0, 1.5, (4000, n))  # median 1
    inside = [low <= 1 <= high for low, high in (median_interval(row) for row in drawn)]
    assert 0.945 <= np.mean(inside) <= 0.985


def test_ends_agree_with_scipys_and_too_few_values_have_none():
    from scipy import stats

    for n in range(FEWEST_TURNS, 40):
        low, high = median_interval(range(1, n + 1))
        inside = stats.binom(n, 0.5).cdf(high - 1) - stats.binom(n, 0.5).cdf(low - 1)
        wider = stats.binom(n, 0.5).cdf(high - 2) - stats.binom(n, 0.5).cdf(low)
        assert inside >= 0.95 > wider and low + high == n + 1
    assert all(math.isnan(end) for end in median_interval([1.0] * (FEWEST_TURNS - 1)))


def test_a_quantized_model_that_is_slower_is_found():
    whole = mlp((300, 300))
    rounded = fake_quantized(mlp((300, 300)), bits=4)  # rounds in float32 before each product
    found = in_turns({"teacher": whole, "student": rounded}, torch.rand(1, 1, 28, 28), seconds=0.3)
    assert found.ratio().low > 1
    assert found.latency["student"].threads == torch.get_num_threads()


def test_stopped_it_leaves_the_models_as_they_were():
    model = mlp((4,)).train()
    with pytest.raises(Cancelled, match="stopped after 1 of"):
        in_turns({"teacher": model}, torch.rand(1, 1, 28, 28), progress=lambda done, total: False)
    assert model.training


def test_what_cannot_be_timed_is_answered_in_a_sentence():
    x = torch.rand(2, 1, 28, 28)
    with pytest.raises(ValueError, match="turns >= 6 and seconds > 0, got 1 models, batch=0, turns=21"):
        in_turns({"teacher": mlp((4,))}, x, batch=0)
    with pytest.raises(ValueError, match="the teacher cannot process float32 inputs of shape"):
        in_turns({"teacher": nn.Linear(3, 2)}, x)
    with pytest.raises(ValueError, match="expected one of teacher, got 'student'"):
        in_turns({"teacher": mlp((4,))}, x, seconds=0.01).ratio()
