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

SETTINGS = {  # labels, epochs, rate
    "500 labels, 40 epochs": (500, 40, 0.01),
    "500 labels, 80 epochs": (500, 80, 0.01),
    "1,000 labels, 40 epochs": (1000, 40, 0.01),
    "2,000 labels, 20 epochs": (2000, 20, 0.01),
}
SEEDS = (90, 91, 92)


def errors(labels: int, epochs: int, rate: float, width: int, seed: int, *, taught: bool) -> int:
    """Return the validation errors of one run."""
    recipe = kd.Recipe(
        data="mnist", draw={"count": labels}, teacher="mnist-convnet", student={"name": "convnet", "width": width},
        objective=kd.hinton(0.9, 4.0) if taught else 1.0 * kd.HardLabels(),
        learning_rate=kd.schedules.Cosine(rate, 0.0), batch_size=64, epochs=epochs, seed=seed, student_seed=seed,
    )  # fmt: skip
    run = kd.Distillation.from_recipe(recipe)
    run.train(progress=False, evaluate=False)
    return evaluate(run.student, run.data.validation, step=run.steps_done, split="validation").errors


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the settings and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args(arguments)
    for name, setting in SETTINGS.items():
        taught, alone = (
            [errors(*setting, options.width, seed, taught=way) for seed in options.seeds] for way in (True, False)
        )
        found = kd.measure.paired([a - b for a, b in zip(taught, alone, strict=True)])
        print(f"{name}: {taught} against {alone}; {in_errors(found)}, {found.verdict}", flush=True)


if __name__ == "__main__":
    main()
