"""What jupyter-server-proxy is given starts ``kdviz serve`` where the proxy looks for it."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kdviz.app import cli, proxied


def test_the_proxy_starts_serve_at_the_address_that_it_forwards(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    group = "jupyter_serverproxy_servers"
    (name, value), *_ = project["entry-points"][group].items()
    made = EntryPoint(name, value, group).load()()
    assert made == proxied.settings() and made["absolute_url"] is True
    program = [part.format(port=8000, base_url="/user/ada/") for part in made["command"]]
    assert program[1:3] == ["-m", "kdviz"]
    options = cli.parser().parse_args(program[3:])
    assert (options.port, options.base_url, options.no_browser) == (8000, f"/user/ada/{name}/", True)
    assert Path(made["launcher_entry"]["icon_path"]).is_file()


def test_a_hub_names_the_folder_in_which_answers_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(proxied.COLLECT, "/srv/{answers}")
    program = [part.format(port=8000, base_url="/user/ada/") for part in proxied.settings()["command"]]
    assert cli.parser().parse_args(program[3:]).answers == Path("/srv/{answers}")
