"""How long models take for a batch: each call on its own, models in turns, and the ratio of two with its spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn

from ...data.inputs import Inputs, rows
from ...models import inference
from ...models.inference import Cancelled, Progress, bare
from ...models.looking import evaluating
from ...models.onnx_session import OnnxSession
from ...models.wrap import as_module
from ..confidence import check_confidence

TURNS = 21  # of each model
CALLS = 10  # that are timed in a turn, at most
FEWEST_TURNS = 6  # with which a 95 % interval of a median exists
WARM = 3  # first calls, which allocate what later ones reuse; the last says about how long one takes
UNTIMED = 2  # calls that torch.utils.benchmark makes before each that it times


@dataclass(frozen=True)
class Latency:
    """The times of single calls on one batch.

    Attributes
    ----------
    seconds : tuple of float
        Of each call that was timed, in order.
    batch : int
        Examples in the batch.
    threads : int
        That the model computes on; 0 where onnxruntime chooses.
    """

    seconds: tuple[float, ...] = field(repr=False)
    batch: int
    threads: int

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """The time that 95 of 100 calls stay within, in seconds."""
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]


@dataclass(frozen=True)
class Ratio:
    """How many times as long one model takes as another, over turns.

    Attributes
    ----------
    turns : tuple of float
        For each turn, the median time of one divided by that of the other, measured right after one another.
    value : float
        The median over the turns.
    low, high : float
        Ends of the interval for the median over turns.
    confidence : float
        The share of such intervals that hold the median, at least.

    Notes
    -----
    The interval lies between two of the turns' ratios, by the sign test: it assumes nothing of their distribution, only
    that one turn does not depend on another. It covers what else ran on the machine meanwhile, not another machine.
    """

    turns: tuple[float, ...] = field(repr=False)
    value: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Turns:
    """Times of several models on the same batch, measured in turns.

    Attributes
    ----------
    latency : dict of str to Latency
    medians : dict of str to tuple of float
        The median time in each turn, by model, in seconds.
    """

    latency: dict[str, Latency]
    medians: dict[str, tuple[float, ...]] = field(repr=False)

    def ratio(self, who: str = "student", to: str = "teacher", confidence: float = 0.95) -> Ratio:
        """Return the time of ``who`` divided by that of ``to``."""
        for name in (who, to):
            if name not in self.medians:
                raise ValueError(f"expected one of {', '.join(self.medians)}, got {name!r}")
        turns = tuple(a / b for a, b in zip(self.medians[who], self.medians[to], strict=True))
        return Ratio(turns, statistics.median(turns), *median_interval(turns, confidence), confidence)


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Return the ends of an interval for the median, two of the values; nan where they are too few.

    Notes
    -----
    Of n values, the k-th smallest and the k-th largest enclose the median of their distribution with probability
    1 − 2 P(X < k), X binomial with n and 1/2. k is the largest for which that is at least ``confidence``.

    Examples
    --------
    >>> median_interval([1, 2, 3, 4, 5, 6, 7, 8, 9])
    (2, 8)
    """
    check_confidence(confidence)
    n, outside = len(values), 0.0
    k = 0
    while True:
        outside += 2 * math.comb(n, k) / 2**n
        if outside > 1 - confidence:
            break
        k += 1
    if not k:
        return math.nan, math.nan
    in_order = sorted(values)
    return in_order[k - 1], in_order[n - k]


