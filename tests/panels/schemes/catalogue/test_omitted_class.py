"""A class left out: never seen, and known once its bias is raised."""

from __future__ import annotations

from kdviz.models import inference
from kdviz.panels.schemes.catalogue.omitted_class import SCHEME, SHIFTS


def test_the_class_is_not_in_the_transfer_set_and_its_errors_are_counted(course_of):
    course = course_of("omitted_class")
    test = course.setting.data.test
    for role in ("student", "twin"):
        assert set(course.lanes[role].stages[0].data.train.y.tolist()) == {0, 1, 2}
    bars, curves = SCHEME.draw(course)
    logits = inference.logits(course.own.answer, test)
    missed = [(logits.argmax(1) != 3)[test.y == 3]]
    assert bars["rows"][0]["value"] == 100 * float(missed[0].double().mean())
    of_it, of_others = curves["lines"]
    assert of_it["y"][0] == bars["rows"][0]["value"] and of_it["x"] == list(SHIFTS)
    logits[:, 3] += SHIFTS[-1]
    wrong = logits.argmax(1) != test.y
    assert of_others["y"][-1] == 100 * float(wrong[test.y != 3].double().mean())
    assert of_it["y"][-1] <= of_it["y"][0], "raising the bias takes no error on the class away from others"
