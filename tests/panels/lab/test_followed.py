"""Which example the Lab begins with: one on which students are seen to become like their teacher."""

from __future__ import annotations

import torch

import kdviz as kd
from kdviz.panels.lab import followed
from kdviz.panels.lab.choices import Choices, data_names
from kdviz.panels.views.probes import choose_watched


def test_the_lab_begins_with_an_example_that_is_followed_and_doubted():
    for name in data_names():
        choices, data = Choices.of({"data": name}), kd.data.load(name)
        seen = followed.examples_followed(name, choices.teacher)
        watched = choose_watched(kd.models.pretrained(choices.teacher), data, followed=seen)
        logits = watched.teacher_logits[watched.first]
        assert int(logits.argmax()) == int(watched.examples.y[watched.first]), "the teacher is right"
        image = watched.examples.x[watched.first]
        look = data.validation.take(slice(0, 1000)).x
        assert any(torch.equal(look[i], image) for i in seen), name
        second = watched.teacher_logits.softmax(1).topk(2).values[:, 1]
        assert int((second > second[watched.first]).sum()) < 24, "the teacher is in doubt"


def test_a_student_follows_where_its_first_two_choices_are_the_teachers():
    teacher = torch.tensor([[3.0, 2.0, 1.0]] * 3)
    student = torch.tensor([[9.0, 8.0, 0.0], [9.0, 0.0, 8.0], [0.0, 9.0, 8.0]])
    assert followed.follows(teacher, student).tolist() == [True, False, False]


def test_the_record_is_of_the_students_trained():
    found = followed.record("mnist", seeds=(0,), labels=300, units=8, epochs=1)
    assert found["teacher"] == "mnist-mlp-1200"
    assert found["seeds"] == [0]
    assert all(0 <= index < 1000 for index in found["examples"])
