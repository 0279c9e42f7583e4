"""What the buttons of a page do: a browser's message is checked, then obeyed as a command that Python can give too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ...distill.schema import Kind
from . import messages
from .checks import one_of


class Commanded:
    """What pages with buttons have in common; mixed into a panel."""

    _messages: ClassVar[Mapping[str, Kind]]  # what a button may say

    def command(self, name: str, /, **values: Any) -> None:
        """Do what a button does; returns at once.

        Parameters
        ----------
        name : str
            What this page has; a wrong name is answered with all of them.
        **values
            As the command takes them.

        Raises
        ------
        ValueError, TypeError
            If there is no such command, or a value cannot be; the page is as it was.
        """
        commands = self._commands()
        one_of("command", name, tuple(commands))
        commands[name](**values)

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """A button: the browser's words are checked here, and what cannot be is said in a sentence."""
        try:
            message = messages.read(content, self._messages)
            if message is not None:
                name, values = message
                self._check_not_late(name)
                self.command(name, **values)
        except (ValueError, TypeError) as error:
            self._refuse(str(error))

    def _commands(self) -> dict[str, Callable[..., None]]:
        """Return what each command does."""
        raise NotImplementedError

    def _check_not_late(self, command: str) -> None:
        """Refuse a button that was pressed before the page knew what is under way."""

    def _refuse(self, why: str) -> None:
        """Say why what a button asked for was not done."""
        raise NotImplementedError
