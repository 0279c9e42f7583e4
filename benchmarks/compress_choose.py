"""Choose the Compress page's rates, epochs and shares, on validation data alone: the test set stays closed.

``python benchmarks/compress_choose.py`` prints a table for each choice, one thread, seeds that the page does not use.

- Rates and epochs: the fewest validation errors, of taught students and their twins together, so that the choice
  favors neither (geometric mean over ways, models and seeds). Epochs are bounded, as a page is waited for.
- Shares and ranks: the smallest network among the page's own stops that still keeps 99 % of the validation accuracy of
  what it was made from, taught afterwards, in the mean over the seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import nn

import kdviz as kd
from kdviz.panels.compress.choices import CompressChoices, student_of, student_sizes
from kdviz.panels.compress.fields import RANKS, UNITS, WEIGHTS
from kdviz.panels.compress.trial import ALPHA, BATCH, TEMPERATURE, finished, ground, small, wrong_of

SEEDS = (90, 91)
RATES = (3e-4, 1e-3, 3e-3)
EPOCHS = (1, 2, 3)
STUDENT_RATES = (1e-3, 2e-3, 5e-3)
STUDENT_EPOCHS = (10, 20)
KEEPS = 0.99


def learned(model: nn.Module, name: str, epochs: int, rate: float, seed: int, *, twin: bool) -> nn.Module:
    """Teach a network, or let it learn the labels alone, as the page does."""
    base = ground(name)
    of: tuple[Any, ...] = (None, model, base.data, kd.HardLabels())
    if not twin:
        of = (base.teacher, model, base.data, kd.hinton(ALPHA, TEMPERATURE))
    more: dict[str, Any] = {} if twin else {"allow_weaker_teacher": True}
    run = kd.Distillation(*of, epochs=epochs, learning_rate=rate, batch_size=BATCH, seed=seed, **more)
    run.train(progress=False, evaluate=False)
    return run.student


def errors(model: nn.Module, name: str) -> int:
    return int(wrong_of(model.eval(), ground(name).data, "validation").sum())


def mean_log(found: Iterable[int]) -> float:
    logs = [math.log(max(1, n)) for n in found]
    return math.exp(sum(logs) / len(logs))


def made(choices: CompressChoices, epochs: int, rate: float, seed: int, *, twin: bool, of: nn.Module) -> int:
    """Return the validation errors of a network that is made small as chosen, then taught."""
    model = learned(small(of, choices), choices.teacher, epochs, rate, seed, twin=twin)
    return errors(finished(model, choices, ground(choices.teacher).data), choices.teacher)


def students(name: str, rate: float, epochs: int) -> dict[tuple[int, bool], nn.Module]:
    """Return fresh students by seed, and whether they are twins."""
    choices = CompressChoices(teacher=name, student=student_sizes(name)[-3], weights=0.0)
    return {
        (seed, twin): learned(student_of(choices, seed), name, epochs, rate, seed, twin=twin)
        for seed in SEEDS
        for twin in (False, True)
    }


def main() -> None:
    """Choose, one thing after another, and print what was seen."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--teacher", default="mnist-mlp-1200", help="a shipped teacher")
    name = arguments.parse_args().teacher
    torch.set_num_threads(1)
    teacher = ground(name).teacher.module
    examples = len(ground(name).data.validation)
    whole = int(ground(name).wrong("validation").sum())
    print(f"validation errors of {examples:,}; the teacher has {whole}")
    none = CompressChoices(teacher=name, weights=0.0)
    ways = [replace(none, units=0.75), replace(none, rank=16), replace(none, weights=0.8)]

    print("\nA fresh student: rate, epochs, errors taught, errors of twins")
    fresh = {}
    for rate in STUDENT_RATES:
        for epochs in STUDENT_EPOCHS:
            found = {key: errors(model, name) for key, model in students(name, rate, epochs).items()}
            fresh[rate, epochs] = mean_log(found.values())
            print(f"  {rate:g} {epochs}: {_by_twin(found)}; mean {fresh[rate, epochs]:.1f}", flush=True)
    student_rate, student_epochs = min(fresh, key=lambda one: fresh[one])
    print(f"chosen: rate {student_rate:g}, {student_epochs} epochs")

    print("\nTeaching afterwards: rate, epochs, errors taught and of twins, by way")
    after = {}
    for rate in RATES:
        for epochs in EPOCHS:
            told: list[str] = []
            everything: list[int] = []
            for way in ways:
                found = {
                    (seed, twin): made(way, epochs, rate, seed, twin=twin, of=teacher)
                    for seed in SEEDS[:1]
                    for twin in (False, True)
                }
                told.append(_by_twin(found))
                everything += found.values()
            after[rate, epochs] = mean_log(everything)
            print(f"  {rate:g} {epochs}: {' | '.join(told)}; mean {after[rate, epochs]:.1f}", flush=True)
    rate, epochs = min(after, key=lambda one: after[one])
    print(f"chosen: rate {rate:g}, {epochs} epochs")

    def smallest(title: str, stops: Sequence[CompressChoices], of: dict[int, nn.Module], before: float) -> None:
        most = examples - KEEPS * (examples - before)
        print(f"\n{title}: errors, at most {most:.0f}")
        for choices in stops:
            found = [made(choices, epochs, rate, seed, twin=False, of=of[seed]) for seed in SEEDS]
            mean = sum(found) / len(found)
            print(f"  {_said(choices)}: {found}, {'kept' if mean <= most else 'not kept'}", flush=True)

    of_teacher = dict.fromkeys(SEEDS, teacher)
    smallest("Units away", [replace(none, units=x) for x in UNITS if x >= 0.6], of_teacher, whole)
    smallest("Weights at zero", [replace(none, weights=x) for x in WEIGHTS if 0.7 <= x <= 0.95], of_teacher, whole)
    smallest("Rank", [replace(none, rank=x) for x in RANKS if 8 <= x <= 64], of_teacher, whole)
    own = {seed: model for (seed, twin), model in students(name, student_rate, student_epochs).items() if not twin}
    before = sum(errors(model, name) for model in own.values()) / len(own)
    together = [
        replace(none, weights=x, integers="rounded", bits=bits) for bits in (3, 4) for x in WEIGHTS if 0.25 <= x <= 0.75
    ]
    smallest("Distilled, then weights at zero and few bits", together, own, before)


def _by_twin(found: dict[tuple[int, bool], int]) -> str:
    return f"{[n for (_, twin), n in found.items() if not twin]} {[n for (_, twin), n in found.items() if twin]}"


def _said(choices: CompressChoices) -> str:
    named = {"units": choices.units, "rank": choices.rank, "weights": choices.weights}
    bits = f", {choices.bits} bits" if choices.integers == "rounded" else ""
    return ", ".join(f"{name} {value:g}" for name, value in named.items() if value) + bits


if __name__ == "__main__":
    main()
