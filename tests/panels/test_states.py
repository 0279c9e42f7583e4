"""States and links that were damaged: what cannot be is refused in one sentence, and nothing loads otherwise than it
is written. ``KDVIZ_MUTATIONS=9000`` tries so many of each kind."""

from __future__ import annotations

import copy
import json
import math
import os
import random
from urllib.parse import quote

import pytest

from kdviz.panels import Compare, Compress, Experiments, Lab, Methods, Pays, Schemes, SoftTargets, StudyPage, Words
from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.link import LINK_NAMES, MOST_STEPS, as_given, complete, defaults, follow, from_query, to_query
from kdviz.panels.live.panel import FIXED
from kdviz.panels.methods.choices import MethodChoices
from kdviz.panels.pays import USUAL
from kdviz.panels.schemes.choices import SchemeChoices
from kdviz.panels.study.choices import StudyChoices
from kdviz.panels.writing.choices import WordsChoices
from kdviz.widgets.scene import VIEWS

MUTATIONS = int(os.environ.get("KDVIZ_MUTATIONS", "400"))


WHOLE = {
    Lab: defaults(),
    Methods: {"version": 1, "panel": "Methods", **MethodChoices().to_dict()},
    Schemes: {"version": 1, "panel": "Schemes", **SchemeChoices(options={"peers": "4"}).to_dict()},
    Compare: {
        "version": 1, "panel": "Compare", "teacher": "mnist-vit", "student": "mnist-vit-student", "temperature": 4.0,
        "view": "fidelity",
    },
    Experiments: {"version": 1, "panel": "Experiments", "experiment": "hinton-2015"},
    Pays: {"version": 1, "panel": "Pays", **USUAL},
    SoftTargets: {
        "version": 1, "panel": "SoftTargets", "teacher": "mnist-mlp-1200", "data": "mnist", "examples": [3, 5],
        "temperature": 4.0, "alpha": 0.9, "shown": ["temperature", "bars"],
    },
    Compress: {"version": 1, "panel": "Compress", **CompressChoices(units=0.5).to_dict()},
    StudyPage: {"version": 1, "panel": "StudyPage", **StudyChoices().to_dict()},
    Words: {"version": 1, "panel": "Words", **WordsChoices().to_dict()},
}  # fmt: skip


ADDED = {Methods: ("second", "second_weight", "second_temperature", "layers")}  # fields that older states do without
DEEP: list = []


for _ in range(5000):
    DEEP = [DEEP]


HOSTILE = [
    None, True, False, 0, 1, -1, 2, 10**6, 10**9, 10**30, 10**5000, -(10**30), 0.0, 0.5, -0.5, 1.5, 1e-320, 1e300,
    math.inf, -math.inf, math.nan, "", "1", "4.0", "mnist", "adult", "x" * 10_000, "../../etc/passwd", "os:abort",
    "__class__", "<script>alert(1)</script>", "\ud800", "\x00", "%00", "\n", "ü",
    [], [[]], [1], [1, 2], [2, 1], [1, "2"],
    [True, 2], [math.nan, 1], ["setup"], ["setup", "setup"], [["setup"]], [[1, "temperature", 2.0]], [[1, "seed", 2]],
    [[1.5, "alpha", 0.5]], [[-1, "alpha", 0.5]], [[1, ["alpha"], 0.5]], [{"step": 1}],
    {}, {"a": 1}, {"teacher": "os:abort"},
    list(range(100_000)), DEEP, b"bytes",
]  # fmt: skip


def mutated(state: dict, rng: random.Random) -> dict:
    """The state with one or two things wrong, or perhaps right: a value, a name, one too few, one too many."""
    made = copy.copy(state)
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice(sorted(made, key=str))
        match rng.randrange(8):
            case 0:
                del made[name]
            case 1:
                made[rng.choice(["teachr", "run", "__class__", "self", "", 5, None])] = rng.choice(HOSTILE)
            case 2:
                made[name] = made[rng.choice(sorted(made, key=str))]
            case 3:
                value = made[name]
                made[name] = {"it": value} if rng.random() < 0.3 else [value]
            case 4 if isinstance(made[name], int | float) and abs(made[name]) < 1e12:
                made[name] = made[name] + rng.choice([1, -1, 0.25, 1e6, -1e6])
            case _:
                made[name] = rng.choice(HOSTILE)
        if not made:
            break
    return made


def told(error: BaseException) -> str:
    assert type(error) in (ValueError, TypeError), repr(error)
    text = str(error)
    assert 10 < len(text) < 1500 and "\n" not in text, text
    return text


