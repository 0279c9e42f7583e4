"""Where can teaching help? Hinton's loss and its twin on validation data, in several small settings: for the league.

``python benchmarks/league_setting.py`` prints for each setting the validation errors of both, for a few seeds that no
league uses, and their paired difference. Test data are not looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import kdviz as kd
from kdviz.distill.evaluate import evaluate
from kdviz.measure.error_words import in_errors

LABELS = (500, 1000, 2000, 4000)
EPOCHS = 30
SEEDS = (90, 91, 92, 93, 94)


def errors(labels: int, hidden: int, seed: int, *, taught: bool) -> int:
    """Return the validation errors of one run."""
    recipe = kd.Recipe(
        data="mnist", draw={"count": labels}, teacher="mnist-mlp-1200", student={"name": "mlp", "hidden": [hidden]},
        objective=kd.hinton(0.9, 4.0) if taught else 1.0 * kd.HardLabels(),
        learning_rate=kd.schedules.Cosine(0.005, 0.0), epochs=EPOCHS, seed=seed, student_seed=seed,
    )  # fmt: skip
    run = kd.Distillation.from_recipe(recipe)
    run.train(progress=False, evaluate=False)
    return evaluate(run.student, run.data.validation, step=run.steps_done, split="validation").errors


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the settings and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, default=64)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args(arguments)
    for labels in LABELS:
        taught, alone = (
            [errors(labels, options.hidden, seed, taught=way) for seed in options.seeds] for way in (True, False)
        )
        found = kd.measure.paired([a - b for a, b in zip(taught, alone, strict=True)])
        print(f"{labels:,} labels: {taught} against {alone}; {in_errors(found)}, {found.verdict}", flush=True)


if __name__ == "__main__":
    main()
