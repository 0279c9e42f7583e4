"""What the Methods page's default run is worth over seeds: ``python benchmarks/methods_page.py``.

For each seed the three runs of the page are trained, the method, Hinton's soft targets and the twin, from the same
weights and batches, and their errors on the page's test examples printed, with paired differences and 95 % intervals.

``--seconds`` prints instead how many times its timed steps a run of the page costs: evaluations, gradients of the
terms, relations and the page itself come on top. Their geometric mean over a few pairs and methods is the factor of the
estimate before Train, ``kdviz.panels.methods.duration.BESIDE``. Seconds are those of a processor, so that what else
runs on the machine hardly counts.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch

import kdviz as kd
from kdviz.distill.methods import METHODS, method
from kdviz.measure import paired
from kdviz.models import inference
from kdviz.panels.methods import duration
from kdviz.panels.methods.trial import PAIRS, Trial

TIMED = {  # a method for each pair
    "mnist-mlp-1200": "relational_distance",
    "mnist-convnet": "hint",
    "mnist-vit": "attention_matrices",
    "fashion-resnet": "attention_transfer",
    "convnet-to-vit": "distillation_token",
    "three-teachers": "multi_teacher",
}
STEPS = 12  # that are timed of each run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=METHODS, default="hint")
    parser.add_argument("--pair", choices=PAIRS, default="mnist-convnet")
    parser.add_argument("--weight", type=float, help="of the method's term (the catalogue's)")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", action="store_true", help="calibrate the estimate instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.seconds:
        seconds()
        return
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


def seconds() -> None:
    """Print for each pair what a run of the page costs, beside its steps as the estimate times them."""
    factors = []
    for pair, name in TIMED.items():
        panel = kd.panels.Methods(pair=pair, method=name)
        run, trial = panel._planned, panel._trial(pair)
        assert run is not None, "the page shows a method that these models allow"
        beside = len(panel._beside(run))
        own, plain = (_processor_s(duration._step_of(trial, run, own=one)) for one in (True, False))
        few = trial.data.validation.take(slice(0, duration.ANSWERS))
        answer = _processor_s(lambda few=few, trial=trial: inference.logits(trial.teacher.module, few)) / len(few)
        asked = len(trial.data.validation) + len(trial.data.test) + (0 if run.asks_each_step else len(trial.data.train))
        steps_s = run.total_steps * (own + beside * plain)
        begun = time.process_time()
        panel.command("train")
        if not panel.wait("finished", "failed", timeout_s=1200) or panel.transport.state != "finished":
            raise SystemExit(f"{pair}, {name}: {panel.status}")
        took = time.process_time() - begun - asked * answer
        panel.close()
        factors.append(took / steps_s)
        print(
            f"{pair}, {name}: {run.total_steps} steps of {1 + beside} runs, {1000 * own:.2f} ms and "
            f"{beside} × {1000 * plain:.2f} ms each: {steps_s:.1f} s; it took {took:.1f} s, {factors[-1]:.2f} times as "
            f"long, and {asked * answer:.1f} s of the teacher",
            flush=True,
        )
    low, high = min(factors), max(factors)
    print(f"factor {math.exp(statistics.fmean(map(math.log, factors))):.2f}, from {low:.2f} to {high:.2f}")


def _processor_s(call: Callable[[], object]) -> float:
    """Return the median seconds of a processor that a call takes."""
    call()
    times = []
    for _ in range(STEPS):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return statistics.median(times)


def _less(of: list[int], twin: list[int]) -> str:
    d = paired([a - b for a, b in zip(of, twin, strict=True)])
    return f", less the twin {d.mean:+.1f} ({d.low:+.1f} to {d.high:+.1f}): {d.verdict}"


if __name__ == "__main__":
    main()
