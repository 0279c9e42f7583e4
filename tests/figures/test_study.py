"""Figures of a study hold its numbers, and a title that claims no more than the intervals allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

import kdviz as kd
from kdviz.figures import palette
from kdviz.figures import study as figures
from kdviz.measure import paired


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(0, 3, (900,), generator=generator)
    centres = torch.tensor([[2.0, 0, 0, 1], [0, 2, 0, -1], [0, 0, 2, 0]])
    return kd.data.splits((centres[y] + torch.randn(900, 4, generator=generator), y), validation=0.2, test=0.2)


@pytest.fixture(scope="module")
def teacher(data):
    run = kd.Distillation(None, kd.models.mlp((32,), inputs=4, classes=3), data, kd.HardLabels(), learning_rate=1e-2)
    return run.train(progress=False).student.eval()


@pytest.fixture(scope="module")
def recipe():
    return kd.Recipe(
        data="yours", student={"name": "mlp", "hidden": [8], "inputs": 4, "classes": 3}, epochs=1, learning_rate=5e-3
    )


@pytest.fixture(scope="module")
def two_axes(recipe, data, teacher):
    study = kd.Study.grid(recipe, temperature=[1, 2, 4], alpha=[0.1, 0.9], seeds=3, teacher=teacher, data=data)
    return study.run(progress=False, n_jobs=1)


@pytest.fixture(scope="module")
def one_axis(recipe, data, teacher):
    study = kd.Study.grid(recipe, learning_rate=[1e-3, 1e-2], seeds=3, teacher=teacher, data=data)
    return study.run(progress=False, n_jobs=1)


@pytest.fixture(scope="module")
def by_name(recipe, data, teacher):
    arms = {"Hinton": recipe, "reverse KL <b>": replace(recipe, objective=kd.hinton(0.9, 1, term=kd.ReverseKL))}
    return kd.Study(arms, seeds=3, teacher=teacher, data=data).run(progress=False, n_jobs=1)


def test_the_figure_follows_the_arms(two_axes, one_axis, by_name):
    assert isinstance(figures.overview(two_axes).data[0], go.Heatmap)
    assert figures.overview(one_axis).data == figures.lines(one_axis).data
    assert figures.overview(by_name).data == figures.dots(by_name).data


@pytest.mark.parametrize("moment", ["last", "best"])
def test_a_cell_holds_mean_and_difference_of_its_arm(two_axes, moment):
    heat = figures.heat_map(two_axes, moment=moment).data[0]
    assert list(heat.x) == ["1", "2", "4"] and list(heat.y) == ["0.1", "0.9"]
    for row, alpha in enumerate((0.1, 0.9)):
        for column, temperature in enumerate((1, 2, 4)):
            arm = two_axes.compare(f"temperature {temperature}, alpha {alpha}", moment=moment)
            assert heat.z[row][column] == pytest.approx(arm.mean())
            text, d = heat.text[row][column], arm.difference()
            assert text.startswith(f"{arm.mean():,.0f}<br>")
            assert ("<b>" in text) == (d.verdict in ("fewer", "more"))
            assert all(f"{e:,}" in heat.hovertext[row][column] for e in arm.errors["student"].values())
    twin = np.mean(list(arm.errors["twin"].values()))
    assert heat.zmid == pytest.approx(twin) and heat.zmax - twin == pytest.approx(twin - heat.zmin)
    turned = figures.heat_map(two_axes, x="alpha", y="temperature", moment=moment).data[0]
    assert np.array(turned.z).T.tolist() == np.array(heat.z).tolist()


def test_lines_show_every_seed_the_interval_of_the_mean_and_the_twin_of_each_place(one_axis):
    figure = figures.lines(one_axis)
    traces = {trace.name: trace for trace in figure.data}
    arms = [one_axis.compare(arm.name) for arm in one_axis.arms]
    student, seeds, twin = (traces[n] for n in ("Student", "Student, each seed", "Twin, no teacher"))
    assert list(student.x) == ["0.001", "0.01"]
    for i, arm in enumerate(arms):
        of_mean = paired(list(arm.errors["student"].values()), step=1)
        assert student.y[i] == pytest.approx(of_mean.mean)
        assert student.y[i] + student.error_y.array[i] == pytest.approx(of_mean.high)
        assert twin.y[i] == pytest.approx(arm.mean("twin"))
    assert list(seeds.y) == [e for arm in arms for e in arm.errors["student"].values()]
    assert student.line.color == palette.STUDENT and twin.line.color == palette.TWIN
    teacher = figure.layout.shapes[0]
    assert teacher.y0 == arms[0].teacher_errors and teacher.line.dash == "dash"
    assert teacher.line.width > 0 and teacher.opacity == 1  # the template's shapes cannot be seen


def test_dots_have_a_row_for_each_arm_and_show_names_as_they_are(by_name):
    figure = figures.dots(by_name)
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["Student"].y) == ["Hinton", "reverse KL &lt;b&gt;"]
    assert list(figure.layout.yaxis.categoryarray)[::-1] == list(traces["Student"].y)
    assert list(traces["Student"].x) == pytest.approx([by_name.compare(a.name).mean() for a in by_name.arms])
    assert len(traces["Student, each seed"].x) == 6
    assert list(traces["Twin, no teacher"].x) == pytest.approx([by_name.compare("Hinton").mean("twin")] * 2)


def test_the_title_counts_what_lies_beyond_the_noise(two_axes, one_axis, by_name):
    for study in (two_axes, one_axis, by_name):
        table = study.table(full=True)
        fewer, more = (int((table.twin_verdict_last == word).sum()) for word in ("fewer", "more"))
        title = figures.overview(study).layout.title.text.replace("<br>", " ")
        assert f"Of {len(table)} arms, {fewer} with fewer test errors than the twin, {more} with more" in title
        assert f"{len(table) - fewer - more} within the noise" in title and "3 seeds" in title


def test_one_seed_is_shown_without_intervals_and_claims_nothing(recipe, data, teacher):
    study = kd.Study.grid(recipe, temperature=[1, 4], seeds=1, teacher=teacher, data=data)
    with pytest.raises(ValueError, match="no run of this study has finished yet"):
        figures.overview(study)
    figure = figures.overview(study.run(progress=False, n_jobs=1))
    assert figure.layout.title.text == "One seed: the noise between seeds is unknown"
    assert list({trace.name: trace for trace in figure.data}["Student"].error_y.array) == [0.0, 0.0]


def test_axes_that_do_not_fit_a_figure_are_answered_with_one_that_does(two_axes, one_axis, by_name):
    with pytest.raises(ValueError, match=r"got learning_rate; use lines\(study\)"):
        figures.heat_map(one_axis)
    with pytest.raises(ValueError, match=r"got temperature, alpha; use heat_map\(study\)"):
        figures.lines(two_axes)
    with pytest.raises(ValueError, match=r"lines need a grid over one axis, got none"):
        figures.lines(by_name)
    assert len(figures.dots(two_axes).layout.yaxis.categoryarray) == 6


def test_arms_without_a_twin_or_a_teacher_are_drawn_without(recipe, data, teacher):
    bare = replace(data, train=kd.data.Examples(data.train.x, torch.full_like(data.train.y, -1)))
    soft = replace(recipe, objective=1.0 * kd.SoftTargets(4))
    study = kd.Study.grid(soft, temperature=[1, 4], learning_rate=[1e-3, 1e-2], seeds=2, teacher=teacher, data=bare)
    figure = figures.overview(study.run(progress=False, n_jobs=1))
    assert figure.data[0].zmid is None and "<br>" not in figure.data[0].text[0][0]
    assert figure.layout.title.text == "No arm has a twin to be compared with yet"
    labels = replace(recipe, objective=1.0 * kd.HardLabels())
    alone = kd.Study({"labels": labels}, seeds=2, data=data).run(progress=False, n_jobs=1)
    assert not figures.overview(alone).layout.shapes
