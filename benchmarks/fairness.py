"""What a fairness term buys and costs: ``python benchmarks/fairness.py``.

Adult, by sex: a student of 16 units learns from the shipped teacher, 600 steps at batch 256, with penalties of several
weights; accuracy and fairlearn's differences on the test part, mean ± s.d. over five seeds.
"""

from __future__ import annotations

import numpy as np
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

import kdviz as kd
from kdviz.models import inference

STEPS, SEEDS = 600, 5
WEIGHTS = {kd.DemographicParity: (0, 2, 5, 10, 20), kd.EqualizedOdds: (5, 20, 50)}


def main() -> None:
    data, teacher = kd.data.adult(), kd.models.pretrained("adult-mlp")
    y, sex = data.test.y.numpy(), data.test.groups["sex"]

    def measured(model) -> tuple[float, float, float]:
        said = inference.logits(model, data.test).argmax(1).numpy()
        gaps = (f(y, said, sensitive_features=sex) for f in (demographic_parity_difference, equalized_odds_difference))
        return (100 * float((said == y).mean()), *gaps)

    print(f"{'penalty':<18}{'weight':>7}{'accuracy, %':>16}{'parity diff.':>16}{'odds diff.':>16}")
    print(f"{'teacher':<25}" + "".join(f"{value:>16.3f}" for value in measured(teacher)))
    for term, weights in WEIGHTS.items():
        for weight in weights:
            rows = np.array([measured(taught(teacher, data, weight * term("sex"), seed)) for seed in range(SEEDS)])
            told = "".join(f"{m:>10.3f} ±{s:.3f}" for m, s in zip(rows.mean(0), rows.std(0, ddof=1), strict=True))
            print(f"{term.__name__:<18}{weight:>7}{told}", flush=True)


def taught(teacher, data, penalty, seed: int):
    """Return a student that learned with a penalty."""
    student = kd.models.mlp((16,), inputs=data.shape[0], classes=2, seed=seed)
    objective = 0.9 * kd.SoftTargets(4) + 0.1 * kd.HardLabels() + penalty
    run = kd.Distillation(teacher, student, data, objective, batch_size=256, learning_rate=3e-3, seed=seed)
    for _ in range(STEPS):
        run.step()
    return run.student


if __name__ == "__main__":
    main()
