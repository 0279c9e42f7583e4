"""The student's version of a lesson: no solution is left in it, and it is made again from itself unchanged."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from kdviz.lessons import student

SECRET = "forty_two"


def made(*sources: str) -> list[str]:
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    return [cell.source for cell in student.version_of(notebook).cells]


@pytest.mark.parametrize(
    ("source", "gap"),
    [
        (
            "def f(x):\n    ### BEGIN SOLUTION\n    return forty_two\n    ### END SOLUTION",
            "def f(x):\n    # Write your code here.\n    raise NotImplementedError",
        ),
        (
            "def f(\n    x,\n):\n    for y in x:\n"
            "        ### BEGIN SOLUTION\n        forty_two\n        ### END SOLUTION\n"
            "    return x",
            "def f(\n    x,\n):\n    for y in x:\n        # Write your code here.\n        raise NotImplementedError\n"
            "    return x",
        ),
        (
            "async def f():\n    ### BEGIN SOLUTION\n    forty_two\n    ### END SOLUTION\n%time f()",
            "async def f():\n    # Write your code here.\n    raise NotImplementedError\n%time f()",
        ),
        (
            "class A:\n    def f(self):\n        ### BEGIN SOLUTION\n        forty_two\n        ### END SOLUTION",
            "class A:\n    def f(self):\n        # Write your code here.\n        raise NotImplementedError",
        ),
        ("### BEGIN SOLUTION\nT = forty_two\n### END SOLUTION\nprint(T)", "# Write your code here.\nT = ...\nprint(T)"),
        (
            "### BEGIN SOLUTION\na, b = forty_two\nc: int = 3\nd = f(\n    e=forty_two,\n)\ndef g():\n    h = 1\n"
            "### END SOLUTION",
            "# Write your code here.\na = ...\nb = ...\nc = ...\nd = ...\ng = ...",
        ),
        ("### BEGIN SOLUTION\nprint(forty_two)\n### END SOLUTION", "# Write your code here."),
        ("### BEGIN SOLUTION\n%magic\nT = forty_two\n### END SOLUTION", "# Write your code here.\nT = ..."),
        (
            "for T in (1, 4):\n    ### BEGIN SOLUTION\n    y = forty_two\n    ### END SOLUTION",
            "for T in (1, 4):\n    # Write your code here.\n    y = ...\n    ...",
        ),
        ("x = 1\n### BEGIN HIDDEN TESTS\nassert forty_two\n### END HIDDEN TESTS\ny = 2", "x = 1\ny = 2"),
        ("### BEGIN SOLUTION\nx.a = forty_two\nx[0] = 3\nx += 1\n### END SOLUTION", "# Write your code here.\nx = ..."),
        (
            "### BEGIN SOLUTION  \r\nT = forty_two\r\n### END SOLUTION\r\nT",
            "# Write your code here.\nT = ...\nT",
        ),
    ],
)  # fmt: skip
def test_a_solution_becomes_a_gap(source: str, gap: str) -> None:
    (version,) = made(source)
    assert version == gap and SECRET not in version
    assert made(version) == [version], "made from itself it stays as it is"


def test_gaps_run_to_their_end() -> None:
    """What stands in a function says that there is nothing yet; all else runs."""
    sources = [
        "### BEGIN SOLUTION\nT = 4\n### END SOLUTION",
        "for n in range(2):\n    ### BEGIN SOLUTION\n    y = n\n    ### END SOLUTION",
        "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION",
        "if True:\n    ### BEGIN SOLUTION\n    print(1)\n    ### END SOLUTION",
    ]
    space: dict = {}
    for source in made(*sources):
        exec(source, space)
    assert space["T"] is ... and space["y"] is ...
    with pytest.raises(NotImplementedError):
        space["f"](1)


def test_cells_marked_as_solutions_words_and_outputs_go_and_all_else_stays() -> None:
    cells = [
        new_markdown_cell("# Title\n\nBegin with the solution of $x$."),
        new_markdown_cell(f"Why?\n\n### BEGIN SOLUTION\n{SECRET}\n### END SOLUTION"),
        new_markdown_cell(SECRET, metadata={"tags": ["solution"]}),
        new_code_cell(SECRET, metadata={"tags": ["hide-input", "solution"]}),
        new_code_cell("x", outputs=[new_output("stream", text=SECRET)], execution_count=3,
                      metadata={"tags": ["hide-input"], "jupyter": {"source_hidden": True}}),
        new_raw_cell("raw"),
    ]  # fmt: skip
    full = new_notebook(cells=cells, metadata={"kdviz": {"place": 2}, "widgets": {"state": SECRET}})
    before = nbformat.writes(full)
    version = student.version_of(full)
    assert nbformat.writes(full) == before, "the full one stays as it is"
    assert SECRET not in nbformat.writes(version)
    assert [cell.source for cell in version.cells] == [cells[0].source, "Why?\n\n*Write your answer here.*", "x", "raw"]
    assert [cell.id for cell in version.cells] == [cells[i].id for i in (0, 1, 4, 5)]
    assert version.cells[2].metadata == cells[4].metadata and version.metadata == {"kdviz": {"place": 2}}
    assert nbformat.writes(student.version_of(version)) == nbformat.writes(version)
    nbformat.validate(version)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("### BEGIN SOLUTION\n1", "“### BEGIN SOLUTION” has no end"),
        ("### END SOLUTION", "“### END SOLUTION” ends nothing"),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", "“### BEGIN SOLUTION” stands inside another"),
        ("### BEGIN SOLUTION\n### BEGIN HIDDEN TESTS\n### END SOLUTION", "“### BEGIN HIDDEN TESTS” stands .+"),
        ("### BEGIN SOLUTION\n### END HIDDEN TESTS", "“### END HIDDEN TESTS” ends nothing"),
        ("### BEGIN SOLUTION\n1\n### END SOLUTION\n### END SOLUTION", "“### END SOLUTION” ends nothing"),
        ("# BEGIN SOLUTION\n1\n# END SOLUTION", "“# BEGIN SOLUTION” is no mark; .+"),
        ("###BEGIN SOLUTION\n1", "“###BEGIN SOLUTION” is no mark; .+"),
        ("### begin solution\n1", "“### begin solution” is no mark; .+"),
        ("### BEGIN  SOLUTION\n1", "“### BEGIN  SOLUTION” is no mark; .+"),
        ("x = 1  ### BEGIN SOLUTION", "“x = 1  ### BEGIN SOLUTION” is no mark; .+"),
        ("### BEGIN SOLUTION\n1\n### END SOLUTION.", "“### END SOLUTION.” is no mark; .+"),
        ("### BEGIN HIDDEN TEST\n1", "“### BEGIN HIDDEN TEST” is no mark; .+"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("tags", [[], ["solution"]])
def test_marks_that_do_not_fit_are_refused_with_notebook_and_cell(source, sentence, tags, tmp_path: Path) -> None:
    cells = [new_markdown_cell("# Title"), new_code_cell(source, metadata={"tags": tags})]
    (tmp_path / "full").mkdir()
    for name, written in (("01-fine", cells[:1]), ("02-broken", cells)):
        nbformat.write(new_notebook(cells=written), tmp_path / "full" / f"{name}.ipynb")
    with pytest.raises(ValueError, match=rf"^02-broken.ipynb: cell 2: {sentence}$"):
        student.written(tmp_path / "full", tmp_path / "course")
    assert not (tmp_path / "course").exists(), "all or nothing"


@given(st.lists(st.sampled_from(["a = 1", "  b = 2", "", *student.OPENED, *student.OPENED.values()]), max_size=9))
def test_whatever_the_marks_no_line_between_them_is_left(lines: list[str]) -> None:
    numbered = [line if line.startswith("###") else f"{line}  # {at}" for at, line in enumerate(lines)]
    try:
        (version,) = made("\n".join(numbered))
    except ValueError:
        return
    inside, kept = False, []
    for line in numbered:
        if line.startswith("###"):
            inside = line.startswith("### BEGIN")
        elif not inside:
            kept.append(line)
    assert [line for line in version.split("\n") if re.search(r"# \d", line)] == kept and "###" not in version


def test_only_notebooks_of_the_same_names_are_written_over(tmp_path: Path) -> None:
    full, course = tmp_path / "full", tmp_path / "new" / "course"
    full.mkdir()
    course.mkdir(parents=True)
    (course / "own.ipynb").write_text("own")
    (full / ".hidden.ipynb").write_text("{")
    nbformat.write(new_notebook(cells=[new_code_cell("x")]), full / "01.ipynb")
    assert student.written(full, course) == [course / "01.ipynb"]
    assert (course / "own.ipynb").read_text() == "own"
    text = (course / "01.ipynb").read_bytes()
    student.written(full, course)
    assert (course / "01.ipynb").read_bytes() == text and text.endswith(b"}\n")


def test_folders_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"^there are no notebooks in "):
        student.written(tmp_path, tmp_path / "course")
    nbformat.write(new_notebook(), tmp_path / "01.ipynb")
    with pytest.raises(ValueError, match=r"^the student's versions need a folder of their own"):
        student.written(tmp_path, tmp_path / "." / "x" / "..")
    (tmp_path / "02.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"^02.ipynb: it is no notebook that can be read$"):
        student.written(tmp_path, tmp_path / "course")


FULL = Path(__file__).resolve().parents[2] / "notebooks" / "solutions"
COURSE = FULL.parent / "course"


@pytest.mark.parametrize("path", sorted(FULL.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_course_is_what_the_command_makes_and_holds_no_line_of_a_solution(path: Path) -> None:
    text = (COURSE / path.name).read_text(encoding="utf-8")
    assert text == student.text_of(path), "kdviz student notebooks/solutions notebooks/course"
    sources = [cell.source for cell in nbformat.reads(text, as_version=4).cells]
    lines = {line.strip() for source in sources for line in source.split("\n")}
    solved = 0
    for cell in nbformat.read(path, as_version=4).cells:
        for solution in re.findall(rf"{student.BEGIN}\n(.*?){student.END}", cell.source, re.DOTALL):
            solved += 1
            whole = [line.strip() for line in solution.split("\n") if len(line.strip()) > 12]
            assert not [line for line in whole if line in lines]
        if cell.cell_type == "code" and student.GAP in sources:
            ast.parse(cell.source)
    assert solved >= 2 and not [line for line in lines if "SOLUTION" in line]


def test_each_numbered_notebook_of_the_course_has_its_full_one() -> None:
    numbered = {path.name for path in COURSE.glob("[0-9]*.ipynb")}
    assert numbered == {path.name for path in FULL.glob("*.ipynb")}
