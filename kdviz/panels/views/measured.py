"""The controller of a measured view that needs no more than its own ``measure``, such as one from outside."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn

from ...data import Examples
from ...widgets import Scene
from ...widgets.catalogue import Tab
from ...widgets.measured import MeasuredView
from .controller import ViewController


class MeasuredController(ViewController):
    """Has a view measured while it is shown.

    Attributes
    ----------
    widget : kdviz.widgets.MeasuredView
    """

    kind: ClassVar[type[MeasuredView]]
    widget: MeasuredView

    def make_widget(self, scene: Scene) -> MeasuredView:
        return self.kind(scene=scene)

    @property
    def offered(self) -> bool:
        """Whether the view has something to show of these models; where it cannot be asked, it is offered."""
        try:
            teacher, student, *_ = self._models()
            return bool(self.kind.offered(teacher, student))
        except Exception:
            return True

    def make(self, teacher: nn.Module, student: nn.Module, examples: Examples) -> dict[str, Any]:
        return self.kind.measure(teacher, student, examples, self.scene.selected)


def controller_of(tab: Tab) -> type[MeasuredController]:
    """Return the controller of a tab whose widget is a measured view."""
    traits = {"view": tab.name, "kind": tab.widget, "follows": tab.widget.follows}
    return type(f"{tab.widget.__name__}_controller", (MeasuredController,), traits)
