"""Choose rate and epochs of the experiment *The order of making small* on validation data: the test set stays closed.

``python benchmarks/compression_order_choose.py``: one thread, a seed that the table does not use. Counted are networks
that are pruned, then rounded, then taught, and those that learn the labels again in place of that, so that the choice
favors neither; the setting with the fewest errors of the two together (geometric mean) is taken.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch

import kdviz as kd
from kdviz.distill.schedules import Cosine
from kdviz.study.compression import LABELS, made
from kdviz.study.experiment import experiment
from kdviz.study.programs import Bench, errors_of, trained

SEED = 90
RATES = (0.002, 0.005, 0.01)
EPOCHS = (30, 60)  # of learning first, and as many after the steps


def main() -> None:
    """Print a row a setting, and which is chosen."""
    torch.set_num_threads(1)
    base, found = experiment("compression-order").base, {}
    print("rate, epochs: validation errors before, then taught, then by labels again")
    for rate in RATES:
        for epochs in EPOCHS:
            now = replace(base, learning_rate=Cosine(rate, 0.0), epochs=epochs, seed=SEED)
            bench = Bench.of(now)
            start = trained(bench.run(None, kd.HardLabels()))
            orders = [("prune", "quantize", last) for last in ("distil", LABELS)]
            before, *errors = (
                errors_of(model, bench.data.validation)
                for model in (start, *(made(bench, start, steps, epochs) for steps in orders))
            )
            found[rate, epochs] = math.sqrt(math.prod(errors))
            print(f"  {rate:g} {epochs}: {before}, {errors}; mean {found[rate, epochs]:.1f}", flush=True)
    rate, epochs = min(found, key=lambda one: found[one])
    print(f"chosen: rate {rate:g}, {epochs} epochs")


if __name__ == "__main__":
    main()
