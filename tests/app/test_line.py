"""The line before a full server: nobody is overtaken, and who went away holds nobody up."""

from __future__ import annotations

from kdviz.app import line


class Server:
    """Seats and a clock that a test sets."""

    def __init__(self) -> None:
        self.free, self.now = 0, 0.0
        self.line = line.Line(lambda: self.free, lambda: self.now)


def test_a_seat_goes_to_who_came_first() -> None:
    server = Server()
    assert [server.line.place(who) for who in ("ann", "bob", "eve")] == [1, 2, 3]
    server.free = 1
    assert not server.line.enters("eve") and not server.line.enters("new")
    assert server.line.enters("ann")
    server.free = 0
    assert server.line.place("bob") == 1 and not server.line.enters("bob")


def test_who_went_away_is_forgotten_and_comes_last() -> None:
    server = Server()
    assert [server.line.place(who) for who in ("ann", "bob")] == [1, 2]
    server.now = line.AWAY_S - 1
    assert server.line.place("bob") == 2
    server.now = line.AWAY_S + 1
    assert server.line.place("bob") == 1
    assert server.line.place("ann") == 2
    assert len(server.line) == 2
