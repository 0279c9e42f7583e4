"""A few runs beside their twins: means, words and dots of errors that are given."""

import pytest
import torch

import kdviz as kd
from kdviz.lessons.beside_twin import BesideTwin, trained_errors

FOUND = BesideTwin(
    {"labels alone": [400, 420, 410], "taught": [300, 330, 310], "stirred": [390, 440, 400]}, "labels alone"
)


def test_each_way_is_held_against_the_twin_seed_by_seed():
    assert FOUND.ways == ["taught", "stirred"] and FOUND.seeds == 3
    assert FOUND.difference("taught").differences == (-100, -90, -100)
    assert FOUND.difference("taught", "stirred").differences == (-90, -110, -90)
    assert FOUND.verdicts("fewer") == ["taught"] and FOUND.verdicts("within the noise") == ["stirred"]


def test_words_and_table_say_the_same():
    assert FOUND.sentence("taught").startswith("taught: 97 fewer test errors than labels alone")
    assert FOUND.sentences().count("\n- ") == 1
    table = FOUND.table()
    assert list(table.index) == list(FOUND.errors)
    assert table.loc["taught", "which"] == "a clear gain" and table.loc["labels alone", "which"] == ""


def test_every_seed_is_drawn():
    rings = [trace.x for trace in FOUND.figure().data if trace.marker.symbol == "circle-open"]
    assert [list(x) for x in rings] == list(FOUND.errors.values())


def test_numbers_that_cannot_be_paired_are_refused():
    with pytest.raises(ValueError, match="one number for each seed"):
        BesideTwin({"a": [1, 2], "b": [1]}, "a")
    with pytest.raises(ValueError, match="twin must be one of a, got 'b'"):
        BesideTwin({"a": [1]}, "b")


def test_a_run_of_a_lesson_that_has_ended_keeps_little_and_can_go_on():
    X = torch.linspace(-1, 1, 200)[:, None]
    student, data = kd.models.mlp((4,), inputs=1, classes=2), (X, (X[:, 0] > 0).long())
    run = kd.Distillation(None, student, data, kd.HardLabels(), epochs=4, batch_size=8, snapshot_every=5)
    errors = trained_errors(run)
    assert [one.step for one in run.snapshots] == [0, run.total_steps]
    assert all(parameter.grad is None for parameter in run.student.parameters())
    before = run.steps_done
    run.train(epochs=1, progress=False, evaluate=False)
    assert run.steps_done > before and errors >= 0
