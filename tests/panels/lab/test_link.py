"""Links: what they hold comes back to the last bit, and what they cannot hold is told in one sentence."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.distill.courses import RATE_COURSES, TEMPERATURE_COURSES
from kdviz.models.kinds import KINDS
from kdviz.panels.lab.choices import (
    WEIGHT_DECAYS,
    Choices,
    label_choices,
    losses_of,
    student_kinds,
    teacher_names,
    usual_of,
)
from kdviz.panels.lab.link import MOST_CHARACTERS, PAGE, complete, defaults, follow, from_query, to_call, to_query
from kdviz.panels.lab.presets import PRESETS
from kdviz.widgets.share import CONTROLS, PARTS

TEMPERATURES = st.floats(0.01, 1000)
SHARES = st.floats(0, 1)
RATES = st.floats(1e-6, 10)
WEIGHTS = st.floats(0, 1000)
EDITS = st.one_of(
    st.tuples(st.integers(0, 10**6), st.just("temperature"), TEMPERATURES),
    st.tuples(st.integers(0, 10**6), st.just("alpha"), SHARES),
    st.tuples(st.integers(0, 10**6), st.just("fairness"), WEIGHTS),
    st.tuples(st.integers(0, 10**6), st.just("learning_rate"), RATES),
)


def some_of(names) -> st.SearchStrategy:
    return st.lists(st.sampled_from(list(names)), unique=True)


def pair(numbers) -> st.SearchStrategy:
    return st.tuples(numbers, numbers).filter(lambda two: two[0] < two[1])


@st.composite
def states(draw) -> dict:
    """A state as a Lab may have it; names left out are as by default."""
    data = draw(st.sampled_from(["mnist", "adult"]))
    kind = KINDS[draw(st.sampled_from(student_kinds(data)))]
    own = {
        "data": st.just(data),
        "labels": st.sampled_from([0, *label_choices(data)]),
        "keep_unlabelled": st.booleans(),
        "teacher": st.sampled_from(teacher_names(data)),
        "kind": st.just(kind.name),
        "units": st.sampled_from(kind.widths),
        "layers": st.sampled_from(kind.depths),
        "optimizer": st.sampled_from(["adam", "adamw", "sgd"]),
        "weight_decay": st.sampled_from(WEIGHT_DECAYS),
        "rate_course": st.sampled_from(list(RATE_COURSES)),
        "temperature_course": st.sampled_from(list(TEMPERATURE_COURSES)),
        "epochs": st.integers(1, 200),
        "temperature": TEMPERATURES,
        "alpha": SHARES,
        "learning_rate": RATES,
        "batch_size": st.sampled_from([32, 128, 512]),
        "seed": st.integers(0, 10**8),
        "loss": st.sampled_from(losses_of(kind.name)),
        "omit": st.integers(-1, 1),
        "smoothing": st.booleans(),
        "fairness": WEIGHTS,
        "penalty": st.sampled_from(["demographic_parity", "equalized_odds"]),
        "group": st.sampled_from(["sex", "race"] if data == "adult" else ["sex"]),
        "view": st.sampled_from(["one", "many", "draw"]),
        "selected": st.integers(-1, 500),
        "hidden": some_of(PARTS),
        "locked": some_of(CONTROLS),
        "preset": st.sampled_from(["", *(p.name for p in PRESETS)]),
        "edits": st.lists(EDITS, max_size=6, unique_by=lambda e: e[:2]),
    }
    needed = {"data", "teacher", "labels", "kind"}
    names = needed | set(draw(st.lists(st.sampled_from(sorted(set(own) - needed)), unique=True)))
    state = {name: draw(own[name]) for name in sorted(names)}
    if draw(st.booleans()):
        temperature = state.get("temperature", 4.0)
        state["temperature_range"] = [draw(st.floats(0.001, temperature)), draw(st.floats(temperature, 1000)) + 1e-3]
        state["temperature_range"][1] = min(state["temperature_range"][1], 1000.0)
    return state


@given(states())
def test_a_link_gives_the_state_back_to_the_last_bit(state):
    whole = complete(state)
    query = to_query(state)
    assert from_query(query) == whole
    assert to_query(from_query(query)) == query
    assert json.loads(json.dumps(whole)) == whole
    assert len(query) <= MOST_CHARACTERS


def read(query: str) -> dict | str:
    """The state of a link, or the sentence it is refused with."""
    try:
        return from_query(query)
    except ValueError as error:
        return str(error)


@given(st.text(max_size=60))
def test_whatever_a_link_says_it_is_a_state_or_one_sentence(text):
    told = read(text)
    if isinstance(told, dict):
        assert complete(told) == told
    else:
        assert "\n" not in told
        assert 10 < len(told) < 600


@given(st.sampled_from(["T", "alpha", "labels", "edits", "T_range", "hide", "seed", "units"]), st.text(max_size=30))
def test_a_value_that_is_refused_is_refused_by_name(name, text):
    told = read(f"?{name}={quote(text)}")
    assert isinstance(told, dict) or told.startswith(name)


def test_a_page_as_it_opens_has_no_link_and_a_link_of_nothing_opens_it():
    assert to_query(defaults()) == "" and from_query("") == from_query("?") == defaults()
    assert from_query("") == {"version": 1, "panel": "Lab", **Choices().to_dict(), **PAGE}


def test_a_link_reads_as_words():
    state = {
        "temperature": 20.0, "alpha": 0.5, "labels": 300, "hidden": ["setup", "runs"], "locked": ["temperature"],
        "temperature_range": [1, 20], "view": "many", "selected": 7,
        "edits": [(480, "temperature", 8), (900, "alpha", 0.5)],
    }  # fmt: skip
    assert to_query(state) == (
        "?labels=300&T=20&alpha=0.5&view=many&selected=7&hide=setup,runs&lock=temperature&T_range=1,20"
        "&edits=480:T:8,900:alpha:0.5"
    )


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.name)
def test_a_preset_is_one_word_and_only_what_was_changed_since_is_added(preset):
    state = defaults(preset.name)
    assert to_query(state) == f"?preset={preset.name}"
    assert from_query(f"?preset={preset.name}") == state
    assert to_query({**state, "seed": 9}) == f"?preset={preset.name}&seed=9"
    # What the preset chose and the reader set back is told too: without it the preset's value would return.
    assert from_query(to_query({**state, "view": "draw", "epochs": 7})) == {**state, "view": "draw", "epochs": 7}


def test_parameters_of_voila_are_passed_over_and_escapes_are_read():
    assert from_query("?voila-theme=dark&T=8&token=abc&hide=setup%2Cruns")["hidden"] == ["setup", "runs"]


def test_edits_come_in_the_order_of_their_steps():
    assert from_query("?edits=900:alpha:0.5,480:T:8")["edits"] == [[480, "temperature", 8.0], [900, "alpha", 0.5]]


@pytest.mark.parametrize(("query", "says"), [
    ("?T=hot", "T must be a number above 0, up to 1000, got 'hot'"),
    ("?T=0", "T must be a number above 0, up to 1000, got 0.0"),
    ("?T=1e999", "T must be a number above 0, up to 1000, got inf"),
    ("?T=nan", "T must be a number above 0, up to 1000, got 'nan'"),
    ("?learning_rate=0", "learning_rate must be a number above 0, up to 10, got 0.0"),
    ("?T=1_0", "T must be a number"),
    ("?T=5&T=6", "T must be given once, got it 2 times"),
    ("?T", "T must have a value"),
    ("?alpha=2", "alpha must be a number from 0 to 1, got 2.0"),
    ("?labels=7", "labels must be one of 100, 300"),
    ("?labels=٣", "labels must be a whole number"),
    ("?units=5", "units must be one of 8, 16"),
    ("?epochs=100000000", "epochs must be a whole number from 1 to 10000"),
    ("?data=imagenet", "data must be one of mnist"),
    ("?data=../../etc/passwd", "data must be a name, got '../../etc/passwd'"),
    ("?teacher=adult-mlp", "teacher must be one of mnist"),
    ("?loss=mse", "loss must be one of soft_targets"),
    ("?smoothing=yes", "smoothing must be 0 or 1, got 'yes'"),
    ("?hide=everything", "hide must be one of .*presets, tour, hero, setup"),
    ("?hide=setup,setup", "hide must be names, each once"),
    ("?lock=wheels", "lock must be one of temperature"),
    ("?view=none", "view must be one of one, many, draw, wall, fidelity, .*, bias, .*, got 'none'"),
    ("?preset=magic", "preset must be one of no-labels"),
    ("?T_range=5", "T_range must be two numbers, the smaller first"),
    ("?T_range=20,5", "T_range must be two numbers, the smaller first"),
    ("?T_range=8,20", "T must lie within T_range, 8 to 20, got 4"),
    ("?edits=480", "edits must be as 480:T:8"),
    ("?edits=480:seed:1", "edits must be as 480:T:8"),
    ("?edits=4:T:8,4:T:9", "edits must change each value at most once a step"),
    ("?edits=" + ",".join(f"{k}:T:8" for k in range(61)), "edits may be 60 at most, got 61"),
    ("?colour=red", "a link has no 'colour'; it may have 35, such as "),
    ("?T=%ff", "T must be plain text"),
    ("?seed=" + "1" * 4000, "a link may have 4,000 characters"),
])  # fmt: skip
def test_a_bad_link_is_told_in_one_sentence_that_names_the_parameter(query, says):
    with pytest.raises(ValueError, match=says) as told:
        from_query(query)
    assert "\n" not in str(told.value) and len(str(told.value)) < 600


@pytest.mark.parametrize(("state", "says"), [
    ({"temprature": 4}, "a Lab's state has no 'temprature'"),
    ({"version": 2}, "version must be 1, got 2"),
    ({"panel": "SoftTargets"}, "panel must be 'Lab'"),
    ({"temperature": "4"}, "T must be a number"),
    ({"alpha": True}, "alpha must be a number"),
    ({"smoothing": 1}, "smoothing must be True or False"),
    ({"hidden": "setup"}, "hide must be names"),
    ({"edits": [[1, "seed", 2]]}, "edits must each be a step"),
    ({"seed": 1.5}, "seed must be a whole number"),
])  # fmt: skip
def test_a_state_that_cannot_be_is_told_in_one_sentence(state, says):
    with pytest.raises(ValueError, match=says):
        to_query(state)


def test_the_call_of_a_notebook_makes_the_same_state():
    state = {"temperature": 20.0, "labels": 300, "edits": [[480, "alpha", 0.5]], "hidden": ["setup"]}
    call = to_call(state)
    assert call == "kd.panels.Lab(labels=300, temperature=20.0, edits=[[480, 'alpha', 0.5]])"
    assert complete({**eval(call, {"kd": _Namespace}), "hidden": ["setup"]}) == complete(state)


class _Namespace:
    class panels:  # noqa: N801 (stands for the module)
        Lab = dict


def test_a_link_to_other_data_brings_what_suits_them():
    state = from_query("?data=adult&epochs=3")
    assert (state["data"], state["teacher"], state["epochs"]) == ("adult", "adult-mlp", 3)
    assert from_query(to_query(state)) == state


@pytest.mark.parametrize(("query", "has"), [
    ("?kind=convnet", {"kind": "convnet", **usual_of("convnet", "mnist")}),
    ("?kind=convnet&layers=11&epochs=60", {"layers": 11, "epochs": 60, "units": usual_of("convnet", "mnist")["units"]}),
    ("?data=fashion-mnist&kind=deit", {"teacher": "fashion-resnet", "units": usual_of("deit", "mnist")["units"]}),
    ("?preset=hinton&kind=vit", {"preset": "hinton", "temperature": 20.0, **usual_of("vit", "mnist")}),
])  # fmt: skip
def test_a_kind_of_student_in_a_link_brings_what_is_usual_for_it(query, has):
    state = from_query(query)
    assert {name: state[name] for name in has} == has
    assert to_query(state) == query
    called = eval(to_call(state), {"kd": _Namespace})
    assert complete({**called, "view": state["view"], "preset": state["preset"]})["units"] == state["units"]


def test_a_size_that_its_kind_has_not_is_left_out_and_named():
    found = follow("?kind=vit&units=300&T=7")
    assert (found.state["kind"], found.state["units"], found.state["temperature"]) == ("vit", 32, 7.0)
    assert found.left_out == {"units": "units must be one of 16, 32, 48, 64, got 300"}
