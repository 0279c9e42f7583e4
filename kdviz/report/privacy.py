"""The privacy part of a report: whether one can tell what the models were trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ..data import Examples, examples
from ..measure.privacy import AUCDifference, Membership, auc_difference, calibrated_score, loss_score, membership
from ..measure.privacy import frame as rows_of
from ..models import inference
from ..models.wrap import as_module

if TYPE_CHECKING:
    import pandas as pd

LOSS, CALIBRATED = "loss", "calibrated"


@dataclass(frozen=True)
class Privacy:
    """Membership inference on the models of a report.

    Attributes
    ----------
    found : dict of str to dict of str to Membership
        By attack ("loss", and "calibrated" with reference models), by model.
    beside_twin : dict of str to AUCDifference
        Student − twin by attack; empty without a twin.
    """

    found: Mapping[str, Mapping[str, Membership]]
    beside_twin: Mapping[str, AUCDifference]

    @property
    def strongest(self) -> Mapping[str, Membership]:
        """What the calibrated attack found, or where there is none the loss attack."""
        return self.found.get(CALIBRATED, self.found[LOSS])

    def sentences(self) -> list[str]:
        """Return the result in words."""
        attack = CALIBRATED if CALIBRATED in self.found else LOSS
        found = self.strongest
        lines = [found[who].sentence(who) for who in ("student", *(who for who in found if who != "student"))]
        return [*lines, *([self.beside_twin[attack].sentence()] if attack in self.beside_twin else [])]

    def frame(self) -> pd.DataFrame:
        """Return the numbers as rows of subject, measure, model, value, low, high."""
        import pandas as pd

        return pd.concat([rows_of(dict(one), attack) for attack, one in self.found.items()]).assign(subject="privacy")


def attacked(models: Mapping[str, nn.Module], members: Any, others: Examples, references: Sequence[Any]) -> Privacy:
    """Return what the attacks find of each model; examples without a label are left out."""
    known = [_labelled(part, what) for part, what in ((examples(members), "members"), (others, "compared examples"))]

    def scores(model: nn.Module) -> list[np.ndarray]:
        return [loss_score(inference.logits(model, part), part.y) for part in known]

    own = {who: scores(model) for who, model in models.items()}
    of = {LOSS: own}
    if references:
        easy = [scores(as_module(one, "reference")) for one in references]
        of[CALIBRATED] = {
            who: [calibrated_score(one[side], [each[side] for each in easy]) for side in (0, 1)]
            for who, one in own.items()
        }
    found = {attack: {who: membership(*one) for who, one in each.items()} for attack, each in of.items()}
    beside = {
        attack: auc_difference((each["student"][0], each["student"][1]), (each["twin"][0], each["twin"][1]))
        for attack, each in of.items()
        if "twin" in each
    }
    return Privacy(found, beside)


def _labelled(part: Examples, what: str) -> Examples:
    known = torch.nonzero(part.known).flatten()
    if not len(known):
        raise ValueError(f"the {what} must have labels: the attack goes by the loss, and without labels there is none")
    return part if len(known) == len(part) else part.take(known)
