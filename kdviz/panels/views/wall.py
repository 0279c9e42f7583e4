"""Wall: which bias of the class left out of training suits the validation examples best."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from ...data import Examples, Splits
from ...distill.schemes.omitted_class import best_shift, with_raised
from ...models import inference
from ...widgets import Scene
from ...widgets.wall import Wall
from ...words import t
from .controller import ViewController

STOPS_A_UNIT = 10  # of the bias slider


class WallController(ViewController):
    """Looks for the bias with the fewest errors on all validation examples, and moves the slider there.

    What the wall shows is the browser's; Python has nothing to do for it.

    Attributes
    ----------
    widget : kdviz.widgets.Wall
    """

    view = "wall"
    widget: Wall

    _validation: Examples | None = None

    def make_widget(self, scene: Scene) -> Wall:
        return Wall(scene=scene)

    def open(self, data: Splits) -> None:
        self._validation = data.validation
        self.widget.update(best={}, note="")

    def refresh(self) -> None:
        """Do nothing: the browser follows the scene by itself."""

    def make_across(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        run, step, omitted = self.scene.shown_run, self._models()[3], self.scene.bias_class
        if self._validation is None or omitted < 0:
            raise ValueError(t("no class is left out of training, so there is no bias to raise"))
        known = self._validation.y >= 0
        if not known.any():
            raise ValueError(t("none of the validation examples has a label: what is right is not known"))
        logits, y = inference.logits(student, self._validation)[known], self._validation.y[known]
        bias = best_shift(logits, y, omitted, stops(self.scene.bias_range))
        if "bias" not in self.scene.locked:
            self.scene.update(bias=bias)
        before, after = (counted(with_raised(logits, omitted, by), y, omitted) for by in (0.0, bias))
        return {"best": {"run": run, "step": step, "bias": bias, "before": before, "after": after}}


def stops(ends: list[float]) -> tuple[float, ...]:
    """Return the stops of the slider between its ends."""
    low, high = (round(end * STOPS_A_UNIT) for end in ends)
    return tuple(i / STOPS_A_UNIT for i in range(low, high + 1))


def counted(logits: Tensor, labels: Tensor, omitted: int) -> dict[str, int]:
    """Return how many are right, of the class left out and of all others, and how many there are."""
    right, own = logits.argmax(1) == labels, labels == omitted
    return {
        "own": int((right & own).sum()),
        "own_n": int(own.sum()),
        "others": int((right & ~own).sum()),
        "others_n": int((~own).sum()),
    }
