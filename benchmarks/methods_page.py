"""What the Methods page's default run is worth over seeds: ``python benchmarks/methods_page.py``.

For each seed the three runs of the page are trained, the method, Hinton's soft targets and the twin, from the same
weights and batches, and their errors on the page's test examples printed, with paired differences and 95 % intervals.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch

import kdviz as kd
from kdviz.distill.methods import METHODS, method
from kdviz.measure import paired
from kdviz.panels.methods.trial import PAIRS, Trial


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=METHODS, default="hint")
    parser.add_argument("--pair", choices=PAIRS, default="mnist-convnet")
    parser.add_argument("--weight", type=float, help="of the method's term (the catalogue's)")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    trial = Trial.of(arguments.pair)
    print(f"{trial.title}. {trial.note}")
    errors: dict[str, list[int]] = {"method": [], "Hinton": [], "twin": []}
    for seed in range(arguments.seeds):
        this = replace(trial, student=kd.models.build(PAIRS[arguments.pair].student, seed=seed), seed=seed)
        chosen = method(arguments.method).objective(this.layer_pairs, weight=arguments.weight)
        for name, objective in (("method", chosen), ("Hinton", kd.hinton()), ("twin", 1.0 * kd.HardLabels())):
            run = this.distillation(objective).train(progress=False, evaluate=False)
            errors[name].append(run.evaluate("test").errors)
        print(f"seed {seed}: " + ", ".join(f"{name} {of[-1]}" for name, of in errors.items()), flush=True)
    for name, of in errors.items():
        less = "" if name == "twin" else _less(of, errors["twin"])
        print(f"{name}: {sum(of) / len(of):.1f} test errors on average{less}")


def _less(of: list[int], twin: list[int]) -> str:
    d = paired([a - b for a, b in zip(of, twin, strict=True)])
    return f", less the twin {d.mean:+.1f} ({d.low:+.1f} to {d.high:+.1f}): {d.verdict}"


if __name__ == "__main__":
    main()
