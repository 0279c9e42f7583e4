"""Lessons for two graders that others run: nbgrader's source version, and tests of otter-grader.

Both mark what ``lesson.check`` says: all points where every check passes, none else. Nothing of theirs is imported.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from . import student

SCHEMA = 3  # of nbgrader's metadata
OTTER_TEST = """from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = {points}


@test_case(points={points}, hidden=False)
def check(env):
    found = eval({call!r}, env)
    assert found, str(found)
"""


def nbgrader_written(source: Path, target: Path, *, points: int = 1) -> list[Path]:
    """Write nbgrader's source versions of all notebooks of a folder: solutions and all, for its own release.

    Each ``lesson.check(...)`` becomes a cell of its own that is graded and locked; a cell with a solution may be
    written in; words between the marks of a solution are graded by hand.

    Parameters
    ----------
    source : path
        Full notebooks.
    target : path
        Such as ``source/NAME`` of an nbgrader course.
    points : int
        For each exercise.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`kdviz.lessons.student.written`.
    """
    made = {}
    for path in student.notebooks_in(source, target):
        try:
            student.version_of(student.full(path))  # its marks are right
            made[target / path.name] = student.as_text(nbgrader_version(student.full(path), points=points))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None
    return student.write_all(made)


def otter_written(source: Path, target: Path, *, points: int = 1) -> list[Path]:
    """Write the student's versions of all notebooks of a folder, and for each a folder of otter-grader's tests.

    Parameters
    ----------
    source : path
        Full notebooks.
    target : path
        Tests of ``NAME.ipynb`` lie in ``tests/NAME`` below it.
    points : int
        For each exercise.

    Raises
    ------
    ValueError, FileNotFoundError
        As :func:`kdviz.lessons.student.written`.
    """
    made = {}
    for path in student.notebooks_in(source, target):
        made[target / path.name] = student.text_of(path)
        for name, call in checks_in(student.full(path)):
            test = OTTER_TEST.format(name=name, call=call, points=points)
            made[target / "tests" / path.stem / f"{name}.py"] = test
    return student.write_all(made)


def checks_in(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the name and the call of each ``lesson.check("name", ...)`` that stands as a line of its own."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from ((name, text) for _, name, text in _calls(cell.source))


def nbgrader_version(notebook: NotebookNode, *, points: int = 1) -> NotebookNode:
    """Return nbgrader's source version of a full notebook, which stays as it is.

    >>> from nbformat.v4 import new_notebook
    >>> source = "### BEGIN SOLUTION\\nT = 4\\n### END SOLUTION\\nlesson.check('T', T)"
    >>> cells = nbgrader_version(new_notebook(cells=[new_code_cell(source)])).cells
    >>> [(cell.source, cell.metadata.nbgrader.grade) for cell in cells]
    [('### BEGIN SOLUTION\\nT = 4\\n### END SOLUTION', False), ("lesson.check('T', T)", True)]
    """
    made = student.cleared(notebook)
    cells: list[NotebookNode] = []
    seen: dict[str, int] = {}
    for cell in made.cells:
        if student.ONLY_FULL in cell.metadata.get("tags", ()):
            continue
        rest, checks = (cell.source, []) if cell.cell_type != "code" else _apart(cell.source)
        if rest or not checks:
            cell.source = rest
            cells.append(cell)
        if student.BEGIN in rest:
            words = cell.cell_type != "code"
            cell.metadata["nbgrader"] = _metadata(f"solution-{cell.id}", grade=words, solution=True, points=points)
        for name, call in checks:
            seen[name] = seen.get(name, 0) + 1
            name = name if seen[name] == 1 else f"{name}-{seen[name]}"
            graded = _metadata(f"check-{name}", grade=True, solution=False, points=points)
            cells.append(new_code_cell(call, id=f"{cell.id[:40]}-{len(cells)}", metadata={"nbgrader": graded}))
    made.cells = cells
    return made


def _metadata(name: str, *, grade: bool, solution: bool, points: int) -> dict[str, Any]:
    own = {"schema_version": SCHEMA, "grade_id": name, "grade": grade, "solution": solution, "locked": not solution}
    return {**own, "task": False, **({"points": points} if grade else {})}


def _apart(source: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a cell without its checks, and these by name."""
    lines = source.split("\n")
    found = list(_calls(source))
    for statement, _, _ in found:
        for at in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
            lines[at] = ""
    return "\n".join(lines).strip("\n") if found else source, [(name, text) for _, name, text in found]


def _calls(source: str) -> Iterator[tuple[ast.Expr, str, str]]:
    try:
        statements = ast.parse(student.without_magics(source)).body
    except SyntaxError:
        return
    for one in statements:
        call = one.value if isinstance(one, ast.Expr) else None
        if not (isinstance(one, ast.Expr) and isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        named = call.args[0] if call.args else None
        if call.func.attr != "check" or not (isinstance(named, ast.Constant) and isinstance(named.value, str)):
            continue
        if not any(other is not one and _share_a_line(one, other) for other in statements):
            text = ast.get_source_segment(source, call) or ""
            yield one, named.value, text if text and "\n" not in text else ast.unparse(call)


def _share_a_line(one: ast.stmt, other: ast.stmt) -> bool:
    return one.lineno <= (other.end_lineno or 0) and other.lineno <= (one.end_lineno or 0)
