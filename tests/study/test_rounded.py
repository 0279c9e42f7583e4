"""Tables read again: what was rounded for the docs is what its record says, in earlier words and in today's."""

from __future__ import annotations

from pathlib import Path

import pytest

import kdviz as kd
from kdviz.measure.error_words import in_errors
from kdviz.study.experiment import experiment
from kdviz.study.record import Difference, recorded, recorded_names
from kdviz.study.rounded import difference_in, rounded, section_of

RESULTS = (Path(kd.__file__).parents[1] / "docs" / "results.md").read_text(encoding="utf-8")
ROUNDED = [name for name in recorded_names() if recorded(name).precision == "rounded"]


@pytest.mark.parametrize("name", ROUNDED)
def test_the_record_of_an_earlier_table_is_that_table(name):
    assert rounded(experiment(name), section_of(RESULTS, name)).to_json() == recorded(name).to_json()


def test_a_table_is_read_as_it_stands():
    found = rounded(experiment("hinton-omitted-3"), section_of(RESULTS, "hinton-omitted-3"))
    taught = found.row("distilled without 3s: as trained")
    assert (str(taught.errors), str(taught.best), str(taught.in_class)) == ("517 ± 27", "516 ± 26", "421 ± 30")
    assert (taught.difference.mean, taught.difference.low, taught.difference.high) == (-625, -699, -550)
    assert (found.runs, found.seconds, found.seeds) == (6, 540.0, (0, 1, 2)) and taught.class_size == 1010
    with pytest.raises(ValueError, match="the document has no section of claims"):
        section_of("", "claims")


@pytest.mark.parametrize("differences", [[-47, -44, -50], [114, 90, 138], [-53, 105, -211], [3, -4, 2]])
def test_the_words_of_today_are_read_back(differences):
    told = Difference.of("twin, labels alone", differences)
    found = difference_in(f"{in_errors(told)}: within the noise".replace("\u202f", " "), 3)
    assert found.mean == pytest.approx(told.mean, abs=0.51)
    assert (found.low, found.high) == pytest.approx((told.low, told.high), abs=0.51)
    assert found.verdict == told.verdict and difference_in("27,606 weights", 3) is None
