"""The code shown is the engine's own file."""

from __future__ import annotations

from pathlib import Path

import kdviz as kd
from kdviz.panels.schemes import code


def test_the_text_is_that_of_the_file_named():
    place = Path(kd.__file__).parents[1] / code.place("born_again")
    assert code.source("born_again") == place.read_text(encoding="utf-8")
    assert "def born_again(" in code.source("born_again")


def test_a_file_beside_the_schemes_is_named_by_where_it_is():
    assert code.place("../terms/on_policy") == "kdviz/distill/terms/on_policy.py"
    assert "class MiniLLM(" in code.source("../terms/on_policy")
