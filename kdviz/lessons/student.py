"""Makes the student's version of a lesson from the full one: solutions out, gaps in, outputs cleared.

The marks are nbgrader's, so that a lecturer can use either: what stands between ``### BEGIN SOLUTION`` and ``### END
SOLUTION`` becomes a gap; what stands between ``### BEGIN HIDDEN TESTS`` and ``### END HIDDEN TESTS`` goes. A gap in a
function raises ``NotImplementedError``, which a check takes for "nothing yet"; elsewhere the names that a solution sets
are left open (``T = ...``), so that the notebook runs to its end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent

import nbformat
from nbformat import NotebookNode

from ..whole_files import write_whole

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
OPENED = {END: BEGIN, END_HIDDEN: BEGIN_HIDDEN}
GAP = "# Write your code here."
NOTHING_YET = "raise NotImplementedError"
WORDS_GAP = "*Write your answer here.*"
ONLY_FULL = "solution"  # tag of a cell that the student's version does not have

LOOKS_LIKE_A_MARK = re.compile(r"#\s*(BEGIN|END)[ _-]*(SOLUTION|HIDDEN[ _-]*TEST)", re.IGNORECASE)
MAGIC = re.compile(r"^(\s*)[%!?].*")


def written(source: Path, target: Path) -> list[Path]:
    """Write the student's versions of all notebooks of a folder, and return their paths.

    Parameters
    ----------
    source : path
        Full notebooks, solutions and all.
    target : path
        Written over there are notebooks of the same names; nothing else is touched.

    Raises
    ------
    ValueError
        If a notebook cannot be read, a mark has no end, or an end no mark; the sentence names notebook and cell.
    FileNotFoundError
        If there are no notebooks in ``source``.
    """
    made = {target / path.name: text_of(path) for path in notebooks_in(source, target)}  # all or nothing
    return write_all(made)


def notebooks_in(source: Path, target: Path) -> list[Path]:
    """Return the full notebooks of a folder, whose student's versions go to another."""
    found = sorted(path for path in source.glob("*.ipynb") if not path.name.startswith("."))
    if not found:
        raise FileNotFoundError(f"there are no notebooks in {source}")
    if source.resolve() == target.resolve():
        raise ValueError("the student's versions need a folder of their own: they would be written over the full ones")
    return found


def write_all(made: dict[Path, str]) -> list[Path]:
    """Write files, with the folders that they need."""
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True)
    return [write_whole(path, text) for path, text in made.items()]


def text_of(path: Path) -> str:
    """Return the student's version of one notebook, as its file's text."""
    try:
        return as_text(version_of(full(path)))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def full(path: Path) -> NotebookNode:
    """Return a full notebook as it is read."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception:  # not JSON, not a notebook, not of a version that is known
        raise ValueError("it is no notebook that can be read") from None


def as_text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook, indent=1) + "\n"


def version_of(notebook: NotebookNode) -> NotebookNode:
    """Return the student's version of a full notebook, which stays as it is.

    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> source = "def f(x):\\n    ### BEGIN SOLUTION\\n    return 2 * x\\n    ### END SOLUTION"
    >>> print(version_of(new_notebook(cells=[new_code_cell(source)])).cells[0].source)
    def f(x):
        # Write your code here.
        raise NotImplementedError
    """
    made = cleared(notebook)
    kept = [cell for cell in made.cells if ONLY_FULL not in cell.metadata.get("tags", ())]
    for number, cell in enumerate(made.cells, start=1):
        try:
            lines = list(_without_solutions(cell.source, words=cell.cell_type != "code"))
        except ValueError as error:
            raise ValueError(f"cell {number}: {error}") from None
        cell.source = "\n".join(lines)
    made.cells = kept
    return made


def cleared(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without what running it has left: outputs, counts, the state of widgets."""
    made = nbformat.from_dict(notebook)
    made.metadata.pop("widgets", None)
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)
    return made


def _without_solutions(source: str, *, words: bool) -> Iterator[str]:
    inside: str | None = None
    taken: list[str] = []
    begun = 0
    for at, line in enumerate(source.split("\n"), start=1):
        mark = line.strip()
        if mark in OPENED.values():
            if inside:
                raise ValueError(f"“{mark}” stands inside another")
            inside, taken, begun = mark, [], at
        elif mark in OPENED:
            if inside != OPENED[mark]:
                raise ValueError(f"“{mark}” ends nothing")
            if mark == END:
                indent = line[: len(line) - len(line.lstrip())]
                yield from [WORDS_GAP] if words else _gap(indent, taken, in_function=_in_function(source, begun))
            inside = None
        elif LOOKS_LIKE_A_MARK.search(line):
            raise ValueError(f"“{mark}” is no mark; one is a line of its own, such as “{BEGIN}”")
        elif inside:
            taken.append(line)
        else:
            yield line
    if inside:
        raise ValueError(f"“{inside}” has no end")


def _gap(indent: str, taken: Sequence[str], *, in_function: bool) -> Iterator[str]:
    """A gap in a function is a line that says so; elsewhere the names that were set there are left open."""
    yield f"{indent}{GAP}"
    if in_function:
        yield f"{indent}{NOTHING_YET}"
    else:
        yield from (f"{indent}{name} = ..." for name in _names_set("\n".join(taken)))
        if indent:
            yield f"{indent}..."  # a block must not be empty


def _in_function(source: str, at: int) -> bool:
    """Whether a line of a cell, counted from 1, stands in a function's body."""
    lines = [
        f"{line[: len(line) - len(line.lstrip())]}pass" if MAGIC.match(line) else line for line in source.split("\n")
    ]
    try:
        tree = ast.parse(without_magics(source))
    except SyntaxError:
        return lines[at - 1][:1].isspace()  # not known: a gap that says so is better than one that sets nothing
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(one.lineno < at <= (one.end_lineno or 0) for one in functions)


def without_magics(source: str) -> str:
    """Return a cell as Python, line by line: what only IPython understands does nothing."""
    return "\n".join(MAGIC.sub(r"\1pass", line) for line in source.split("\n"))


def _names_set(code: str) -> list[str]:
    """Return the names that code sets where it stands: variables, functions, classes.

    >>> _names_set("a, (b, *c) = 1, (2, 3)\\nfor x in y:\\n    d = 4\\ndef f():\\n    e = 5\\nf(g=6)")
    ['a', 'b', 'c', 'd', 'f']
    """
    try:
        tree = ast.parse(dedent(code))
    except SyntaxError:  # a magic, a line that only makes sense where it stands
        return list(dict.fromkeys(re.findall(r"^([A-Za-z_]\w*)\s*=[^=]", dedent(code), re.MULTILINE)))
    found: list[str] = []

    def look(statements: Iterable[ast.stmt]) -> None:
        for one in statements:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(one.name)
                continue
            targets = one.targets if isinstance(one, ast.Assign) else [one.target] if hasattr(one, "target") else []
            if not isinstance(one, ast.For | ast.AsyncFor):
                found.extend(n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _stored(n))
            for block in ("body", "orelse", "finalbody"):
                look(getattr(one, block, ()))

    look(tree.body)
    return list(dict.fromkeys(found))


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
