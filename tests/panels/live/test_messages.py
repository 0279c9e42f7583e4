"""What the buttons of a page say, checked before it is obeyed."""

from __future__ import annotations

import math

import pytest

from kdviz.panels.live import messages


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"command": "trian"}, 'a command must be one of train, pause, .*, got "trian"'),
        ({"command": "train", "now": True}, 'train has no field "now"'),
        ({"command": "repeat", "seeds": True}, "repeat.seeds must be a whole number from 2 to 20, got true"),
        ({"command": "repeat", "seeds": 10**6}, "repeat.seeds must be a whole number from 2 to 20, got 1000000"),
        ({"command": "branch", "step": "0"}, 'branch.step must be .*, got "0"'),
        ({"command": "branch", "temperature": math.nan}, "branch.temperature must be a finite number, got NaN"),
        ({"command": "hide", "run": "run-1", "hidden": "yes"}, 'hide.hidden must be true or false, got "yes"'),
        ({"command": ["train"]}, "a command must be one of"),
    ],
)
def test_a_message_that_cannot_be_is_told_in_a_sentence(content, says):
    with pytest.raises(ValueError, match=says) as told:
        messages.read(content, messages.LAB)
    assert "\n" not in str(told.value)
