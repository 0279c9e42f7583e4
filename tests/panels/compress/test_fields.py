"""Every setting has a field, and what is chosen is among what the field offers."""

import pytest

from kdviz.panels.compress.choices import CompressChoices, four_ways
from kdviz.panels.compress.fields import fields

LINKED = CompressChoices(units=0.33, weights=0.123, rank=7, teaching=4, student=77, integers="rounded", bits=5)


@pytest.mark.parametrize("choices", [LINKED, *four_ways("fashion-resnet"), *four_ways("adult-mlp")])
def test_what_is_chosen_is_offered(choices):
    rows = {row["name"]: row for row in fields(choices)}
    assert set(rows) | {"bits"} == set(choices.to_dict())
    assert ("bits" in rows) == (choices.integers == "rounded")
    for name, row in rows.items():
        offered = [option["value"] for option in row["options"]]
        assert row["value"] in offered and len(set(offered)) == len(offered), name
        if row["kind"] == "slider":
            assert [float(value) for value in offered] == sorted(float(value) for value in offered)
