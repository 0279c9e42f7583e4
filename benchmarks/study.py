"""What a study costs: ``python benchmarks/study.py``.

A grid of 5 temperatures × 5 alphas with one seed, and its twin: 26 runs of a 64-unit perceptron on 4,000 MNIST labels,

* one by one, in this process;
* stacked: trained together as one model, in this process;
* one by one in two worker processes (joblib), and stacked in two, with and without the start of the workers;

then how far stacked runs end from the same runs by themselves, and from which size of student on a stack gains nothing.
All on one thread a process, the teacher's answers known beforehand but in the workers. On a busy machine, ratios say
more than seconds; those of the last table are of CPU time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import torch

import kdviz as kd
from kdviz.study import Study
from kdviz.study.jobs import Job, do, make_job
from kdviz.study.parts import Parts
from kdviz.study.stacked import MOST, WORTH_IT, Stack, do_together
from kdviz.study.stopping import Address, StopSign

TEMPERATURES, ALPHAS = [1, 2, 4, 8, 16], [0.1, 0.3, 0.5, 0.7, 0.9]
BASE = kd.Recipe(data="mnist", draw={"count": 4000}, teacher="mnist-mlp-1200", student={"name": "mlp", "hidden": [64]})
PARTS = Parts()
NEVER = StopSign(Address("/nowhere"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="2 epochs, two sizes of student")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    epochs = 2 if arguments.quick else arguments.epochs
    recipe = replace(BASE, epochs=epochs)
    do(make_job(replace(BASE, epochs=1), "student", PARTS), PARTS, NEVER)  # the teacher's answers, and a warm start
    print(f"5 × 5 × 1 grid and its twin, 26 runs, 64 units, 4,000 labels, {epochs} epochs; seconds (of all runs)\n")
    plain = ways(recipe)
    print()
    apart(recipe)
    print()
    crossover((16, 64) if arguments.quick else (16, 32, 64, 128, 256, 300, 600), epochs=2 if arguments.quick else 8)
    assert plain.left == 0


def ways(recipe: kd.Recipe) -> Study:
    """Time the grid, each way of doing it; return the study done one by one."""
    rows: list[tuple[str, dict[str, object]]] = [
        ("one by one, this process", {"n_jobs": 1, "stacked": False}),
        ("stacked, this process", {"n_jobs": 1, "stacked": True}),
        ("one by one, 2 workers, first", {"n_jobs": 2, "stacked": False}),
        ("one by one, 2 workers, again", {"n_jobs": 2, "stacked": False}),
        ("stacked, 2 workers, again", {"n_jobs": 2, "stacked": True}),
    ]
    first: Study | None = None
    for name, how in rows:
        study = Study.grid(recipe, temperature=TEMPERATURES, alpha=ALPHAS, seeds=1)
        seconds = timed(lambda study=study, how=how: study.run(progress=False, **how), time.perf_counter)  # type: ignore[misc]
        if first is None:
            first, base = study, seconds
        ours, theirs = study.frame().errors, first.frame().errors
        apart = int((ours - theirs).abs().max())
        print(
            f"{name:<30}{seconds:>8.1f} s{base / seconds:>7.2f} times as fast"
            f"   errors differ by {apart} at most, in {int((ours != theirs).sum())} of {len(ours)} rows",
            flush=True,
        )
    assert first is not None
    return first


def apart(recipe: kd.Recipe) -> None:
    """Tell how far weights and losses of stacked runs are from those of the same runs by themselves."""
    recipes = [replace(recipe, objective=kd.hinton(alpha, T)) for alpha in (0.1, 0.9) for T in (1, 4, 16)]
    stack = Stack([kd.Distillation.from_recipe(r) for r in recipes])
    losses = torch.stack([stack.step() for _ in range(stack.total_steps)])  # (steps, M)
    of_weights = of_losses = 0.0
    for i, r in enumerate(recipes):
        run = kd.Distillation.from_recipe(r).train(progress=False, evaluate=False)
        ours, theirs = stack.student(i).state_dict(), run.student.state_dict()
        of_weights = max(of_weights, *(float((ours[n] - theirs[n]).abs().max()) for n in theirs))
        recorded = torch.from_numpy(run.history.column("loss").copy())
        of_losses = max(of_losses, float(((losses[:, i] - recorded).abs() / recorded).max()))
    print(f"after {stack.total_steps:,} steps, 6 runs stacked and by themselves: weights differ by {of_weights:.1e}")
    print(f"at most, losses by {of_losses:.1e} of their size at most, at any step")


def crossover(sizes: tuple[int, ...], epochs: int) -> None:
    """Compare CPU time of runs by themselves and stacked, by size of student and of stack."""
    stacks = (2, 4, 8, MOST)
    print(f"times as fast stacked, by runs in a stack ({epochs} epochs, CPU time; a stack is taken up to {WORTH_IT:,}")
    print("weights by itself)")
    print(f"{'units':>6}{'weights':>10}" + "".join(f"{size:>8}" for size in stacks))
    for units in sizes:
        ratios = []
        for size in stacks:
            jobs = _jobs(units, size, epochs)
            alone = min(timed(lambda job=job: do(job, PARTS, NEVER), time.process_time) for job in jobs[:3])  # type: ignore[misc]
            together = min(
                timed(lambda jobs=jobs: do_together(jobs, PARTS, NEVER), time.process_time)
                for _ in range(2)  # type: ignore[misc]
            )
            ratios.append(alone * size / together)
        print(f"{units:>6}{784 * units + 10 * units:>10,}" + "".join(f"{r:>8.2f}" for r in ratios), flush=True)


def _jobs(units: int, count: int, epochs: int) -> list[Job]:
    base = replace(BASE, student={"name": "mlp", "hidden": [units]}, epochs=epochs)
    return [make_job(replace(base, objective=kd.hinton(0.9, 1 + i)), "student", PARTS) for i in range(count)]


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


if __name__ == "__main__":
    main()
