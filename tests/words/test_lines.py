"""Sentences as lines."""

from IPython.lib.pretty import pretty

from kdviz.words.lines import Lines


def test_sentences_read_as_lines_and_are_a_list():
    told = Lines(["40 fewer (95\u202f% CI 13 to 67).", "a < b"])
    assert str(told) == repr(told) == pretty(told) == "40 fewer (95\u202f% CI 13 to 67).\na < b"
    assert told[1:] == ["a < b"] and told == list(told)
    assert "<p" in told._repr_html_() and "a &lt; b" in told._repr_html_()
