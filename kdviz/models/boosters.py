"""Native boosters of XGBoost and LightGBM, without their scikit-learn interface."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kdviz.models.estimator import Estimator
from kdviz.models.foreign import numbers
from kdviz.models.probabilities import log_probabilities, named_classes


class XGBooster(Estimator):
    """An ``xgboost.Booster`` as a module: the sums of its trees, before the softmax, are the logits.

    Raises
    ------
    TypeError
        If its objective is not classification.
    """

    advice = "train it with binary:logistic"

    def _check(self) -> None:
        learner = json.loads(self.estimator.save_config())["learner"]
        self.objective = str(learner["objective"]["name"])
        self.count = max(2, int(learner["learner_model_param"]["num_class"]))
        if not self.objective.startswith(("binary:", "multi:", "reg:logistic")):
            raise TypeError(
                f"expected a classifier, got a booster with the objective {self.objective}, which predicts numbers; "
                "train it with multi:softprob or binary:logistic"
            )

    def _own(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(map(str, range(self.count))), tuple(self.estimator.feature_names or ())

    @property
    def tells(self) -> bool:
        """Whether it predicts more than a class: a hinge returns only the side."""
        return self.objective != "binary:hinge"

    def _logits(self, table: Any) -> Tensor:
        import xgboost

        matrix = xgboost.DMatrix(np.asarray(table), feature_names=self.estimator.feature_names)
        if not self.tells:
            return named_classes(numbers(self.estimator.predict(matrix)).long(), 2)
        margin = numbers(self.estimator.predict(matrix, output_margin=True)).double()
        return torch.stack((torch.zeros_like(margin), margin), 1) if margin.ndim == 1 else margin

    def _framed(self, flat: np.ndarray) -> Any:
        return flat

    def feature_count(self) -> int | None:
        """Return the number of columns it was trained on."""
        return int(self.estimator.num_features())


class LightGBMBooster(Estimator):
    """A ``lightgbm.Booster`` as a module: its log-probabilities are the logits.

    Raises
    ------
    TypeError
        If its objective is not classification.
    """

    def _check(self) -> None:
        objective = str(self.estimator.dump_model(num_iteration=1).get("objective", "none"))
        self.count = max(2, int(self.estimator.num_model_per_iteration()))
        if objective.split()[0] not in ("binary", "multiclass", "multiclassova", "cross_entropy"):
            raise TypeError(
                f"expected a classifier, got a booster with the objective {objective.split()[0]}, which predicts "
                "numbers; train it with multiclass or binary"
            )

    def _own(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        features = tuple(self.estimator.feature_name())
        made_up = features == tuple(f"Column_{k}" for k in range(len(features)))
        return tuple(map(str, range(self.count))), () if made_up else features

    @property
    def tells(self) -> bool:
        """It always gives probabilities."""
        return True

    def _logits(self, table: Any) -> Tensor:
        return log_probabilities(numbers(self.estimator.predict(table)).double(), self.floor)

    def _framed(self, flat: np.ndarray) -> Any:
        return flat

    def feature_count(self) -> int | None:
        """Return the number of columns it was trained on."""
        return int(self.estimator.num_feature())
