"""The command line: fast to start, one sentence when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import kdviz
from kdviz.app import cli, serve

REPOSITORY = Path(__file__).resolve().parents[2]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert all(command in told for command in ("serve", "run", "doctor", "teach", "answers", "student"))


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kdviz.app.cli import main\n"
        "for command in ('serve', 'answers', 'student'):\n"
        "    try: main([command, '--help'])\n    except SystemExit: pass\n"
        "print(sorted({'torch', 'voila', 'plotly', 'numpy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_version_is_one_number_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out.split() == ["kdviz", kdviz.__version__]
    assert version("kdviz") == kdviz.__version__


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "no/such.ipynb"], r"no/such.ipynb is neither a notebook nor a folder: .+"),
        (["serve", "--ip", "0.0.0.0"], r"--ip 0.0.0.0 can be reached from other machines.+ --anyone .+"),
        (["serve", "--ip", "here"], r"--ip must be an IP address such as 127.0.0.1, got here"),
        (["serve", "--token", "1234567"], r"--token must have 8 to 256 of .+ or 'new'"),
        (["serve", "--token", "with a space"], r"--token must have 8 to 256 of .+ or 'new'"),
        (["serve", "--port", "99999"], r"--port must be between 0 and 65535, got 99999"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 1
    told = capsys.readouterr().err.strip()
    assert re.fullmatch(rf"kdviz serve: {sentence}", told)


@pytest.mark.parametrize(
    ("given", "anyone", "length"), [(None, False, 0), (None, True, 43), ("new", False, 43), ("", True, 0)]
)
def test_a_token_is_made_where_others_reach_the_server(given: str | None, anyone: bool, length: int) -> None:
    made = {serve.token(given, anyone) for _ in range(3)}
    assert {len(one) for one in made} == {length}
    assert len(made) == (3 if length else 1)
    assert serve.token("my.own-token", anyone) == "my.own-token"


def test_unknown_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["doctor", "--no-such-option"])
    assert "--no-such-option" in capsys.readouterr().err


def test_an_unknown_model_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["teach", "vgg"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("kdviz teach: teacher must be one of mnist-mlp-1200, ") and told.endswith("got 'vgg'\n")


def handed_in(path: Path, answer: str) -> None:
    path.parent.mkdir(parents=True)
    row = {"answer": answer, "at": "2026-01-31T12:00:00+00:00", "tries": 1}
    path.write_text(json.dumps({"version": 1, "lesson": "temperature", "submitted": "", "answers": {"cold": row}}))


def test_the_answers_of_a_class_are_written_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    handed_in(tmp_path / "ada" / "temperature.answers.json", "The label alone")
    handed_in(tmp_path / "bob" / "temperature.answers.json", "Its own first choice alone, the wrong one")
    assert cli.main(["answers", str(tmp_path)]) == 0
    told = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [(row["learner"], row["part"], row["right"]) for row in rows] == [
        ("ada", "cold", "False"),
        ("bob", "cold", "True"),
    ]
    assert told.err == ""
    (tmp_path / "cyd").mkdir()
    (tmp_path / "cyd" / "temperature.answers.json").write_text("broken")
    assert cli.main(["answers", str(tmp_path), "--unmarked", "--out", str(tmp_path / "class.csv")]) == 0
    told = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "class.csv").read_text(encoding="utf-8"))))
    assert [row["right"] for row in rows] == ["", "", ""] and rows[2]["trouble"] == "it is not JSON"
    assert (told.out, told.err) == ("", "1 row of 3 could not be read or marked; its last column says why\n")


def test_students_versions_are_made_from_full_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    solutions = str(REPOSITORY / "notebooks" / "solutions")
    for option, more in (("", 0), ("--nbgrader", 0), ("--otter", 2)):
        folder = tmp_path / f"made{option}"
        assert cli.main(["student", solutions, str(folder), *([option] if option else [])]) == 0
        written = capsys.readouterr().out.splitlines()
        assert len(written) >= 1 + more and all(Path(line).is_file() for line in written)
        text = (folder / "02-temperature.ipynb").read_text(encoding="utf-8")
        assert ("BEGIN SOLUTION" in text) == ("grade_id" in text) == (option == "--nbgrader")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["answers", "no/such"], r"kdviz answers: there are no files of answers \(\*.answers.json\) in no/such"),
        (["student", "no/such", "x"], r"kdviz student: there are no notebooks in no/such"),
        (["student", "{0}", "{0}"], r"kdviz student: the student's versions need a folder of their own: .+"),
        (["student", "{0}", "/dev/null/x"], r"kdviz student: .*Not a directory.*"),
    ],
)
def test_folders_that_cannot_be_meant_are_answered_with_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    solutions = str(REPOSITORY / "notebooks" / "solutions")
    assert cli.main([one.format(solutions) for one in arguments]) == 1
    assert re.fullmatch(sentence, capsys.readouterr().err.strip())


def test_every_command_of_the_lecturers_guide_is_one() -> None:
    text = (REPOSITORY / "docs" / "teaching.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = re.findall(r"^(?:KDVIZ_\w+=\w+ )?kdviz (.*?)(?: {5,}.*)?$", "".join(blocks), re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        assert cli.parser().parse_args(shlex.split(command)).command in ("serve", "answers", "student")
