import numpy as np
import pytest

from kdviz import widgets
from kdviz.widgets import LearningCurves, Setup, SoftTargets, Transport
from kdviz.widgets.soft_targets import PARTS
from kdviz.widgets.traits import WrongTraitError

ALL = [w for w in map(widgets.__dict__.get, widgets.__all__) if hasattr(w, "_esm")]
TEACHERS = [{"name": "a", "title": "A", "parameters": 10, "macs": 10, "errors": 1, "examples": 100}]


def probes(**traits):
    given = {
        "classes": ["cat", "dog", "owl"],
        "teacher_logits": np.zeros((2, 3)),
        "images": np.zeros((2, 4, 5), np.uint8),
        "image_shape": [4, 5],
        "labels": [0, -1],
    }
    return SoftTargets(**(given | traits))


@pytest.mark.parametrize("widget", ALL)
def test_arguments_are_keyword_only_and_every_trait_says_what_it_is(widget):
    with pytest.raises(TypeError):
        widget("one")
    assert all(help_text.endswith(".") for help_text in widget.own_traits().values())


@pytest.mark.parametrize("widget", ALL)
def test_an_unknown_trait_is_refused_with_the_names_there_are(widget):
    first = sorted(widget.own_traits())[0]
    with pytest.raises(TypeError, match=f"{widget.__name__} has no trait 'temprature', expected one of: {first}"):
        widget(temprature=3)
    with pytest.raises(TypeError, match="has no trait 'temprature'"):
        widget().update(temprature=3)


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"temperature": 0}, "temperature must be a finite number > 0, got 0.0"),
        ({"temperature": -1.0}, "temperature must be a finite number > 0, got -1.0"),
        ({"temperature": float("inf")}, "temperature must be a finite number > 0, got inf"),
        ({"temperature": float("nan")}, "temperature must be a finite number > 0, got nan"),
        ({"alpha": 1.5}, r"alpha must lie in \[0, 1\] .*, got 1.5"),
        ({"alpha": float("nan")}, r"alpha must lie in \[0, 1\] .*, got nan"),
        ({"temperature_range": [4, 1]}, "temperature_range must be two finite numbers > 0, the smaller first"),
        ({"scale": "cubic"}, "scale must be one of 'linear', 'log', 'logits', got 'cubic'"),
        ({"shown": ["bars", "pie"]}, "shown must be one of 'temperature', .*, got 'pie'"),
        ({"locked": ["beta"]}, "locked must be one of 'temperature', 'alpha', got 'beta'"),
        ({"in_force": {"temperature": 4}}, "in_force must be empty or hold temperature and alpha"),
        (
            {"teacher_logits": b"abcde", "labels": [], "images": b""},
            r"N rows of 3 float32 numbers \(12 bytes each\), got 5 bytes",
        ),
        (
            {"classes": [], "labels": [], "images": b""},
            r"teacher_logits need classes, got none: set classes first or both with update\(\)",
        ),
        ({"student_logits": np.zeros((1, 3))}, r"as long as teacher_logits \(24 bytes\) or empty, got 12 bytes"),
        ({"images": b"1234"}, "images must hold 2 × 4 × 5 = 40 bytes, got 4"),
        ({"image_shape": [4]}, r"image_shape must be \[height, width\] in pixels, got \[4\]"),
        ({"labels": [0]}, "labels must have one entry for each of 2 probes, got 1"),
        ({"labels": [0, 3]}, r"labels must be in \[-1, 2\], got \[0, 3\]"),
        ({"captions": ["a", "b", "c"]}, "captions must have one entry for each of 2 probes, got 3"),
        ({"selected": 2}, r"selected must be in \[0, 1\], got 2"),
        ({"teacher_logits": "text"}, "teacher_logits must be bytes or an array of float32, got 'text'"),
    ],
)
def test_soft_targets_refuses_what_does_not_fit(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        probes(**traits)


def test_a_wrong_trait_is_a_value_error():
    assert issubclass(WrongTraitError, ValueError)


def test_arrays_become_little_endian_float32_and_uint8():
    widget = probes(
        teacher_logits=np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dtype=">f8"), images=memoryview(bytes(40))
    )
    assert np.frombuffer(widget.teacher_logits, "<f4").tolist() == [1, 2, 3, 4, 5, 6]
    assert widget.images == bytes(40)
    assert widget.probe_count == 2


