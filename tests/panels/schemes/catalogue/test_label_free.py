"""Without labels: the student's run has none, the others have them."""

from __future__ import annotations

from kdviz.panels.schemes.catalogue.label_free import SCHEME


def test_the_student_has_no_label_and_the_pictures_say_what_it_has(course_of):
    course = course_of("label_free")
    assert course.own.stages[0].data.train.labelled == 0
    assert course.lanes["twin"].stages[0].data.train.labelled == len(course.setting.data.train)
    bars, images = SCHEME.draw(course)
    assert [row["note"] for row in bars["rows"]] == ["0 labels", "192 labels", "192 labels"]
    p = (course.setting.teacher.logits(course.setting.data.train)[0] / 4).softmax(0)
    assert images["captions"][0].startswith(f"{int(p.argmax())}: {float(p.max()):.0%}".replace("%", "\u202f%"))
    assert images["shape"] == [8, 8] and len(images["pixels"]) == len(images["captions"]) == 8
