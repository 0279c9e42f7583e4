"""TinyBERT: stages in order, with what each learns."""

from __future__ import annotations

from kdviz.panels.schemes.catalogue.tinybert import SCHEME, STAGES


def test_layers_come_before_answers_and_each_stage_is_seen(course_of):
    course = course_of("tinybert")
    assert [str(run.name) for run in course.own.stages] == list(STAGES)
    general, layers, answers = course.own.stages
    assert general.data.train.y.ndim == 2 and layers.data.train.y.ndim == answers.data.train.y.ndim == 1
    assert layers.objective.names == ("embeddings", "hidden_states", "attention_matrices")
    assert answers.objective.names == ("soft",)
    curves, bars = SCHEME.draw(course)
    assert [line["name"] for line in curves["lines"]] == ["embeddings", "hidden states", "attention", "answers"]
    assert all(line["y"][0] == 1 for line in curves["lines"])
    wrong = course.setting.wrong(course.own.answer, course.setting.data.validation)
    assert [row["name"] for row in bars["rows"]] == list(STAGES) and bars["rows"][-1]["text"] == str(wrong)


def test_the_general_stage_can_be_left_out_for_as_many_steps(setting_of, course_of):
    course = SCHEME.begin(setting_of("tinybert"), {"general": "no"})
    assert len(course.own.plan) == 2 and course.own.total_steps == course_of("tinybert").own.total_steps
