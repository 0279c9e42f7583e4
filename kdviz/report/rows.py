"""Numbers of a report as rows of its tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..measure.calibration import Calibration
from ..measure.wilson import wilson

if TYPE_CHECKING:
    import pandas as pd

    from ..measure.robustness import Robustness

BARE = ("classwise_ece", "ece_if_calibrated", "mce_if_calibrated", "classwise_ece_if_calibrated")


def of_calibration(c: Calibration) -> pd.DataFrame:
    """Return a calibration as rows of measure, group (the bin), value, low, high."""
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for name in ("ece", "mce", "brier", "nll", "overconfidence"):
        rows.append((name, None, getattr(c, name), *getattr(c, f"{name}_interval")))
    rows.append(("accuracy", None, c.accuracy, *wilson(round(c.accuracy * c.n), c.n, c.confidence)))
    rows += [(name, None, getattr(c, name), None, None) for name in BARE]
    rows += [
        (f"brier_{name}", None, getattr(c.brier_parts, name), None, None)
        for name in ("reliability", "resolution", "uncertainty", "within")
    ]
    for b in c.bins:
        if b.count:
            group = f"confidence {b.low:.3f} to {b.high:.3f}"
            rows.append(("count", group, b.count, None, None))
            rows.append(("confidence", group, b.confidence, None, None))
            rows.append(("accuracy", group, b.accuracy, *b.accuracy_interval))
    return pd.DataFrame(rows, columns=["measure", "group", "value", "low", "high"]).astype(
        {"value": "float64", "low": "float64", "high": "float64"}
    )


def of_robustness(held: Robustness) -> pd.DataFrame:
    """Return what changed pictures do as rows of measure, model, group (kind, level, and what it was made on)."""
    table = held.frame()
    on = (f", made on the {source}" if source else "" for source in table["made_on"])
    named = [f"{kind} {level:g}{more}" for kind, level, more in zip(table["kind"], table["level"], on, strict=True)]
    rows = table.assign(group=named, measure="accuracy", subject="robustness", value=table["accuracy"])
    return rows[["subject", "measure", "model", "group", "value", "low", "high"]]
