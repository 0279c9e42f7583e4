"""Every scheme of the catalogue: its words, its diagram, its options, and a run of it to the end."""

from __future__ import annotations

import copy
import json

import pytest
import torch

from kdviz.distill import schemes as engine
from kdviz.models import inference
from kdviz.panels.schemes import code, sentences
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.choices import scheme as by_name
from kdviz.panels.schemes.drawings import LOOKS
from kdviz.panels.schemes.scheme import FAMILIES, KINDS
from kdviz.panels.schemes.shown import difference, rows
from kdviz.widgets import SchemeView
from kdviz.widgets import scheme_picture as picture_widget
from kdviz.widgets import schemes as list_widget

ALL = pytest.mark.parametrize("name", schemes())


def test_families_and_kinds_are_those_of_the_widgets():
    assert FAMILIES == list_widget.FAMILIES and KINDS == picture_widget.KINDS


def test_schemes_of_the_engine_without_a_card_are_those_named():
    """Parts of others: generations train, classes and term_of look up, by_name reads recipes, published names them."""
    modules = {path.stem for path in code.FOLDER.glob("*.py")} - {"__init__"}
    without = {"by_name", "classes", "generations", "published", "term_of"}
    assert modules - {scheme.file for scheme in schemes().values()} == without


@ALL
def test_a_scheme_has_words_a_diagram_and_its_own_file(name):
    scheme = schemes()[name]
    assert scheme.name == name and all((scheme.title, scheme.says, scheme.source, scheme.misses))
    assert by_name(scheme.acronyms[0].lower()).name == name, "found by its acronym"
    parties = {party.name: party for party in scheme.parties}
    assert len(parties) == len(scheme.parties) and len({(p.column, p.row) for p in scheme.parties}) == len(parties)
    assert sum(party.kind == "student" for party in scheme.parties) >= 1
    arrows = [arrow for phase in scheme.phases for arrow in phase.arrows]
    assert {end for arrow in arrows for end in arrow} == set(parties), "every party teaches or is taught"
    assert all(phase.says for phase in scheme.phases)
    assert hasattr(engine, scheme.file) or scheme.file == "omitted_class" or scheme.file.startswith("../")
    assert code.source(scheme.file).startswith('"""')


@ALL
def test_a_scheme_runs_to_its_end_at_equal_budget(name, setting_of, course_of):
    course, scheme = course_of(name), schemes()[name]
    assert {"student", "hinton", "twin"} <= set(course.lanes)
    budgets = {role: lane.total_steps for role, lane in course.lanes.items()}
    assert len(set(budgets.values())) == 1, budgets
    for lane in course.lanes.values():
        assert [run.steps_done for run in lane.stages] == list(lane.plan)
        assert lane.steps_done == lane.networks * sum(lane.plan) == lane.total_steps
    assert f"{course.own.total_steps:,}" in course.budget
    drawings = scheme.draw(course)
    assert drawings and SchemeView(drawings=drawings).drawings == drawings
    looks = [
        row["look"] for drawn in drawings for row in drawn.get("lines", []) + drawn.get("rows", []) if "look" in row
    ]
    assert set(looks) <= set(LOOKS)
    stages = [scheme.phase_at(stage) for stage in range(len(course.own.plan))]
    assert set(stages) <= set(range(len(scheme.phases)))


@ALL
def test_what_was_seen_of_a_scheme_is_drawn_again_from_a_file(name, setting_of, course_of):
    course, scheme = course_of(name), schemes()[name]
    again = scheme.begin(setting_of(name), scheme.chosen({}))
    again.restore(json.loads(json.dumps(course.to_dict())))
    assert again.recorded and not any(lane.stages for lane in again.lanes.values())
    assert scheme.draw(again) == scheme.draw(course) and rows(again, scheme) == rows(course, scheme)
    assert difference(again) == difference(course) and bool(difference(course)) == course.setting.count.in_percent
    assert sentences.errors_sentence(again, scheme) == sentences.errors_sentence(course, scheme)


@ALL
def test_a_scheme_leaves_the_teacher_as_it_was(name, setting_of, course_of):
    teacher = setting_of(name).teacher
    before = copy.deepcopy(teacher.module.state_dict())
    course_of(name)
    assert all(torch.equal(before[key], value) for key, value in teacher.module.state_dict().items())


@ALL
def test_what_is_drawn_before_the_first_step_and_on_the_way_is_in_order(name, setting_of):
    scheme = schemes()[name]
    course = scheme.begin(setting_of(name), scheme.chosen({}))
    SchemeView(drawings=scheme.draw(course))
    for lane in course.lanes.values():
        lane.prepare()
    course.look(scheme.look(course))
    SchemeView(drawings=scheme.draw(course))
    for lane in course.lanes.values():
        lane.step()
    course.look(scheme.look(course))
    SchemeView(drawings=scheme.draw(course))
    assert [step for step, _ in course.seen] == [0, course.own.networks]


@ALL
def test_every_value_of_every_option_can_be_begun(name, setting_of):
    scheme = schemes()[name]
    for option, offered in scheme.options.items():
        assert offered.usual in offered.values
        for value in offered.values:
            course = scheme.begin(setting_of(name), scheme.chosen({option: value}))
            course.own.prepare()
            data = course.setting.data
            shape = inference.logits(course.own.answer, data.test).shape
            assert (shape[0], shape[-1]) == (len(data.test), len(data.classes))
