"""A notebook executed without a kernel: what it shows, in order, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from nbformat import v4, write

SOURCES = [
    "import os, sys\nimport plotly.graph_objects as go\nfrom IPython.display import Markdown, display\nprint('one')",
    "display(Markdown('two'))\nprint('three')\nprint('aside', file=sys.stderr)\n'four'",
    "open('left.txt', 'w').write(open('beside.txt').read());",
    "go.Figure(go.Bar(y=[1]))",
    "import ipywidgets\nipywidgets.IntSlider()",
    "from kdviz.lessons import Lesson, Choice\nlesson = Lesson('a')\n"
    "lesson.add('q', Choice('2 + 2?', {'4': 'Yes.', '5': 'No.'}, right='4'))\nlesson.ask('q')",
    "from kdviz.lessons import Number\nlesson.add('n', Number('How many?', None))\nlesson.ask('n')",
    "lesson.see('n', 3);",
]


def run(path: Path, target: Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "kdviz.app.site.run", str(path), str(target)]
    ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "KDVIZ_TELL": "at-once"})
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.returncode, json.loads(target.read_text(encoding="utf-8"))


def notebook(path: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    cells = [v4.new_code_cell(one, id=f"cell-{i}", metadata={"tags": list(tags)}) for i, one in enumerate(sources)]
    path.parent.mkdir(exist_ok=True)
    write(v4.new_notebook(cells=cells), path)
    return path


def test_outputs_come_in_order_and_nothing_is_left_beside_the_notebook(tmp_path: Path) -> None:
    path = notebook(tmp_path / "course" / "a.ipynb", *SOURCES)
    (path.parent / "beside.txt").write_text("beside")
    status, found = run(path, tmp_path / "shown.json")
    outputs = [cell["outputs"] for cell in found["cells"]]
    assert status == 0
    assert outputs[0] == [{"print": "one\n"}]
    assert [
        one.get("print") or one["data"].get("text/markdown") or one["data"]["text/plain"] for one in outputs[1]
    ] == [
        "two",
        "three\n",
        "'four'",
    ]
    assert outputs[2] == []
    assert outputs[3][0]["data"]["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar"
    assert outputs[4][0]["needs_python"] is True
    (question,) = outputs[5][0]["asks"]
    assert found["page"]["models"][question]["solution"]["right"] == "4"
    assert found["page"]["models"][question]["key"] == "a/q"
    assert [cell["reveals"] for cell in found["cells"][5:]] == [[], [], found["cells"][6]["outputs"][0]["asks"]]
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.ipynb", "beside.txt"]


def test_a_cell_that_fails_is_named_and_one_that_may_fail_waits(tmp_path: Path) -> None:
    path = notebook(tmp_path / "course" / "a.ipynb", "x = 1", "raise KeyError('a\\nb')", "print('never')")
    assert run(path, tmp_path / "shown.json") == (1, {"trouble": "cell 2: KeyError: 'a\\nb'"})
    path = notebook(tmp_path / "course" / "b.ipynb", "1 / 0", "2 +", tags=("raises-exception",))
    status, found = run(path, tmp_path / "shown.json")
    assert (status, [cell["outputs"] for cell in found["cells"]]) == (0, [[{"waits": True}], [{"waits": True}]])