@pytest.mark.parametrize("panel", WHOLE, ids=lambda panel: panel.__name__)
def test_a_damaged_state_is_refused_in_a_sentence_or_stands_as_it_is_written(panel):
    rng, loaded = random.Random(0), 0
    fields = set(WHOLE[panel]) - set(FIXED)
    for _ in range(MUTATIONS):
        state = mutated(WHOLE[panel], rng)
        settings = {name: value for name, value in state.items() if name not in FIXED}
        try:
            panel.check_settings(settings)
        except Exception as error:
            text = told(error)
            changed = {n for n in fields if n not in state or state[n] is not WHOLE[panel][n]}
            strange = {repr(n)[1:-1] for n in state if n not in WHOLE[panel]}
            assert any(str(name) in text for name in changed | strange | {"labels", "data", "teacher", "field"}), text
            continue
        loaded += 1
        if panel is Lab:
            choices = Choices(**{name: settings[name] for name in Choices.__dataclass_fields__})
            assert {**settings, **choices.to_dict()} == settings
            assert all(type(settings[n]) is not bool for n, v in choices.to_dict().items() if type(v) in (int, float))
            assert choices.steps <= MOST_STEPS and choices.batch_size <= 4096
        if panel in (Methods, Schemes):
            choices = MethodChoices if panel is Methods else SchemeChoices
            try:
                assert choices(**settings).to_dict() == choices().to_dict() | settings
            except ValueError as error:
                told(error)
        if panel is StudyPage:
            try:
                StudyChoices(**settings)
            except ValueError as error:
                told(error)
    assert loaded, "some mutations change one thing that can be for another"


@pytest.mark.parametrize("panel", WHOLE, ids=lambda panel: panel.__name__)
@pytest.mark.parametrize("whole", [None, [], "state", 5, {}, {5: 6}, DEEP, {"version": True}, {"version": 1.0}])
def test_what_is_no_state_of_the_panel_is_said(panel, whole):
    named = {"panel": panel.__name__, **whole} if isinstance(whole, dict) else whole
    with pytest.raises(ValueError, match=f"a state of {panel.__name__}, version 1, is expected, got "):
        panel.from_state(named)


@pytest.mark.parametrize("panel", WHOLE, ids=lambda panel: panel.__name__)
def test_each_field_is_needed_and_named_where_it_is_missing_or_strange(panel):
    for name in set(WHOLE[panel]) - set(FIXED):
        if name in ADDED.get(panel, ()):
            panel.check_settings({n: v for n, v in WHOLE[panel].items() if n not in (name, *FIXED)})
        else:
            with pytest.raises(ValueError, match=f" has no {name}"):
                panel.from_state({n: v for n, v in WHOLE[panel].items() if n != name})
        with pytest.raises(ValueError, match=name):
            panel.from_state({**WHOLE[panel], name: {"os:abort": 1}})
    with pytest.raises(ValueError, match=r"has no (field )?[\"']run[\"']"):
        panel.from_state({**WHOLE[panel], "run": "os:abort"})


