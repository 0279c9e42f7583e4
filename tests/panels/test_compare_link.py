"""What a link to Compare says: of two models both or none, and only what is not as by default."""

from __future__ import annotations

import pytest

from kdviz import models
from kdviz.panels.compare_link import HIDEABLE, LINK, USUAL, said
from kdviz.widgets.share import PARTS


def test_a_page_as_it_opens_has_no_link():
    assert LINK.written(said(dict(USUAL), -1, [])) == ""


def test_another_student_brings_its_teacher_along():
    fields = said({**USUAL, "student": "mnist-vit-twin", "temperature": 2.0}, 5, ["share"])
    assert LINK.written(fields) == "?teacher=mnist-vit&student=mnist-vit-twin&T=2&selected=5&hide=share"
    assert LINK.follow(LINK.written(fields)).state | {"data": None} == {**USUAL, **fields, "data": None}


@pytest.mark.parametrize("name", models.names())
def test_each_teacher_alone_finds_a_student_of_its_data(name):
    state = LINK.follow(f"?teacher={name}").state
    assert models.card(state["student"]).data == models.card(name).data


def test_data_alone_choose_their_models():
    for data in {models.card(name).data for name in models.names()}:
        state = LINK.follow(f"?data={data}").state
        assert {models.card(state[who]).data for who in ("teacher", "student")} == {data}


def test_all_that_can_be_hidden_is_a_part_with_a_name():
    assert set(HIDEABLE) <= set(PARTS)
