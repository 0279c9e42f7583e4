"""What a fairness term buys and costs: ``python benchmarks/fairness.py``.

Adult, by sex: a student of 16 units learns from the shipped teacher, 600 steps at batch 256, with penalties of several
weights; accuracy and fairlearn's differences on the test part, mean ± s.d. over five seeds.

With ``--record`` the same numbers are written to ``kdviz/panels/views/frontier.json``, which the Bias view draws.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

import kdviz as kd
from kdviz.distill.variants import PENALTIES
from kdviz.models import inference
from kdviz.panels.views.frontier import FILE

STEPS, SEEDS, UNITS = 600, 5, 16
TEACHER, GROUP = "adult-mlp", "sex"
WEIGHTS = {"demographic_parity": (0, 2, 5, 10, 20), "equalized_odds": (0, 5, 20, 50)}
MEASURES = ("accuracy", "parity", "odds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write the numbers for the Bias view")
    arguments = parser.parse_args()
    data, teacher = kd.data.adult(), kd.models.pretrained(TEACHER)
    y, groups = data.test.y.numpy(), data.test.groups[GROUP]

    def measured(model) -> tuple[float, ...]:
        said = inference.logits(model, data.test).argmax(1).numpy()
        gaps = (demographic_parity_difference, equalized_odds_difference)
        return (float((said == y).mean()), *(float(f(y, said, sensitive_features=groups)) for f in gaps))

    print(f"{'penalty':<20}{'weight':>7}{'accuracy':>16}{'parity diff.':>16}{'odds diff.':>16}")
    alone = measured(teacher)
    print(f"{'teacher':<27}" + "".join(f"{value:>16.3f}" for value in alone))
    rows: list[dict[str, Any]] = []
    for name, weights in WEIGHTS.items():
        for weight in weights:
            found = np.array(
                [measured(taught(teacher, data, weight * PENALTIES[name].term(GROUP), seed)) for seed in range(SEEDS)]
            )
            mean, spread = found.mean(0), found.std(0, ddof=1)
            told = "".join(f"{m:>10.3f} ±{s:.3f}" for m, s in zip(mean, spread, strict=True))
            print(f"{name:<20}{weight:>7}{told}", flush=True)
            rows.append({"penalty": name, "weight": weight, **_rounded(mean), "sd": _rounded(spread)})
    if arguments.record:
        about = {"data": data.name, "group": GROUP, "steps": STEPS, "seeds": SEEDS, "units": UNITS}
        record = {"command": "python benchmarks/fairness.py --record", "version": kd.__version__, **about}
        record |= {"teacher": {"name": TEACHER, **_rounded(alone)}, "rows": rows}
        FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _rounded(values) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(MEASURES, values, strict=True)}


def taught(teacher, data, penalty, seed: int):
    """Return a student that learned with a penalty."""
    student = kd.models.mlp((UNITS,), inputs=data.shape[0], classes=2, seed=seed)
    objective = 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels() + penalty
    run = kd.Distillation(teacher, student, data, objective, batch_size=256, learning_rate=3e-3, seed=seed)
    for _ in range(STEPS):
        run.step()
    return run.student


if __name__ == "__main__":
    main()
