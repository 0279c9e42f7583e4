"""The maps of relations: what is drawn of two matrices, the keyboard, the table."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Relations
from kdviz.widgets.traits import WrongTraitError

TEACHER, STUDENT = [1, 0.5, 0.0, 0.5, 1, 0.0, 0.0, 0.0, 1], [1, 0.5, 0.8, 0.5, 1, 0.0, 0.8, 0.0, 1]
SCORES = [
    {"role": "teacher", "name": "Teacher", "recall_1": 0.97, "recall_5": 1.0, "kept": None},
    {"role": "student", "name": "Hints", "recall_1": 0.5, "recall_5": 0.75, "kept": 0.25},
]


def relations(**traits):
    given = {
        "labels": [0, 0, 1],
        "classes": ["4", "9"],
        "teacher_similarity": TEACHER,
        "student_similarity": STUDENT,
        "teacher_distance": [0, 1, 2, 1, 0, 2, 2, 2, 0],
        "student_distance": [0, 1, 1, 1, 0, 2, 1, 2, 0],
        "scores": SCORES,
        "sentences": {"similarity": "They are alike.", "distance": "They are apart."},
    }
    return Relations(**(given | traits))


def test_the_maps_show_both_matrices_and_their_difference_and_are_read_by_keyboard(mount):
    page = mount(relations(), width=400)
    pixels = page.evaluate(
        "() => [...document.querySelectorAll('.kd-relations-canvas')].map((c) => ["
        "c.width, ...c.getContext('2d').getImageData(0, 0, 3, 1).data])"
    )
    teacher, student, difference = pixels
    assert teacher[0] == student[0] == difference[0] == 3
    assert teacher[1:9] == student[1:9], "the same numbers, the same shade"
    assert sum(student[9:12]) < sum(teacher[9:12]), "0.8 is darker than 0.0"
    assert max(difference[1:4]) - min(difference[1:4]) <= 2 and difference[1:4] == difference[5:8], "no colour for 0"
    assert difference[10] > difference[9] and difference[10] > difference[11], "green: more alike than for the teacher"
    handle = page.get_by_role("slider", name="Difference: read the map pair by pair")
    handle.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    wanted = "example 1 (4) and example 3 (9): teacher 0.00, student 0.80, difference 0.80."
    assert handle.get_attribute("aria-valuetext") == wanted
    expect(page.locator(".kd-relations-reading")).to_have_text(wanted)
    expect(page.locator(".kd-relations-cursor:visible")).to_have_count(3)
    rows = page.locator(".kd-relations-line[data-role]").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["Teacher", "97", "%", "100", "%", "–"],
        ["Hints", "50", "%", "75", "%", "25", "%"],
    ]
    page.get_by_role("radio", name="distance").check()
    expect(page.locator(".kd-sentence")).to_have_text("They are apart.")
    assert page.evaluate("() => [model.get('kind'), document.documentElement.scrollWidth <= 400]") == ["distance", True]


def test_before_the_first_step_it_says_what_will_be_here(mount):
    page = mount(Relations())
    expect(page.get_by_text("While the student learns: how alike it finds")).to_be_visible()
    expect(page.locator(".kd-relations-maps")).to_be_hidden()


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({"kind": "angle"}, "kind must be one of"),
        ({"teacher_similarity": [1.0]}, "must have 3 × 3 numbers, one a pair of examples, got 1"),
        ({"scores": [{"role": "student"}]}, r"scores\[0\] must be a dict with role, name"),
    ],
)
def test_what_does_not_fit_is_refused(traits, said):
    with pytest.raises(WrongTraitError, match=said):
        relations(**traits)
