"""The bias view: groups and rates by choice, who is drawn, what is too few, what is stale."""

import copy
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from kdviz.widgets import Bias, Scene
from kdviz.widgets.recording import Frame
from kdviz.widgets.traits import WrongTraitError

DPD, EOD, GAP = "demographic_parity_difference", "equalized_odds_difference", "accuracy_difference"
WHO = ("teacher", "s", "t")


def rates(*values, n=100):
    """Return a rate of each group with an interval, 0.01 higher for each further model."""
    return {
        who: [[v + i / 100, v + i / 100 - 0.05, v + i / 100 + 0.05, n] for v in values] for i, who in enumerate(WHO)
    }


def grouping(name, groups, verdict="Larger than the teacher's", **more):
    base = [0.2 + 0.3 * i / len(groups) for i in range(len(groups))]
    gaps = {
        who: {"value": 0.3, "low": 0.2, "high": 0.4, "chance": 0.1 + 0.3 * (who == "t"), "rests_on": 50} for who in WHO
    }
    given = {
        "name": name,
        "groups": [{"name": group, "n": n} for group, n in groups.items()],
        "rates": {
            "selection_rate": rates(*base),
            "true_positive_rate": rates(*base, n=20),
            "false_positive_rate": rates(*base),
            "accuracy": rates(*[v + 0.3 for v in base]),
        },
        "gaps": dict.fromkeys((DPD, EOD, GAP), gaps),
        "said": {metric: {"verdict": verdict, "why": f"because of {metric}."} for metric in (DPD, EOD, GAP)},
        "notes": [],
    }
    return given | more


FOUND = {
    "n": 200,
    "positive": 1,
    "confidence": 0.95,
    "resamples": 200,
    "models": [{"id": "teacher", "step": None}, {"id": "s", "step": 40}, {"id": "t", "step": 20}],
    "accuracy": {who: [0.8, 0.75, 0.85] for who in WHO},
    "groupings": [
        grouping("sex", {"Female": 100, "Male": 100}),
        grouping("age", {"17 to 28": 100, "29 to 90": 100}, "Like the teacher's"),
    ],
    "notes": ["Numbers of age are cut into 2 bands of about equally many examples."],
}
RUNS = [
    {"id": "s", "role": "student", "name": "Student", "colour": 0, "hidden": False},
    {"id": "t", "role": "twin", "name": "Twin, no teacher", "colour": 0, "hidden": False},
]


def bias(found=None, **traits):
    scene = Scene(
        classes=["poor", "rich"],
        teacher_logits=np.eye(3, 2),
        labels=[0, 1, 0],
        captions=["x"] * 3,
        view="bias",
        runs=RUNS,
        total_steps=40,
    )
    scene.record("s", Frame.of(40, np.ones((3, 2))))
    scene.shown_run = "s"
    made = {"shown_run": "s", "selected": 0, "step": 40}
    return Bias(**({"scene": scene, "found": found or FOUND, "made_for": made} | traits))


def test_each_group_has_its_count_and_a_mark_for_each_model(mount):
    page = mount(bias())
    rows = page.locator(".kd-bias-row")
    assert [row.locator("text").all_text_contents() for row in rows.all()] == [
        ["Female", "n = 100"],
        ["Male", "n = 100"],
    ]
    for look, shape in (("teacher", "circle"), ("student", "rect"), ("twin", "circle")):
        assert rows.nth(0).locator(f".kd-run-{look} {shape}.kd-run-mark").count() == 1
    place = "(el) => el.getBoundingClientRect().x + el.getBoundingClientRect().width / 2"
    marks = [rows.nth(0).locator(f".kd-run-{look} .kd-run-mark").evaluate(place) for look in ("teacher", "student")]
    zero, tenth = (page.locator(".kd-bias-plot text", has_text=v).evaluate(place) for v in ("0.20", "0.30"))
    assert marks[1] - marks[0] == pytest.approx((tenth - zero) / 10, abs=0.3)  # 0.01 higher
    assert page.locator(".kd-bias-overall").count() == 3