def in_turns(
    models: Mapping[str, Any],
    inputs: Inputs,
    *,
    batch: int = 1,
    turns: int = TURNS,
    seconds: float = 2.0,
    threads: int | None = None,
    timer: Callable[[], float] | None = None,
    progress: Progress | None = None,
) -> Turns:
    """Time several models on one batch, one after the other and again, so that all of them meet the same machine.

    Parameters
    ----------
    models : dict of str to model
        Torch modules, quantized ones, ONNX sessions, and all else that :func:`kdviz.wrap` accepts. In eval mode for the
        time being, and left as they were.
    inputs : Tensor of shape (N, ...), or what the models take
        Examples; repeated where the batch needs more.
    batch : int
        Examples of a call.
    turns : int
        Of each model, at least 6: fewer have no 95 % interval. Every second one goes through the models backwards.
    seconds : float
        That all of it should take. A turn has 1 to 10 timed calls by it, and there are no fewer than 6 turns.
    threads : int, optional
        Of torch; by default as many as it uses now. A session of onnxruntime has its own.
    timer : callable, optional
        The clock, in seconds; by default that of ``torch.utils.benchmark``, which waits for a GPU.
    progress : callable, optional
        Called with (done, total) turns; return False to stop with ``Cancelled``.

    Raises
    ------
    ValueError
        If a number is too small, or a model cannot process the inputs.

    Examples
    --------
    >>> measured = in_turns({"teacher": nn.Linear(4, 2), "student": nn.Linear(4, 2)}, torch.zeros(1, 4), seconds=0.1)
    >>> measured.latency["teacher"].median > 0, measured.ratio().low <= measured.ratio().value
    (True, True)
    """
    if batch < 1 or turns < FEWEST_TURNS or seconds <= 0 or not models:
        raise ValueError(
            f"expected a model, batch >= 1, turns >= {FEWEST_TURNS} and seconds > 0, got {len(models)} models, "
            f"batch={batch}, turns={turns} and seconds={seconds}"
        )
    from torch.utils.benchmark import Timer

    given = {who: as_module(model, who) for who, model in models.items()}
    x = rows(inputs, torch.arange(batch) % inference.count(inputs))
    number = torch.get_num_threads() if threads is None else threads
    with _all_evaluating(given.values()), torch.no_grad():
        calls = {who: call_of(model, x, who) for who, model in given.items()}
        more: dict[str, Any] = {} if timer is None else {"timer": timer}
        timers = {who: Timer("call()", globals={"call": one}, num_threads=number, **more) for who, one in calls.items()}
        first = sum(timers[who].timeit(WARM).mean for who in calls)  # warm-up
        turns, each = _plan(turns, seconds / max(first * (1 + UNTIMED), 1e-9))
        times: dict[str, list[list[float]]] = {who: [] for who in calls}
        for turn in range(turns):
            for who in list(calls)[:: -1 if turn % 2 else 1]:
                times[who].append([timers[who].timeit(1).mean for _ in range(each)])
            if progress is not None and progress(turn + 1, turns) is False:
                raise Cancelled(f"stopped after {turn + 1} of {turns} turns")
    return Turns(
        {
            who: Latency(tuple(t for one in mine for t in one), batch, threads_of(given[who], number))
            for who, mine in times.items()
        },
        {who: tuple(statistics.median(one) for one in mine) for who, mine in times.items()},
    )


def _plan(turns: int, rounds: float) -> tuple[int, int]:
    """Return how many turns, and calls in each, where ``rounds`` calls of every model fit into the time."""
    return max(FEWEST_TURNS, min(turns, int(rounds))), max(1, min(CALLS, int(rounds / turns)))


@contextmanager
def _all_evaluating(models: Iterable[nn.Module]) -> Iterator[None]:
    with ExitStack() as stack:
        for model in {id(model): model for model in models}.values():  # once, if it is given twice
            stack.enter_context(evaluating(model))
        yield


def call_of(model: nn.Module, inputs: Inputs, who: str = "model") -> Callable[[], Any]:
    """Return a call of the model on these inputs, with nothing in it that is not the model's own work.

    A session of onnxruntime is called with arrays that were made beforehand.
    """
    if isinstance(model, OnnxSession):
        ready: Callable[[], Any] = model.ready(inputs)
    else:
        x = inference.fitted(inputs, model)
        ready = partial(model, x) if isinstance(x, torch.Tensor) else partial(inference.call, model, x)
    try:
        ready()
    except Exception as error:
        raise inference.cannot_answer(error, who, model, inputs) from error
    return ready


def threads_of(model: nn.Module, torchs: int) -> int:
    """Return how many threads a model computes on; 0 where onnxruntime chooses."""
    inner = bare(model)
    if isinstance(inner, OnnxSession):
        return int(inner.session.get_session_options().intra_op_num_threads)
    return torchs
