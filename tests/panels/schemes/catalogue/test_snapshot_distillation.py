"""Snapshots: the teacher of a cycle is the network at the end of the cycle before."""

from __future__ import annotations

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.snapshot_distillation import SCHEME


def test_a_cycle_is_taught_by_the_end_of_the_one_before(course_of):
    course = course_of("snapshot_distillation")
    first, second, _ = course.own.stages
    data = course.setting.data.validation
    before = inference.logits(first.at(first.steps_done), data)
    assert bool((inference.logits(second.teacher.module, data) == before).all())
    (drawn,) = SCHEME.draw(course)
    own, earlier = drawn["lines"]
    known = inference.logits(course.own.answer, data).argmax(1) != data.y
    assert own["y"][-1] == 100 * float(known.double().mean())
    assert earlier["x"][0] >= course.own.begun[1], "nobody teaches in the first cycle"
