"""``import kdviz`` is light: what is heavy comes with the first name that needs it."""

from __future__ import annotations

import subprocess
import sys

import kdviz as kd

HEAVY = ("torch", "plotly", "captum", "pandas", "ipywidgets", "sklearn")


def loaded_after(code: str) -> set[str]:
    ask = f"{code}\nimport sys\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import kdviz") == set()


def test_the_engine_needs_nothing_of_jupyter():
    assert loaded_after("import kdviz as kd; kd.Distillation; kd.data.mnist; kd.models.mlp") == {"torch"}


def test_every_public_name_is_there():
    assert all(hasattr(kd, name) for name in kd.__all__)
    assert set(dir(kd)) == set(kd.__all__)