def test_another_grouping_or_rate_is_there_at_once(mount):
    page = mount(bias())
    expect(page.locator(".kd-bias-verdict")).to_contain_text(f": because of {DPD}.")
    page.get_by_label("What is compared").select_option("true_positive_rate")
    expect(page.locator(".kd-bias-verdict")).to_contain_text(f": because of {EOD}.")
    expect(page.locator(".kd-bias-row").first).to_contain_text("20 positive: few")
    expect(page.get_by_text("Fewer than 30 positive examples, so that the rate says little")).to_be_visible()
    page.get_by_label("Groups by").select_option("age")
    expect(page.locator(".kd-bias-row").first).to_contain_text("17 to 28")
    verdict = page.locator(".kd-bias-verdict")
    expect(verdict.get_by_role("button", name="Like the teacher's", exact=True)).to_be_visible()
    expect(verdict).to_contain_text(f": because of {EOD}.")
    expect(page.get_by_text("Numbers of age are cut")).to_be_visible()
    assert page.evaluate("() => [model.get('grouping'), model.get('rate')]") == ["age", "true_positive_rate"]
    assert page.evaluate("() => model.log.some((e) => e.sent)") is False  # Python is not asked


def test_the_sentence_says_where_the_student_stands(mount):
    page = mount(bias())
    said = page.locator(".kd-bias-all > .kd-dark-sentence > .kd-sentence")
    expect(said).to_have_text(
        "Selection rate by sex, Student after step 40: lowest for Female (0.210), highest for Male (0.360), gap "
        "0.150; the teacher’s gap 0.150."
    )


def test_gaps_and_accuracies_stand_in_one_table(mount):
    page = mount(bias())
    table = page.get_by_role("table")
    student, twin = table.get_by_role("row").nth(2), table.get_by_role("row").nth(3)
    assert student.get_by_role("cell").all_inner_texts()[:2] == ["0.800\n0.750 to 0.850", "0.300\n0.200 to 0.400"]
    assert "may be chance" in twin.inner_text() and "may be chance" not in student.inner_text()
    page.get_by_role("button", name="Odds gap").focus()
    expect(page.get_by_text("Equalized odds difference:")).to_be_visible()


def test_a_group_is_read_by_pointer_and_by_keys(mount):
    page = mount(bias())
    page.locator(".kd-bias-row").nth(1).hover()
    reading = page.locator(".kd-bias-reading")
    expect(reading).to_contain_text("Male, n = 100: Teacher 0.350 (0.300 to 0.400); Student 0.360")
    page.mouse.move(0, 0)
    page.locator(".kd-bias-frame").focus()
    page.keyboard.press("ArrowDown")
    expect(reading).to_contain_text("Female, n = 100")
    page.keyboard.press("End")
    expect(reading).to_contain_text("Male, n = 100")
    page.keyboard.press("Escape")
    expect(reading).to_contain_text("Hover a group")


def test_a_run_that_is_hidden_or_removed_is_not_drawn_and_one_at_another_step_says_so(mount):
    page = mount(bias())
    legend = page.locator(".kd-bias-legend")
    assert legend.locator("span").all_inner_texts() == ["Teacher", "Student", "Twin, no teacher, after step 20"]
    page.evaluate("() => scene.set('runs', scene.get('runs').map((run) => ({ ...run, hidden: run.id === 't' })))")
    expect(legend.locator("span")).to_have_count(2)
    page.evaluate("() => scene.set('runs', scene.get('runs').filter((run) => run.id === 's'))")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(3)


def test_of_more_than_two_classes_accuracy_alone_is_compared(mount):
    found = copy.deepcopy(FOUND) | {"positive": None}
    for one in found["groupings"]:
        for part in ("rates", "gaps", "said"):
            one[part] = {key: value for key, value in one[part].items() if key.startswith("accuracy")}
    page = mount(bias(found))
    assert page.get_by_label("What is compared").locator("option").all_inner_texts() == ["Accuracy"]
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert heads[1:] == ["Accuracy", "Accuracy gap"]


