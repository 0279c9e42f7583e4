"""A few examples beside the choices: what the student will see of them, and no other."""

from __future__ import annotations

import numpy as np
import pytest

import kdviz as kd
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.samples import NO_SAMPLES, samples

from .labs import train


def shown(**chosen):
    choices = Choices(**{"labels": 300, **chosen})
    data = choices.splits()
    return samples(choices, data), data


def test_labelled_examples_as_they_are_need_no_picture():
    assert shown()[0] == NO_SAMPLES


def test_wrong_labels_are_shown_beside_what_the_digit_is():
    traits, data = shown(fault="noisy_labels", extra="munge")
    rows = traits["samples"]
    wrong = [row for row in rows if row["kind"] == "labelled" and row["really"]]
    assert len(wrong) == 2 and all(row["given"] != row["really"] for row in wrong)
    assert [row["kind"] for row in rows] == ["labelled"] * 5 + ["extra"] * 5
    pictures = np.frombuffer(traits["sample_images"], dtype=np.uint8).reshape(10, 28, 28)
    made_up = data.train.x[300:, 0].numpy()
    for picture in pictures[5:]:
        assert (made_up == picture).all((1, 2)).any(), "it is one of those that the student learns from"


@pytest.mark.parametrize(("chosen", "kinds", "seen"), [
    ({"keep_unlabelled": True}, {"labelled", "unlabelled"}, 1.0),
    ({"fault": "half_picture"}, {"labelled"}, 0.5),
    ({"fault": "rare_class", "labels": 1000}, {"labelled"}, 1.0),
])  # fmt: skip
def test_each_choice_shows_what_it_is_about(chosen, kinds, seen):
    traits, _ = shown(**chosen)
    assert {row["kind"] for row in traits["samples"]} == kinds and traits["sample_seen"] == seen
    if chosen.get("fault") == "rare_class":
        assert [row["given"] for row in traits["samples"]].count("9") == 2


def test_rows_of_a_table_are_told_in_words():
    traits, _ = shown(data="adult", teacher="adult-mlp", extra="munge")
    assert traits["sample_images"] == b"" and all("," in row["text"] for row in traits["samples"])


def test_the_page_trains_on_what_it_shows_and_keeps_it_in_its_link(lab):
    panel = lab(teacher="mnist-mlp-overfit", labels=100, extra="munge", fault="noisy_labels", epochs=1, batch_size=512)
    train(panel)
    assert "extra=munge" in panel.share.query and "fault=noisy_labels" in panel.share.query
    assert panel.run.data is panel._data_chosen() and panel.twin.data is panel.run.data
    assert "with_munged(data)" in panel.share.code and "noisy_labels(data)" in panel.share.code
    kinds = {row["kind"] for row in panel.setup.samples}
    assert kinds == {"labelled", "extra"}
    assert panel.run.data.train.labelled == 100 < len(panel.run.data.train)


def test_half_the_picture_is_hidden_from_student_and_twin_alone(lab):
    panel = lab(labels=100, fault="half_picture", epochs=1)
    train(panel)
    assert [type(run.student[0]).__name__ for run in (panel.run, panel.twin)] == ["LeftHalf"] * 2
    assert panel.run.data.train is kd.data.mnist().train or not panel.run.data.draw.get("fault")
    assert "seeing_half" in panel.share.code
