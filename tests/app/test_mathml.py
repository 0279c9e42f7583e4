"""Formulas of Markdown cells as MathML."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kdviz.app.mathml import mathml


@given(st.text(max_size=40))
def test_any_formula_gives_markup_that_ends(latex: str) -> None:
    drawn = mathml(latex)
    assert drawn.endswith(("</math>", "</code>"))
    assert "<script" not in drawn.lower()


def test_a_formula_that_cannot_be_read_is_shown_as_it_stands() -> None:
    assert mathml(r"\frac{a}{") == r"<code>\frac{a}{</code>"


def test_a_large_delimiter_is_drawn_and_not_named() -> None:
    drawn = mathml(r"\big\|x\big\|^2 + \Big\langle \big\{ a")
    assert "\\" not in drawn and drawn.count("&#x02016;") == 2
    assert "&#x027E8;" in drawn and ">{<" in drawn
