"""Choose the Words page's budgets, α and T, on validation data alone: the test set stays closed.

``python benchmarks/words_choose.py [data ...]`` prints for each text what student and twin come to on all of its
validation rows, one thread, with a seed that the page does not use: bits a token, the answers that are right as a whole
where rows are tasks, and the seconds of a processor. Settings of a text take about as many seconds as one another.

- Student (one smaller than the teacher), rate and batch: what student (forward KL, α 0.9, T 1) and twin do best with,
  taken together, so that the choice favors neither; tasks count by right answers, running text by bits.
- Rows, with as many steps: what the teacher helps most with. The fewer there are, the more it can add.
- α and T of each method: what the student does best with in bits a token, right answers or not: soft targets at another
  T teach other probabilities, which the page shows token by token.

``--only rates rows methods`` has some of the three; ``--methods`` some of the methods.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace

import torch

import kdviz as kd
from kdviz.distill import Distillation
from kdviz.distill.schedules import Schedule, WarmupCosine
from kdviz.panels.writing.methods import METHODS
from kdviz.panels.writing.settings import FALLING, OFFERS, Offer, Setting, built, usual_of

SEED = 90
FAST, SLOW, SLOWER = (WarmupCosine(rate, 0.1) for rate in (1e-2, 5e-3, 2.5e-3))
Rate = tuple[str, Schedule, int, int]  # student, learning rate, batch size, epochs
RATES: dict[str, Sequence[Rate]] = {
    "moby-dick": [("gru-64", FALLING, 32, 16), ("gru-64", FAST, 32, 16), ("decoder-32", FAST, 32, 16)],
    "spelling": [("gru-64", FAST, 32, 28), ("decoder-32", FALLING, 32, 28), ("decoder-32", FAST, 32, 28)],
    "additions": [("decoder-32", FAST, 32, 13), ("decoder-32", SLOW, 32, 13), ("decoder-32", SLOWER, 32, 13)],
    "additions-steps": [("decoder-32", FALLING, 32, 12), ("decoder-32", FAST, 32, 12), ("decoder-32", SLOW, 32, 12)],
}
ROWS: dict[str, Sequence[int]] = {
    "moby-dick": (400, 800, 1600),
    "spelling": (1000, 2000, 4000),
    "additions": (2000, 4000, 8000),
    "additions-steps": (500, 1000, 2000),
}
WAYS = ((0.5, 1.0), (0.9, 1.0), (0.9, 2.0))  # α and T
Found = tuple[float, float, str]  # bits a token, the share answered right, and both in words


def seen(run: Distillation, setting: Setting, whole: kd.data.Splits) -> Found:
    """Train, and return what it comes to on all validation rows."""
    begun = time.process_time()
    run.train(progress=False, evaluate=False)
    seconds = time.process_time() - begun
    found = kd.measure.sequences(run.student, whole.validation)
    bits, exact = found.bits.value, found.exact.value if setting.is_task else 0.0
    right = f", {exact:.1%} right" if setting.is_task else ""
    return bits, exact, f"{bits:.3f} bits{right} ({seconds:.0f} s)"


def worth(found: Found) -> tuple[float, float]:
    """Return what is best where it is largest."""
    return found[1], -found[0]


class Choosing:
    """One text: what was tried of it."""

    def __init__(self, name: str) -> None:
        self.name, self.whole = name, kd.data.load(name)
        self.teacher = built(name, OFFERS[name]).teacher

    def of(self, offer: Offer) -> Setting:
        return replace(built(self.name, offer), seed=SEED, teacher=self.teacher)

    def pair(self, offer: Offer) -> tuple[Found, Found]:
        """Return what student and twin come to."""
        setting = self.of(offer)
        runs = setting.run(offer.student, "forward", 0.9, 1.0), setting.twin(offer.student)
        student, twin = (seen(run, setting, self.whole) for run in runs)
        rate = f"{offer.student}, {offer.learning_rate}, batch {offer.batch_size}"
        print(f"  {rate}, {offer.rows} rows, {offer.epochs} epochs: {student[2]}, twin {twin[2]}", flush=True)
        return student, twin

    def rates(self) -> None:
        print(f"{self.name}: student, rate and batch")
        tried = {}
        for student, rate, batch, epochs in RATES[self.name]:
            more = {"learning_rate": rate, "batch_size": batch, "epochs": epochs}
            both = [worth(one) for one in self.pair(replace(OFFERS[self.name], student=student, **more))]
            tried[student, rate, batch] = tuple(map(sum, zip(*both, strict=True)))
        print(f"  best for both: {max(tried, key=lambda one: tried[one])}")

    def rows(self) -> None:
        print(f"{self.name}: rows, the same steps")
        offer, gains = OFFERS[self.name], {}
        for n in ROWS[self.name]:
            epochs = max(1, round(offer.epochs * offer.rows / n))
            student, twin = map(worth, self.pair(replace(offer, rows=n, epochs=epochs)))
            gains[n] = tuple(a - b for a, b in zip(student, twin, strict=True))
        print(f"  the teacher helps most: {max(gains, key=lambda one: gains[one])} rows")

    def methods(self, names: Sequence[str]) -> None:
        print(f"{self.name}: α and T")
        for method in names:
            usual, tried = usual_of(self.name, method), {}
            setting = self.of(replace(OFFERS[self.name], epochs=usual["epochs"]))
            for alpha, temperature in WAYS if METHODS[method].heated else [(usual["alpha"], usual["temperature"])]:
                found = seen(setting.run(usual["student"], method, alpha, temperature), setting, self.whole)
                tried[alpha, temperature] = found[0]
                print(f"  {method}, α {alpha:g}, T {temperature:g}: {found[2]}", flush=True)
            if METHODS[method].heated:
                print("  best: α {:g}, T {:g}".format(*min(tried, key=lambda one: tried[one])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=list(OFFERS))
    parser.add_argument("--only", nargs="*", default=["rates", "rows", "methods"])
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.data:
        choosing = Choosing(name)
        if "rates" in arguments.only:
            choosing.rates()
        if "rows" in arguments.only:
            choosing.rows()
        if "methods" in arguments.only:
            choosing.methods(arguments.methods)


if __name__ == "__main__":
    main()
