"""What is measured by a command, in small."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

IMPATIENT = """
import sys
from kdviz.app import cli, kernels, server
kernels.AWAY_S, server.LOOK_MS = 3.0, 500
sys.exit(cli.main())
"""


@pytest.fixture(scope="session")
def benchmark(repository: Path) -> Iterator[Callable[[str], ModuleType]]:
    """``benchmark("class")`` imports ``benchmarks/class.py``."""
    sys.path.insert(0, str(repository / "benchmarks"))
    yield importlib.import_module
    sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The program of a server that waits for three seconds only for a page that vanished."""
    program = tmp_path_factory.mktemp("impatient") / "impatient.py"
    program.write_text(IMPATIENT)
    return sys.executable, str(program)
