"""The pull of the terms: newest numbers, small plots, what the words mean."""

import pytest
from playwright.sync_api import expect

from kdviz.widgets import Gradients
from kdviz.widgets.traits import WrongTraitError

TERMS = [{"name": "hard", "title": "labels", "own": False}, {"name": "hint", "title": "hint", "own": True}]

ROWS = ("steps", "values", "norms", "cosines")


def gradients(**traits):
    given = {
        "terms": TERMS,
        "steps": [0, 10, 20],
        "values": [[2.3, 0.2], [1.2, 0.1], [0.6, 0.05]],
        "norms": [[0.4, 4.0], [0.4, 0.4], [0.5, 0.04]],
        "cosines": [[0.9], [0.0], [-0.25]],
        "total_steps": 40,
        "sentence": "Step 20: the hint term pulls 8 % as hard as the labels.",
    }
    return Gradients(**(given | traits))


def newest(page):
    return dict(
        page.locator(".kd-pull-value:visible").evaluate_all(
            "(all) => all.map((n) => [n.dataset.number, n.textContent])"
        )
    )


def points(page, plot, line):
    path = page.locator(".kd-pull").nth(plot).locator(f"path.kd-pull-{line}:visible").get_attribute("d")
    return [tuple(float(number) for number in point.split()) for point in path[1:].split("L")]


def test_the_newest_numbers_stand_by_their_names(mount):
    page = mount(gradients())
    assert newest(page) == {
        "values: labels": "0.6000",
        "values: hint": "0.0500",
        "norms: labels": "0.5000",
        "norms: hint": "0.0400",
        "cosines: labels and hint": "−0.25",
    }
    page.evaluate(
        "() => { model.set('steps', [0, 10]); model.set('values', [[2.3, 0.2], [1, 3]]);"
        " model.set('norms', [[1, 2], [5, 6]]); model.set('cosines', [[1], [null]]); }"
    )
    expect(page.locator("[data-number='values: hint']")).to_have_text("3.000")
    expect(page.locator("[data-number='cosines: labels and hint']")).to_have_text("–")


def test_a_line_goes_where_the_numbers_are(mount):
    page = mount(gradients())
    left, halfway, right = points(page, 2, "both")
    assert halfway[0] - left[0] == pytest.approx(right[0] - halfway[0], abs=0.2)
    assert left[1] < halfway[1] < right[1], "a cosine of 0.9 stands above 0, and 0 above −0.25"
    falls = points(page, 1, "own")
    assert falls[1][1] - falls[0][1] == pytest.approx(falls[2][1] - falls[1][1], abs=0.3), "tenfold is tenfold"
    assert len(points(page, 0, "other")) == 3


def test_a_value_below_zero_has_a_linear_axis(mount):
    page = mount(gradients(values=[[2.0, -1.0], [2.0, 0.5], [2.0, 2.0]]))
    low, halfway, high = points(page, 0, "own")
    assert low[1] - halfway[1] == pytest.approx(halfway[1] - high[1], abs=0.3)


def test_before_the_first_step_it_says_what_will_come(mount):
    page = mount(gradients(steps=[], values=[], norms=[], cosines=[], sentence=""))
    expect(page.get_by_text("While the student learns: the value of each term")).to_be_visible()
    expect(page.locator(".kd-pull").first).to_be_hidden()


def test_one_term_has_no_cosine(mount):
    page = mount(gradients(terms=TERMS[:1], values=[[1.0]] * 3, norms=[[1.0]] * 3, cosines=[[]] * 3))
    assert page.locator(".kd-pull:visible").count() == 2


def test_three_terms_have_three_cosines(mount):
    third = {"name": "gram", "title": "gram", "own": False}
    three = {"values": [[1.0, 2.0, 3.0]] * 3, "norms": [[1.0, 2.0, 3.0]] * 3, "cosines": [[0.1, 0.2, 0.3]] * 3}
    page = mount(gradients(terms=[*TERMS, third], **three))
    assert {k: v for k, v in newest(page).items() if k.startswith("cosines")} == {
        "cosines: labels and hint": "0.10",
        "cosines: labels and gram": "0.20",
        "cosines: hint and gram": "0.30",
    }


def test_every_word_is_defined(mount):
    page = mount(gradients())
    for word, meaning in {
        "Value": "before its weight",
        "Gradient norm": "how hard",
        "Cosine": "at right angles",
    }.items():
        page.get_by_role("button", name=word, exact=True).hover()
        expect(page.get_by_role("tooltip").filter(has_text=meaning)).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits(mount, width):
    page = mount(gradients(terms=[TERMS[0], {**TERMS[1], "title": "relational distance of features"}]), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("traits", "said"),
    [
        ({"values": [[1.0, 2.0]]}, "values must have a row for each of 3 steps, got 1"),
        ({"norms": [[1.0]] * 3}, r"a row of norms must have 2 numbers for 2 terms, got \[1.0\]"),
        ({"cosines": [[1.0, 1.0]] * 3}, "a row of cosines must have 1 numbers for 2 terms"),
        (
            {"terms": [{"name": "hard"}], "norms": [], "steps": [], "values": [], "cosines": []},
            r"terms\[0\] must be a dict with name, title, own",
        ),
    ],
)
def test_what_does_not_fit_is_refused(traits, said):
    with pytest.raises(WrongTraitError, match=said):
        gradients(**traits)
