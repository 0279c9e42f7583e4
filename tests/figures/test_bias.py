"""Figures of bias hold the rates and gaps they were given."""

from __future__ import annotations

import numpy as np
import pytest

from kdviz.figures import bias as of_bias
from kdviz.figures import palette
from kdviz.measure.bias import bias

TPR, DPD, EOD = "true_positive_rate", "demographic_parity_difference", "equalized_odds_difference"


def measured(sizes=(200, 400, 600), names=("a", "b", "c"), positive=1, models=("teacher", "twin", "student"), **more):
    random = np.random.RandomState(0)
    group = np.repeat(np.arange(len(sizes)), sizes)
    y = np.arange(len(group)) % 2
    said = {m: np.where(random.rand(len(y)) < 0.1 + 0.1 * group / len(sizes), 1 - y, y) for m in models}
    groups = {"site": np.array(names, dtype=object)[group], **more}
    return bias(said, y, groups, positive=positive, resamples=50)


def traces(figure, name):
    return [trace for trace in figure.data if trace.name == name and trace.mode == "markers"]


def lines(figure):
    return [trace for trace in figure.data if trace.mode == "lines"]


@pytest.mark.parametrize("rate", ["accuracy", "error_rate", "selection_rate", TPR, "false_positive_rate"])
def test_each_group_has_a_point_with_its_interval_and_each_model_its_overall_rate(rate):
    found = measured()
    figure = of_bias.by_group(found, "site", rate)
    for model, line in zip(found.models, lines(figure), strict=True):
        (points,) = traces(figure, model.capitalize())
        rates = [getattr(group, rate) for group in found.of(model, "site").groups]
        assert list(points.x) == [r.value for r in rates]
        assert np.asarray(points.x) + points.error_x.array == pytest.approx([r.high for r in rates])
        assert np.asarray(points.x) - points.error_x.arrayminus == pytest.approx([r.low for r in rates])
        whole = sum(r.value * r.n for r in rates) / sum(r.n for r in rates)
        assert list(line.x) == pytest.approx([whole, whole])
        told = points.customdata[0]
        assert all(text in told for text in ("a: ", f"{rates[0].value:.3f}", f"{rates[0].low:.3f}", f"{rates[0].n:,}"))
    assert of_bias.NAMES[rate] in figure.layout.xaxis.title.text


@pytest.mark.parametrize(("rate", "worst", "word"), [("accuracy", min, "lowest"), ("error_rate", max, "highest")])
def test_the_worst_group_of_each_model_is_marked(rate, worst, word):
    found = measured()
    figure = of_bias.by_group(found, "site", rate)
    marks = traces(figure, f"{word} of its model")
    assert [mark.x[0] for mark in marks] == [
        worst(getattr(group, rate).value for group in found.of(model, "site").groups) for model in found.models
    ]
    for mark, model in zip(marks, found.models, strict=True):
        (points,) = traces(figure, model.capitalize())
        assert (mark.x[0], mark.y[0]) in list(zip(points.x, points.y, strict=True))
    assert [bool(mark.showlegend) for mark in marks] == [True, False, False]


def test_a_handful_is_not_called_the_worst_and_equals_are_not_marked():
    y = np.arange(605) % 2
    wrong = np.arange(605) < 5
    some = {"student": np.where(wrong | (np.arange(605) % 10 == 6), 1 - y, y), "teacher": y}
    group = np.where(wrong, "few", np.where(np.arange(605) < 300, "more", "most"))
    found = bias(some, y, {"size": group}, resamples=10)
    figure = of_bias.by_group(found, "size", "accuracy")
    (mark,) = traces(figure, "lowest of its model")
    assert mark.x[0] == min(found.of("student", "size").group(name).accuracy.value for name in ("more", "most"))
    assert "few<br>n = 5, few" in figure.layout.yaxis.ticktext


def test_the_rate_drawn_by_default_is_where_the_last_models_groups_lie_furthest_apart():
    found = measured()
    assert of_bias.by_group(found, "site").layout.xaxis.title.text.startswith(
        of_bias.NAMES[found.of("student", "site").gaps[EOD].rate]
    )
    alone = measured(positive=None)
    assert of_bias.by_group(alone, "site").layout.title.text == "Accuracy by site"
    with pytest.raises(ValueError, match="rate must be one of accuracy, error_rate, got 'selection_rate'"):
        of_bias.by_group(alone, "site", "selection_rate")
    with pytest.raises(ValueError, match="grouping must be one of 'site', got 'sex'"):
        of_bias.by_group(alone, "sex")


def test_a_group_without_positives_has_no_point_of_their_rate():
    y = np.array([0, 1] * 50 + [0] * 50)
    found = bias({"student": y}, y, {"site": np.repeat(["a", "b"], [100, 50])}, resamples=10)
    (points,) = traces(of_bias.by_group(found, "site", TPR), "Student")
    assert list(points.x) == [1.0]


def test_of_many_groups_the_largest_are_drawn_in_their_order():
    found = measured(sizes=range(40, 80), names=range(40))
    figure = of_bias.by_group(found, "site", "accuracy")
    assert [text.split("<br>")[0] for text in figure.layout.yaxis.ticktext] == [str(k) for k in range(10, 40)]
    assert figure.layout.title.text == "Accuracy by site; showing 30 of 40 groups, the largest"


def test_gaps_have_intervals_and_the_mark_of_chance():
    found = measured(other=np.arange(1200) % 3)
    figure = of_bias.gaps(found)
    assert [figure.layout.xaxis.title.text, figure.layout.xaxis2.title.text] == [
        "demographic-parity difference",
        "equalized-odds difference",
    ]
    assert list(figure.layout.yaxis.ticktext) == ["site", "other", "site &amp;<br>other"]
    chance = traces(figure, "expected by chance: up to")
    for panel, measure in enumerate((DPD, EOD)):
        for row, model in enumerate(found.models):
            gaps = [found.of(model, grouping).gaps[measure] for grouping in found.groupings]
            points = traces(figure, model.capitalize())[panel]
            assert list(points.x) == [gap.value for gap in gaps]
            assert np.asarray(points.x) + points.error_x.array == pytest.approx([gap.high for gap in gaps])
            assert list(chance[3 * panel + row].x) == [gap.chance for gap in gaps]
            assert f"rests on {gaps[0].rests_on:,} examples" in points.customdata[0]
    (alone,) = {trace.yaxis for trace in of_bias.gaps(measured(positive=None)).data}
    assert alone in (None, "y")


def test_models_look_as_in_all_figures_and_strangers_differ_by_mark():
    figure = of_bias.by_group(measured(), "site")
    for model in ("teacher", "twin", "student"):
        (points,) = traces(figure, model.capitalize())
        assert (points.marker.color, points.marker.symbol) == palette.LOOKS[model][::2]
    others = of_bias.by_group(measured(models=("small", "large")), "site")
    assert len({traces(others, name)[0].marker.symbol for name in ("Small", "Large")}) == 2


def test_a_groups_name_is_no_markup():
    figure = of_bias.by_group(measured(names=("<b>x</b>", "<30", "R&D")), "site")
    ticks = [text.split("<br>")[0] for text in figure.layout.yaxis.ticktext]
    assert ticks == ["&lt;30", "&lt;b&gt;x&lt;/b&gt;", "R&amp;D"]
    (points,) = traces(figure, "Student")
    assert not any("<b>" in told for told in points.customdata)
