"""An estimate grows with what there is to do."""

from dataclasses import replace

from kdviz.panels.compress.choices import CompressChoices
from kdviz.panels.compress.duration import relative, seconds_of

USUAL = CompressChoices(teacher="adult-mlp", weights=0.5, teaching=2)


def test_more_epochs_a_student_and_rounding_take_longer_and_fewer_units_less():
    base = seconds_of(USUAL)
    assert seconds_of(replace(USUAL, teaching=20)) > 2 * base > seconds_of(replace(USUAL, teaching=0))
    assert seconds_of(replace(USUAL, student=16)) > base
    assert seconds_of(replace(USUAL, integers="rounded")) > base
    assert seconds_of(replace(USUAL, units=0.9)) < base


def test_sizes_are_shares_of_the_teachers_multiply_adds():
    student, small = relative(replace(USUAL, student=8))
    assert student == small == (91 * 8 + 8 * 8 + 8 * 2) / (91 * 64 + 64 * 32 + 32 * 2)
    assert relative(replace(USUAL, units=0.5)) == (0.0, 0.25)
