"""A preset: when a run no longer answers its question."""

from __future__ import annotations

import pytest

from kdviz.panels.lab.choices import Choices
from kdviz.panels.lab.presets import BY_NAME


@pytest.mark.parametrize(("change", "changed"), [({}, False), ({"epochs": 3}, False), ({"fault": "none"}, True)])
def test_the_bet_stands_where_only_the_epochs_are_others(change, changed):
    preset = BY_NAME["noisy-labels"]
    trained = Choices(**preset.choices).to_dict() | change
    assert preset.changed(trained, set()) is changed
    assert preset.changed(trained, {"fault"}) is True
