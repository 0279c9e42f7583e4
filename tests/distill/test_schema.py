"""What JSON must look like: each kind refuses what is none in one sentence, with the path to it."""

from __future__ import annotations

import math

import pytest

from kdviz.distill.schema import DEEPEST, Flag, ListOf, Number, OneOf, Record, Text, Whole, parse, read

STEPS = ListOf(Record({"step": Whole(least=1), "rate": Number(above=0)}))


@pytest.mark.parametrize(("kind", "wrong"), [
    (Whole(), [1.0, True, -1, 10**10, "1"]),
    (Number(least=0, most=1), [True, math.nan, 1.5, 10**400, None]),
    (Flag(), [0, 1, "true"]),
    (Text(longest=3, empty=False), ["", "four", "\ud800", 3]),
    (OneOf(("mlp", "vit")), ["resnet", ["mlp"], True]),
])  # fmt: skip
def test_a_kind_refuses_what_is_none(kind, wrong):
    for value in wrong:
        with pytest.raises(ValueError, match=r"^here must be .*, got ") as refused:
            kind.check(value, "here")
        assert "\n" not in str(refused.value)


def test_the_path_leads_to_what_is_wrong():
    STEPS.check([{"step": 1, "rate": 0.5}], "plan")
    with pytest.raises(ValueError, match=r"^plan\[1\]\.rate must be a finite number > 0, got 0"):
        STEPS.check([{"step": 1, "rate": 0.5}, {"step": 2, "rate": 0}], "plan")


def test_text_is_read_within_bounds(tmp_path):
    place = tmp_path / "plan.json"
    place.write_text('{"step": 1}')
    assert read(place, "the plan") == {"step": 1}
    with pytest.raises(ValueError, match="the plan must have at most 4 bytes, got 5"):
        read(place, "the plan", most_bytes=4)
    with pytest.raises(ValueError, match='the plan names "step" twice'):
        parse('{"step": 1, "step": 2}', "the plan")
    deep = "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)
    with pytest.raises(ValueError, match=f"at most {DEEPEST} nested brackets"):
        parse(deep, "the plan")
