"""Benchmarks and the makers of the documentation's pictures name what there is: nothing else runs them in the gate."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

import kdviz as kd

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted([*ROOT.glob("benchmarks/*.py"), *ROOT.glob("docs/*.py"), *ROOT.glob(".ci/*.py")])


def missing(text: str) -> list[str]:
    """Return the names that a program takes from kdviz, and that are not there."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kdviz":
            found += [f"{node.module}.{one.name}" for one in node.names if not is_there(node.module, one.name)]
        elif isinstance(node, ast.Attribute):
            found += [".".join(chain) for chain in [chain_of(node)] if chain[:1] == ["kd"] and not reaches(chain[1:])]
    return found


def is_there(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(module), name) or bool(importlib.import_module(f"{module}.{name}"))
    except ImportError:
        return False


def chain_of(node: ast.expr) -> list[str]:
    """Return ["kd", "data", "mnist"] for ``kd.data.mnist``; empty where it does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := chain_of(node.value)):
        return [*before, node.attr]
    return []


def reaches(names: list[str]) -> bool:
    at = kd
    for name in names:
        if not hasattr(at, name):
            return False
        at = getattr(at, name)
    return True


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_script_names_what_there_is(path):
    assert missing(path.read_text(encoding="utf-8")) == []


def test_what_is_not_there_is_found():
    text = (
        "from kdviz.data import mnist, gone\nfrom kdviz.lost import x\nimport kdviz as kd\nkd.models.mlp(kd.data.away)"
    )
    assert missing(text) == ["kdviz.data.gone", "kdviz.lost.x", "kd.data.away"]
