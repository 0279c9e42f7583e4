"""How an estimate is told."""

from __future__ import annotations

import pytest

from kdviz.panels.live.duration import rounded


@pytest.mark.parametrize(("seconds", "told"), [(0.2, 1), (3.4, 3), (17, 15), (81, 80), (700, 720)])
def test_an_estimate_has_no_digits_that_it_does_not_have(seconds, told):
    assert rounded(seconds) == told
