"""The figures of a report, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from .report import Report


def drawn(report: Report) -> dict[str, go.Figure]:
    """Return the figures by name, for a notebook or a page."""
    from ..figures import calibration as of_calibration
    from ..figures import fidelity as of_fidelity

    drawn: dict[str, go.Figure] = {}
    if report.sequences:
        from ..figures import sequences as of_sequences

        drawn["sequences"] = of_sequences.beside(report.sequences)
    if report.examples.labelled:
        drawn["classes"] = of_fidelity.by_class(report.fidelity, report.classes)
        drawn["calibration"] = of_calibration.reliability(report.calibration)
    if report.rescaled:
        drawn["calibration-fitted"] = of_calibration.reliability(
            report.rescaled, title="Reliability at the fitted temperature"
        )
    if report.bias is not None:
        from ..figures import bias as drawn_bias

        drawn["bias"] = drawn_bias.gaps(report.bias)
        drawn |= {f"bias-{name}": drawn_bias.by_group(report.bias, name) for name in report.bias.groupings}
    if report.maps is not None:
        from ..figures import saliency as of_saliency

        drawn["saliency"] = of_saliency.distribution(report.maps.similarity, report.maps.method)
        if report.maps.curves:
            drawn["saliency-curves"] = of_saliency.curves(report.maps.curves)
    if report.layers is not None:
        from ..figures import attention as of_attention
        from ..figures import similarity as of_similarity

        if report.layers.attention is not None:
            drawn["attention"] = of_attention.distances(report.layers.attention)
        if report.layers.heads is not None:
            drawn["attention-heads"] = of_attention.heads(report.layers.heads.matrices, report.layers.heads.tokens)
        if report.layers.correspondence is not None:
            drawn["attention-layers"] = of_similarity.correspondence(report.layers.correspondence)
    if report.held is not None:
        from ..figures import robustness as of_robustness

        kinds = dict.fromkeys(change.kind for change in report.held.right if change.level)
        drawn |= {f"robustness-{kind}": of_robustness.curves(report.held, kind) for kind in kinds}
    if report.privacy is not None:
        from ..figures import privacy as of_privacy

        drawn["privacy"] = of_privacy.roc(report.privacy.strongest)
    return drawn
