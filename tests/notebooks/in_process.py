"""A notebook run in this process, in a shell of IPython: a kernel takes longer to import than most of them to run."""

from __future__ import annotations

import io
import warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import nbformat
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def run(path: Path, more: str = "") -> dict:
    """Run a notebook's cells and return its names; fail at the first cell that fails, and for a warning."""
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(config=config, display_pub_class=CapturingDisplayPublisher)
    shell.displayhook.write_output_prompt = shell.displayhook.write_format_data = lambda *_: None
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")
        for hidden in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", hidden)  # as Python has it: no reader would see them
        for source in [*sources, more]:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                done = shell.run_cell(source, store_history=True)
            done.raise_error()
    assert [str(one.message) for one in warned] == []
    return dict(shell.user_ns)
