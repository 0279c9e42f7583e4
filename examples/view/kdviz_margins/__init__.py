"""Margins: how far the first choice lies ahead of the second, of teacher and student."""

from __future__ import annotations

from kdviz.widgets import InViews, bundle, tab


@tab("margins", "Margins", group="trust")
class Margins(InViews):
    """Histograms of p(first) − p(second) over the scene's sample, at its T, step and run; computed in the browser."""

    _esm, _css = bundle.view(__file__)
