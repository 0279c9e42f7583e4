"""Figures of a report: by name, and only what was measured."""

from kdviz.report.comparison import compare

from .toys import line, toy


def test_what_was_not_measured_has_no_figure():
    report = compare(line(), line(2, seed=1), toy(60))
    assert set(report.figures()) == {"classes", "calibration"}
    report.saliency("input_x_gradient", count=6, checks=0, progress=False)
    assert set(report.figures()) == {"classes", "calibration", "saliency"}
