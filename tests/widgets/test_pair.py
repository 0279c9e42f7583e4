"""The card of two models: what can be chosen, what the smaller one saves, which one is shown."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Pair, Scene
from kdviz.widgets.traits import WrongTraitError

MODELS = [
    {"name": "a", "title": "Large digits", "group": "digits"},
    {"name": "b", "title": "Small digits", "group": "digits"},
    {"name": "c", "title": "Census", "group": "census"},
]
SIZES = {
    "teacher": {"title": "Large digits", "parameters": 200_000, "macs": 4_000_000},
    "student": {"title": "Small digits", "parameters": 50_000, "macs": 8_000_000},
    "data": "Digits",
}


def pair(**traits):
    given = {"scene": Scene(), "models": MODELS, "teacher": "a", "student": "b", "sizes": SIZES}
    return Pair(**(given | traits))


def numbers(page):
    return page.locator(".kd-figure:visible").all_inner_texts()


def test_what_is_saved_and_what_costs_more(mount):
    page = mount(pair())
    told = dict(text.split("\n") for text in numbers(page))
    assert told == {
        "Parameters": "200 k → 50 k",
        "Multiply-adds": "4 M → 8 M",
        "Smaller": "4 times",
        "More expensive": "2 times",
    }


def test_sizes_have_two_digits_the_rest_on_hover_and_nothing_is_one_time_smaller(mount):
    teacher = {"title": "Large digits", "parameters": 205_066, "macs": 4_000_000}
    page = mount(pair(sizes={**SIZES, "teacher": teacher, "student": {**teacher, "parameters": 27_978}}))
    told = dict(text.split("\n") for text in numbers(page))
    assert told == {"Parameters": "205 k → 28 k", "Multiply-adds": "4 M → 4 M", "Smaller": "7.3 times"}
    assert page.locator("[data-number=parameters]").get_attribute("title") == "205,066 → 27,978"


def test_a_model_beside_itself_is_said_to_be_the_same(mount):
    page = mount(pair(student="a", sizes={**SIZES, "student": SIZES["teacher"]}, same=True))
    expect(page.get_by_text("This is the same model twice, so it agrees with itself")).to_contain_text("Choose another")
    assert [text.split("\n")[0] for text in numbers(page)] == ["Parameters", "Multiply-adds"]
    page.evaluate("() => { model.set('same', false); }")
    expect(page.get_by_text("This is the same model twice")).to_be_hidden()


def test_a_teacher_comes_with_the_student_that_it_taught(mount):
    models = [
        *MODELS,
        {**MODELS[0], "name": "d", "title": "Pupil", "of": "c", "group": "census"},
        {**MODELS[2], "name": "b2"},
    ]
    page = mount(pair(models=[models[4], *models[:4]]))
    page.get_by_label("Teacher", exact=True).select_option("c")
    assert page.evaluate("() => [model.get('teacher'), model.get('student')]") == ["c", "d"]
    page.get_by_label("Teacher", exact=True).select_option("d")
    assert page.evaluate("() => model.get('student')") != "d", "not the same model twice"


def test_multiply_adds_that_are_not_known_are_left_out(mount):
    unknown = {who: {**SIZES[who], "macs": None} for who in ("teacher", "student")}
    page = mount(pair(sizes=unknown))
    assert [text.split("\n")[0] for text in numbers(page)] == ["Parameters", "Smaller"]


def test_a_teacher_of_other_data_brings_a_student_of_its_own(mount):
    page = mount(pair())
    student = page.get_by_label("Student")
    assert student.locator("option").all_inner_texts() == ["Large digits", "Small digits"]
    page.get_by_label("Teacher", exact=True).select_option("c")
    assert page.evaluate("() => [model.get('teacher'), model.get('student')]") == ["c", "c"]
    expect(student.locator("option")).to_have_text(["Census"])
    page.get_by_label("Teacher", exact=True).select_option("a")
    assert page.evaluate("() => [model.get('teacher'), model.get('student')]") == ["a", "b"]


def test_given_models_are_named_and_cannot_be_chosen(mount):
    page = mount(pair(fixed=True))
    assert page.locator("select:visible").count() == 0
    expect(page.get_by_text("Large digits and Small digits")).to_be_visible()


def test_a_twin_can_be_shown_in_the_students_place(mount):
    runs = [{"id": who, "role": who, "name": who} for who in ("student", "twin")]
    page = mount(pair(scene=Scene(runs=runs, shown_run="student")))
    assert page.get_by_role("radio", name="Student").is_checked()
    page.get_by_role("radio", name="Twin").check(force=True)
    assert page.evaluate("() => scene.get('shown_run')") == "twin"
    page.evaluate("() => scene.set('runs', [])")
    expect(page.get_by_role("radiogroup", name="Beside the teacher")).to_be_hidden()


def test_work_under_way_is_seen_and_what_went_wrong_is_said(mount):
    page = mount(pair(progress=0.25, note="Asking both models."))
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0.25")
    expect(page.get_by_text("4 times")).to_be_hidden()  # those are the numbers of the pair before
    page.evaluate("() => { model.set('progress', null); model.set('note', 'The file is damaged.'); }")
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("The file is damaged.")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_small_screen(mount, dark):
    long = [{**MODELS[0], "title": "A very long title of a model " * 4}, *MODELS[1:]]
    page = mount(pair(models=long), width=360, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_model_without_a_group_is_refused():
    with pytest.raises(WrongTraitError, match=r"models\[0\] must be a dict with name, title, group"):
        Pair(models=[{"name": "a", "title": "A"}])