def test_a_group_without_positive_examples_has_no_mark(mount):
    found = copy.deepcopy(FOUND)
    for who in WHO:
        found["groupings"][0]["rates"]["true_positive_rate"][who][1] = [None, None, None, 0]
    page = mount(bias(found, rate="true_positive_rate"))
    row = page.locator(".kd-bias-row").nth(1)
    expect(row).to_contain_text("0 positive")
    assert row.locator(".kd-run-mark").count() == 0
    expect(page.get_by_text("fewer than two groups have 30 examples")).to_be_visible()


def test_what_is_not_there_or_not_of_now_says_so(mount):
    page = mount(bias(note="The examples come in no groups."))
    expect(page.get_by_text("The examples come in no groups.")).to_be_visible()
    assert not page.locator(".kd-bias-plot").first.is_visible()
    page.evaluate("() => { model.set('note', ''); model.set('found', {}); }")
    expect(page.get_by_text("The groups are being compared …")).to_be_visible()
    page.evaluate("(found) => model.set('found', found)", FOUND)
    expect(page.locator(".kd-bias-plot").first).to_be_visible()
    assert page.locator(".kd-stale").count() == 0
    page.evaluate("() => model.set('made_for', { shown_run: 's', step: 20 })")
    expect(page.get_by_text("Computed after step 20; the page shows step 40.")).to_be_visible()
    page.evaluate("() => scene.set('shown_run', 't')")
    expect(page.get_by_text("The groups are being compared for this run …")).to_be_visible()
    assert page.locator(".kd-stale").count() == 1


def test_a_rate_that_is_none_is_refused():
    with pytest.raises(WrongTraitError, match=r"rate must be one of 'selection_rate', .*, got 'odd'"):
        Bias(rate="odd")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_small_screen_whatever_the_groups_are_called(mount, dark):
    groups = {
        f"Amer-Indian-Eskimo & {letter * 9} to {letter * 9}": 100 - 6 * i for i, letter in enumerate("abcdefghijklmno")
    }
    page = mount(bias(FOUND | {"groupings": [grouping("race & age", groups)]}), width=360, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator(".kd-bias-row")).to_have_count(12)
    expect(page.get_by_text("Showing 12 of 15 groups, the largest.")).to_be_visible()


def frontier():
    rows = [
        {
            "penalty": penalty, "title": penalty.replace("_", " "), "weight": weight, "accuracy": 0.85 - weight / 1000,
            "parity": 0.18 - weight / 120, "odds": 0.1 + weight / 100,
            "sd": {"accuracy": 0.002, "parity": 0.01, "odds": 0.02},
        }
        for penalty in ("demographic_parity", "equalized_odds") for weight in (0, 5, 20)
    ]  # fmt: skip
    teacher = {"name": "t", "accuracy": 0.853, "parity": 0.187, "odds": 0.099}
    return {"grouping": "sex", "rows": rows, "teacher": teacher, "says": "Recorded."}


def test_the_frontier_follows_the_gap_compared_and_a_proxy_is_told_of_its_grouping(mount):
    page = mount(bias({**FOUND, "proxies": {"sex": "No model is given sex."}}, frontier=frontier()))
    fold = page.locator(".kd-bias-frontier")
    fold.locator("summary").click()
    picture = fold.get_by_role("img")
    expect(picture).to_have_attribute("aria-label", re.compile(r"parity, weight 20: gap 0\.013, accuracy 0\.830"))
    expect(fold.locator("circle.kd-run-mark")).to_have_count(3 + 3)  # a weight each; the legend's, the teacher's twice
    expect(page.get_by_text("No model is given sex.")).to_be_visible()
    page.get_by_label("What is compared").select_option("true_positive_rate")
    expect(picture).to_have_attribute("aria-label", re.compile(r"parity, weight 20: gap 0\.300"))
    page.get_by_label("What is compared").select_option("accuracy")
    expect(fold).to_be_hidden()
    page.get_by_label("Groups by").select_option("age")
    expect(page.get_by_text("No model is given sex.")).to_be_hidden()
