"""Views of what Python measures of the two models: what such a view has in common, one's own included."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import nn
from traitlets import Dict, Float, Unicode

from kdviz.data import Examples
from kdviz.widgets.scene import InViews


class MeasuredView(InViews):
    """A view whose numbers Python computes while it is shown, following the example, the step and the run.

    A tab of your own needs no more than :meth:`measure`, which returns values of its traits::

        @kdviz.widgets.tab("entropy", "Entropy")
        class Entropy(kdviz.widgets.MeasuredView):
            _esm, _css = kdviz.widgets.bundle.view(__file__)
            bits = traitlets.List(traitlets.Float()).tag(sync=True)

            @classmethod
            def measure(cls, teacher, student, examples, selected):
                x = examples.inputs(slice(selected, selected + 1))
                return {"bits": [entropy(model(x)) for model in (teacher, student)]}

    Attributes
    ----------
    follows : tuple of str
        Traits of the scene whose change asks for new numbers, besides the step and the run shown.
    """

    follows: ClassVar[tuple[str, ...]] = ("selected",)

    made_for = Dict(help='What the numbers are of: {} or {"shown_run", "selected", "step"}.').tag(sync=True)
    note = Unicode("", help="A sentence in place of numbers.").tag(sync=True)
    progress = Float(None, allow_none=True, help="Share of the work over many examples; None when at rest.").tag(
        sync=True
    )

    @classmethod
    def measure(cls, teacher: nn.Module, student: nn.Module, examples: Examples, selected: int) -> dict[str, Any]:
        """Return values by trait name; called on a thread, never twice at a time.

        Parameters
        ----------
        teacher, student : nn.Module
            Copies, in evaluation mode.
        examples : Examples
            Those of the scene, N of them.
        selected : int
            Index of the example shown.

        Raises
        ------
        ValueError, TypeError
            In one sentence, which the view then shows in ``note``.
        """
        raise NotImplementedError

    @classmethod
    def offered(cls, teacher: nn.Module, student: nn.Module | None) -> bool:
        """Return whether there is something to show of two models; without it the tab is not there."""
        return True
