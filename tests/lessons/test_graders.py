"""What is written for nbgrader and otter-grader: checks in cells and tests of their own, no solution too many."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kdviz.lessons import Lesson, Number, graders
from kdviz.lessons.exercises import Exercise

DOUBLE = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"
CHECK = 'lesson.check("double", double)'
CELLS = [
    new_markdown_cell("# Title"),
    new_code_cell("import kdviz as kd\n\nlesson.check", outputs=[]),
    new_code_cell(f'{DOUBLE}\n\n\nlesson.check("double", double)', id="first"),
    new_code_cell(f'%time double(2)\n(lesson\n .check("pair", (double, 3)))\nprint("after")\n{CHECK}'),
    new_markdown_cell("Why?\n\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION", id="why"),
    new_code_cell("print('only full')", metadata={"tags": ["solution"]}),
    new_code_cell(f"found = {CHECK}\nif found:\n    {CHECK}\nlesson.check(name)\nx = 1; {CHECK}"),
]  # fmt: skip


@pytest.fixture
def full(tmp_path: Path) -> Path:
    (tmp_path / "full").mkdir()
    nbformat.write(new_notebook(cells=CELLS), tmp_path / "full" / "01.ipynb")
    return tmp_path / "full"


def test_for_nbgrader_each_check_is_a_cell_that_is_graded_and_locked(full: Path, tmp_path: Path) -> None:
    (path,) = graders.nbgrader_written(full, tmp_path / "source" / "kd", points=2)
    made = nbformat.read(path, as_version=4)
    nbformat.validate(made)
    graded = {c.metadata.nbgrader.grade_id: (c.source, c) for c in made.cells if "nbgrader" in c.metadata}
    assert {name: source for name, (source, _) in graded.items()} == {
        "solution-first": DOUBLE,
        "check-double": 'lesson.check("double", double)',
        "check-pair": "lesson.check('pair', (double, 3))",
        "check-double-2": 'lesson.check("double", double)',
        "solution-why": CELLS[4].source,
    }
    for name, (_, cell) in graded.items():
        own = cell.metadata.nbgrader
        by_hand, check = name == "solution-why", name.startswith("check-")
        assert (own.grade, own.solution, own.locked) == (check or by_hand, not check, check)
        assert own.get("points") == (2 if own.grade else None) and own.schema_version == 3 and own.task is False
    sources = [cell.source for cell in made.cells]
    assert sources[4].startswith("%time double(2)") and sources[4].endswith('print("after")')
    assert sources[-1] == CELLS[-1].source, "only what stands by itself is a check"
    assert "print('only full')" not in sources
    assert len({cell.id for cell in made.cells}) == len(made.cells)


def test_for_otter_each_check_is_a_file_beside_the_students_version(full: Path, tmp_path: Path) -> None:
    written = graders.otter_written(full, tmp_path / "out", points=3)
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in written)
    assert names == ["01.ipynb", "tests/01/double.py", "tests/01/pair.py"]
    version = (tmp_path / "out" / "01.ipynb").read_text(encoding="utf-8")
    assert "return 2 * x" not in version and "Because." not in version and "only full" not in version
    text = (tmp_path / "out" / "tests" / "01" / "double.py").read_text(encoding="utf-8")
    assert "return 2" not in text and "points = 3" in text and "\nname = 'double'\n" in text
    lesson = Lesson("mine", folder=tmp_path)
    lesson.add("double", Exercise("", (lambda f: "" if f(2) == 4 else "Twice 2 is 4.",)))
    lesson.add("other", Number("?", 1))
    space: dict = {"test_case": lambda **_: lambda function: function}
    exec(text.replace("from otter.test_files import test_case\n", ""), space)
    space["check"]({"lesson": lesson, "double": lambda x: 2 * x})
    with pytest.raises(AssertionError, match=r"Twice 2 is 4\.$"):
        space["check"]({"lesson": lesson, "double": lambda x: x})


@pytest.mark.parametrize("write", [graders.nbgrader_written, graders.otter_written])
def test_marks_that_do_not_fit_are_refused_and_nothing_is_written(write, full: Path, tmp_path: Path) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell("### BEGIN SOLUTION\n1")]), full / "02.ipynb")
    with pytest.raises(ValueError, match=r"^02.ipynb: cell 1: “### BEGIN SOLUTION” has no end$"):
        write(full, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(FileNotFoundError, match=r"^there are no notebooks in "):
        write(tmp_path / "nowhere", tmp_path / "out")
