"""A question to answer before a slider may move."""

from __future__ import annotations

import pytest

from kdviz.panels import Question


def test_a_question_has_no_state():
    with pytest.raises(ValueError, match="a Question has no state to share"):
        Question.from_state({"version": 1, "panel": "Question", "text": "?"})
