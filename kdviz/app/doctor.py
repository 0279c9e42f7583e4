"""``kdviz doctor``: what is installed, what is missing, and what to do about it."""

from __future__ import annotations

import json
import platform
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from kdviz.app import chromium, places

ENGINE = ("numpy", "platformdirs", "safetensors", "torch", "tqdm")
APP = (
    "anywidget",
    "ipykernel",
    "ipywidgets",
    "jinja2",
    "jupyterlab",
    "latex2mathml",
    "mistune",
    "nbformat",
    "pandas",
    "plotly",
    "scikit-learn",
    "voila",
)
TESTS = ("hypothesis", "import-linter", "mypy", "playwright", "pytest", "ruff")
FILES_WANTED = 1024
FILES_A_PAGE = 20
MARKS = {"fine": "ok", "missing": "MISSING", "note": "note"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    subject : str
        What was looked at.
    state : str
        ``"fine"``, ``"missing"`` (needed and not there), or ``"note"`` (not needed by everyone).
    found : str
        What was found.
    advice : str
        What to do about it; empty when nothing has to be done.
    """

    subject: str
    state: str
    found: str
    advice: str = ""


def examine(*, port: int = 8866) -> list[Finding]:
    """Look at all that kdviz needs.

    Parameters
    ----------
    port : int
        The port to try.

    Returns
    -------
    list of Finding
    """
    return [*_packages(), *_machine(), *_materials(), *_pages(), *_files(), _port(port)]


def healthy(findings: list[Finding]) -> bool:
    """Whether nothing that is needed is missing."""
    return all(finding.state != "missing" for finding in findings)


def run(*, port: int, as_json: bool) -> int:
    """Print the findings.

    Parameters
    ----------
    port : int
        The port to try.
    as_json : bool
        Print one JSON object instead of a table.

    Returns
    -------
    int
        1 if something needed is missing, else 0.
    """
    findings = examine(port=port)
    well = healthy(findings)
    if as_json:
        print(json.dumps({"healthy": well, "findings": [asdict(one) for one in findings]}, indent=2))
    else:
        print(report(findings))
    return 0 if well else 1


def report(findings: list[Finding]) -> str:
    """The findings as lines of text.

    Examples
    --------
    >>> print(report([Finding("torch", "missing", "not installed", "pip install kdviz")]))
    MISSING  torch  not installed
                    -> pip install kdviz
    Something needed is missing: see the lines marked MISSING.
    """
    wide = max(len(one.subject) for one in findings)
    lines = []
    for one in findings:
        lines.append(f"{MARKS[one.state]:<7}  {one.subject:<{wide}}  {one.found}")
        if one.advice:
            lines.append(f"{'':<7}  {'':<{wide}}  -> {one.advice}")
    well = "All that is needed is here."
    lines.append(well if healthy(findings) else "Something needed is missing: see the lines marked MISSING.")
    return "\n".join(lines)


def _packages() -> Iterator[Finding]:
    yield Finding("python", "fine", f"{platform.python_version()} ({sys.executable})")
    yield Finding("kdviz", "fine", f"{version('kdviz')} ({places.APP.parent})")
    for names, extra, needed in ((ENGINE, "", True), (APP, "[app]", True), (TESTS, "[test]", False)):
        command = f'pip install "kdviz{extra}"' if extra else "pip install kdviz"
        for name in names:
            try:
                yield Finding(name, "fine", version(name))
            except PackageNotFoundError:
                purpose = "" if needed else " (only the tests need it)"
                state = "missing" if needed else "note"
                yield Finding(name, state, f"not installed{purpose}", command)


def _machine() -> Iterator[Finding]:
    path = chromium.find()
    if path:
        yield Finding("chromium", "fine", path)
    else:
        advice = "python -m kdviz.app.chromium"
        yield Finding("chromium", "note", "not found (only the browser tests need it)", advice)
    try:
        import torch

        from kdviz.distill.threads import available_cpus
    except ImportError as error:
        yield Finding("threads", "missing", f"torch cannot be loaded: {error}", "pip install kdviz")
        return
    cpus, threads = available_cpus(), torch.get_num_threads()
    advice = "" if threads <= cpus else f"set OMP_NUM_THREADS={cpus} for work of your own with torch"
    yield Finding("threads", "note" if advice else "fine", f"{threads} of torch, {cpus} CPUs usable", advice)


def _materials() -> Iterator[Finding]:
    try:
        from kdviz import data, models
    except ImportError as error:
        yield Finding("data and models", "missing", f"cannot be loaded: {error}", "pip install kdviz")
        return
    here = data.available("any")
    for name in data.names("any"):
        if name in here:
            yield Finding(f"data {name}", "fine", "here")
        else:
            yield Finding(f"data {name}", "missing", "its files were not found", "install kdviz again")
    for name in models.names("any"):
        try:
            card = models.card(name)
            yield Finding(f"teacher {name}", "fine", f"{100 * card.test_accuracy:.2f} % on test data")
        except (FileNotFoundError, ValueError) as error:
            yield Finding(f"teacher {name}", "missing", str(error), f"kdviz teach {name}")


def _pages() -> Iterator[Finding]:
    template = places.jupyter_root() / "voila" / "templates" / places.TEMPLATE / "index.html.j2"
    again = "install kdviz again"
    there = template.is_file()
    yield Finding("page template", "fine" if there else "missing", str(template), "" if there else again)
    try:
        lab = places.lab()
    except FileNotFoundError as error:
        yield Finding("notebooks", "missing", str(error), again)
        return
    there = lab.is_file()
    yield Finding("Distillation Lab", "fine" if there else "missing", str(lab), "" if there else again)


def _files() -> Iterator[Finding]:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most == resource.RLIM_INFINITY or most >= FILES_WANTED:
        limit = "no limit" if most == resource.RLIM_INFINITY else f"up to {most}"
        yield Finding("open files", "fine", limit)
    else:
        found = f"up to {most}: enough for some {max(1, (most - 64) // FILES_A_PAGE)} pages of kdviz serve at a time"
        yield Finding("open files", "note", found, f"ulimit -Hn {FILES_WANTED}, or ask whoever runs this machine")


def _port(port: int) -> Finding:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return Finding(f"port {port}", "note", "in use", "kdviz serve takes the next free one")
    return Finding(f"port {port}", "fine", "free")
