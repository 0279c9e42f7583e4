"""Parts of the data that share rows."""

from __future__ import annotations

import numpy as np

from ...words import mark
from ..case import Case
from ..copies import row_keys
from ..findings import Finding, NotLookedAt, look

SHARED = 0.02  # of a part; fewer do not move its errors
NATURAL = 1.5  # times as common as copies within the training part: tables of few values hold such rows anyway


@look(mark("Rows shared between parts"))
def rows_shared(case: Case) -> Finding | None:
    held_out = [part for part in ("validation", "test") if part in case.parts and len(case.parts[part])]
    if "train" not in case.parts or not held_out:
        raise NotLookedAt("Only one part of the data was given, so rows shared between parts were not looked for.")
    learned = row_keys(case.parts["train"])
    unique, counts = np.unique(learned, return_counts=True)
    natural = float(counts[counts > 1].sum()) / len(learned)
    copies, evidence = [], {"copies within the training part": natural}
    for part in held_out:
        copied = np.isin(row_keys(case.parts[part]), unique)
        share = float(copied.mean())
        if share > SHARED + NATURAL * natural:
            copies.append(f"{int(copied.sum()):,} of {len(copied):,} {part} examples")
            evidence[f"{part} examples also in training"] = int(copied.sum())
    if not copies:
        return None
    sentence = (
        f"{' and '.join(copies)} are in the training part too, so errors on them say nothing about new examples; "
        "leave them out."
    )
    code = "data = kd.diagnosis.without_copies(data)"
    if case.run is not None:
        code = "better = kd.diagnosis.again(run, data=kd.diagnosis.without_copies(run.data))\nbetter.train()"
    return Finding("rows_shared", "fault", sentence, evidence, "certain", code)
