"""``python -m kdviz`` and ``jupyter kdviz`` are the command ``kdviz``, by its own name."""

from __future__ import annotations

import subprocess
import sys

from kdviz.app import cli


def test_python_m_is_the_command():
    done = subprocess.run([sys.executable, "-m", "kdviz", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: kdviz [-h]")


def test_jupyter_kdviz_is_serve(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["jupyter-kdviz", "no/such.ipynb"])
    assert cli.jupyter() == 1
    assert capsys.readouterr().err.startswith("kdviz serve: no/such.ipynb is neither a notebook nor a folder")