def test_probes_of_another_data_set_come_in_one_update():
    widget = probes(student_logits=np.ones((2, 3)))
    widget.update(
        classes=["no", "yes"],
        teacher_logits=np.zeros((3, 2)),
        student_logits=b"",
        images=b"",
        image_shape=[0, 0],
        captions=["a", "b", "c"],
        labels=[0, 1, 1],
        selected=2,
    )
    assert widget.probe_count == 3


def test_an_update_that_does_not_fit_changes_nothing():
    widget = probes()
    with pytest.raises(WrongTraitError):
        widget.update(temperature=2.0, teacher_logits=b"abc")
    assert widget.temperature == 4.0
    assert len(widget.teacher_logits) == 24


def test_all_parts_are_shown_by_default():
    assert SoftTargets().shown == list(PARTS)


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"series": [{"role": "student", "name": "S", "steps": [1]}]}, r"series\[0\] must be a dict with .*'values'"),
        (
            {"series": [{"role": "rival", "name": "S", "steps": [], "values": []}]},
            r"series\[0\]\['role'\] must be one of 'student', 'twin', got 'rival'",
        ),
        (
            {"series": [{"role": "twin", "name": "S", "steps": [0, 1], "values": [9.0]}]},
            "as many steps as values, got 2 and 1",
        ),
        ({"teacher": 120.0}, r"teacher must be in \[0, 100\], got 120.0"),
        ({"edits": [{"step": 3}]}, r"edits\[0\] must be a dict with step, text"),
        ({"total_steps": -1}, "total_steps must be >= 0, got -1"),
        ({"measure": "loss"}, "measure must be one of 'error', 'accuracy', got 'loss'"),
    ],
)
def test_learning_curves_refuse_what_does_not_fit(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        LearningCurves(**traits)


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"state": "asleep"}, "state must be one of 'empty', .*, got 'asleep'"),
        ({"step": -1}, "step must be finite and >= 0, got -1"),
        ({"seconds_left": float("inf")}, "seconds_left must be finite and >= 0, got inf"),
    ],
)
def test_transport_refuses_what_does_not_fit(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        Transport(**traits)


@pytest.mark.parametrize(
    ("traits", "sentence"),
    [
        ({"datasets": [{"name": "m", "title": "M"}]}, r"datasets\[0\] must be a dict with name, title, available"),
        ({"teachers": TEACHERS, "teacher": "b"}, "teacher must be one of 'a', got 'b'"),
        (
            {"students": [{"units": 8, "parameters": 1, "macs": 1}] * 2, "units": 8},
            r"students must rise in units, got \[8, 8\]",
        ),
        ({"students": [{"units": 8, "parameters": 1, "macs": 1}], "units": 9}, "units must be one of 8, got 9"),
        ({"label_choices": [100, 200], "labels": 150}, "labels must be one of 100, 200, got 150"),
        ({"epochs": 0}, "epochs must be >= 1, got 0"),
        ({"epochs_range": [5, 5]}, "epochs_range must be two finite numbers > 0, the smaller first"),
        ({"learning_rate": 0.0}, "learning_rate must be finite and > 0, got 0.0"),
        ({"unlocked": ["mood"]}, "unlocked must be one of 'dataset', .*, got 'mood'"),
    ],
)
def test_setup_refuses_what_does_not_fit(traits, sentence):
    with pytest.raises(WrongTraitError, match=sentence):
        Setup(**traits)
