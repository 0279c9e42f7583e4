"""Buttons: what a browser says is checked, obeyed, or answered in a sentence."""

from __future__ import annotations

import pytest

from kdviz.distill.schema import Record, Whole
from kdviz.panels.live.commands import Commanded


class Counter(Commanded):
    _messages = {"add": Record({"n": Whole(most=9)}), "empty": Record({})}  # noqa: RUF012

    def __init__(self) -> None:
        self.count, self.busy, self.refused = 0, False, []

    def _commands(self):
        return {"add": self._add, "empty": lambda: setattr(self, "count", 0)}

    def _add(self, n):
        if n == 7:
            raise ValueError("seven is too many")
        self.count += n

    def _check_not_late(self, command):
        if self.busy and command == "empty":
            raise ValueError("it is being counted")

    def _refuse(self, why):
        self.refused.append(why)


def test_a_button_does_what_the_command_does_and_what_cannot_be_is_refused_in_a_sentence():
    counter = Counter()
    for content in ({"command": "add", "n": 3}, {"hello": 1}, "add", {"command": "add", "n": 10}, {"command": "fly"}):
        counter._on_message(None, content, [])
    counter.command("add", n=2)
    assert counter.count == 5
    assert counter.refused == [
        "add.n must be a whole number from 0 to 9, got 10",
        'a command must be one of add, empty, got "fly"',
    ]
    counter.busy, counter.refused = True, []
    for content in ({"command": "empty"}, {"command": "add", "n": 7}):
        counter._on_message(None, content, [])
    assert counter.count == 5 and counter.refused == ["it is being counted", "seven is too many"]


def test_python_is_answered_with_an_error_that_names_the_commands():
    with pytest.raises(ValueError, match="command must be one of add, empty, got 'fly'"):
        Counter().command("fly")