@pytest.mark.parametrize(("changed", "says"), [
    ({"epochs": True}, "epochs must be a whole number from 1 to 10000, got True"),
    ({"layers": True}, "layers must be a whole number"),
    ({"seed": 10**5000}, "seed must be a whole number from 0 to 999999999, got a value of the kind int"),
    ({"labels": 0}, "keep_unlabelled must be True where labels is 0, got False"),
    ({"labels": 0, "keep_unlabelled": True}, "alpha must be 1.0 where labels is 0, got 0.9"),
    ({"batch_size": 100_000}, "batch_size must be a whole number from 1 to 4096, got 100000"),
    ({"epochs": 10_000, "batch_size": 1}, "epochs and batch_size must come to 1,000,000 steps at most"),
    ({"edits": [[1.5, "alpha", 0.5]]}, r"edits \(step\) must be a whole number"),
    ({"edits": [[1, "alpha", 5]]}, r"edits \(alpha\) must be a number from 0 to 1"),
    ({"edits": {"a": 1}}, "edits must be a list of edits"),
    ({"temperature_range": [1, "2"]}, "temperature_range must be two numbers"),
    ({"hidden": [["setup"]]}, "hidden must be names, each once"),
    ({"group": "../../etc"}, "group must be a name, got '../../etc'"),
])  # fmt: skip
def test_a_field_that_cannot_be_is_named_as_the_state_names_it(changed, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        Lab.from_state({**defaults(), **changed})


@pytest.mark.parametrize(
    ("panel", "changed", "says"),
    [
        (SoftTargets, {"examples": [10**6]}, "examples must be indices from 0 to 4,999, got 1,000,000"),
        (SoftTargets, {"examples": [True]}, r"examples\[0\] must be a whole number"),
        (SoftTargets, {"data": "adult", "examples": None}, "the model cannot process float32 inputs"),
        (Compare, {"student": "adult-mlp"}, "classes|the student"),
        (Methods, {"weight": 1e6}, r"the weight of hint must lie in \[0.1, 1000\], got 1e\+06"),
    ],
)
def test_what_is_only_wrong_beside_others_is_said_too(panel, changed, says):
    with pytest.raises((ValueError, TypeError), match=says):
        panel.from_state({**WHOLE[panel], **changed})


@pytest.mark.parametrize("panel", [SoftTargets, Methods, Schemes], ids=lambda panel: panel.__name__)
def test_a_state_that_is_taken_comes_back_as_it_was(panel):
    made = panel.from_state(json.loads(json.dumps(WHOLE[panel])))
    assert made.state == WHOLE[panel]
    made.close()


def parameter(rng: random.Random) -> str:
    name = rng.choice([*LINK_NAMES.values(), "preset", "theme", "colour", "__class__", "", "T%00"])
    text = rng.choice(
        [str(v) for v in HOSTILE if isinstance(v, str | float) or (isinstance(v, int) and abs(v) < 10**40)]
        if rng.random() < 0.5
        else ["0", "1", "0.5", "20", "300", "mnist", "adult", "adult-mlp", "setup", "1,20", "3:T:8", *VIEWS]
    )  # fmt: skip
    text = rng.choice([quote, lambda t: t])(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    return rng.choice([f"{name}={text}", f"{name}", f"{name}={text[: rng.randrange(12)]}", f"{name}=%ff"])


def test_of_a_damaged_link_all_is_followed_that_can_be_and_the_rest_is_named():
    rng, followed = random.Random(1), 0
    for _ in range(MUTATIONS):
        parts = [parameter(rng) for _ in range(rng.randrange(1, 6))]
        found = follow("?" + "&".join(parts))
        assert complete(found.state) == found.state == from_query(to_query(found.state))
        assert as_given(found.state) == found.state
        assert not set(found.names) & set(found.left_out)
        for name, sentence in found.left_out.items():
            assert 10 < len(sentence) < 600 and "\n" not in sentence
            assert name[:30] in found.note or name[:30].isprintable() is False or len(found.left_out) > 1
        followed += bool(found.names and found.left_out)
    assert followed > MUTATIONS // 20


@pytest.mark.parametrize(("query", "kept", "left_out"), [
    ("?T=20&theme=dark", {"temperature": 20.0}, {}),
    ("?theme=dark", {}, {}),
    ("?voila-theme=dark&token=abc&theme=light&T=8", {"temperature": 8.0}, {}),
    ("?T=hot&labels=300", {"labels": 300}, {"T": "T must be a number above 0, up to 1000, got 'hot'"}),
    ("?colour=red&T=8", {"temperature": 8.0}, {"colour": "a link has no 'colour'; it may have 35, such as "}),
    ("?labels=0&alpha=0.5&T=3", {"labels": 0, "alpha": 1.0, "temperature": 3.0}, {"alpha": "alpha must be 1.0"}),
    ("?data=adult&teacher=mnist-vit&epochs=3", {"data": "adult", "teacher": "adult-mlp", "epochs": 3},
     {"teacher": "teacher must be one of adult-mlp"}),
    ("?T=1&T=2&alpha=0.5", {"alpha": 0.5, "temperature": 4.0}, {"T": "T must be given once, got it 2 times"}),
    ("?T_range=8,20&alpha=0.3", {"alpha": 0.3}, {"T_range": "T must lie within T_range"}),
    ("?preset=magic&T=9", {"temperature": 9.0, "preset": ""}, {"preset": "preset must be one of no-labels"}),
    ("?preset=hinton&batch_size=100000", {"preset": "hinton", "temperature": 20.0},
     {"batch_size": "batch_size must be a whole number from 1 to 4096"}),
    ("?epochs=10000&batch_size=1", {"epochs": 10_000, "batch_size": 128},
     {"batch_size": "epochs and batch_size must come to 1,000,000 steps"}),
    ("?T=%ff&alpha=0.5", {"alpha": 0.5}, {"T": "T must be plain text"}),
    ("?" + "T" * 5000, {}, {"": "a link may have 4,000 characters"}),
])  # fmt: skip
def test_the_rest_of_a_link_is_followed(query, kept, left_out):
    found = follow(query)
    assert {name: found.state[name] for name in kept} == kept
    assert found.left_out.keys() == left_out.keys()
    for name, says in left_out.items():
        assert found.left_out[name].startswith(says) and name in found.note and says in found.note
