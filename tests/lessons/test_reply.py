"""What is said to an answer: the verdict first, where there is one."""

from __future__ import annotations

import pytest

from kdviz.lessons import Reply


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply("So it is.", True), "Right. So it is."),
        (Reply("Count again.", False), "Not this time. Count again."),
        (Reply("So they say."), "So they say."),
        (Reply("", True), "Right."),
        (Reply(""), ""),
    ],
)
def test_the_verdict_comes_before_the_sentence(reply: Reply, text: str) -> None:
    assert str(reply) == reply.text == text
