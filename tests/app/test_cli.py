"""The command line: fast to start, one sentence when something is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

import kdviz
from kdviz.app import cli, serve


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert all(command in told for command in ("serve", "doctor", "teach"))


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kdviz.app.cli import main\n"
        "try: main(['serve', '--help'])\nexcept SystemExit: pass\n"
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
