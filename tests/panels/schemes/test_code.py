"""The code shown is the engine's own file."""

from __future__ import annotations

from pathlib import Path

import kdviz as kd
from kdviz.panels.schemes import code


def test_the_text_is_that_of_the_file_named():
    place = Path(kd.__file__).parents[1] / code.place("born_again")
    assert code.source("born_again") == place.read_text(encoding="utf-8")
    assert "def born_again(" in code.source("born_again")
