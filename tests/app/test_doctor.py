"""kdviz doctor tells what is missing and what to do about it."""

from __future__ import annotations

import json
import re
import socket
from importlib.metadata import PackageNotFoundError

import pytest

from kdviz.app import cli, doctor


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Packages named here count as not installed."""
    gone: dict[str, str] = {}
    real = doctor.version

    def version(name: str) -> str:
        if name in gone:
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)
    return gone


def finding(subject: str, findings: list[doctor.Finding]) -> doctor.Finding:
    return next(one for one in findings if one.subject == subject)


def test_this_installation_has_its_packages_data_and_template() -> None:
    findings = doctor.examine()
    for subject in ("torch", "voila", "data mnist", "data adult", "page template", "threads"):
        assert finding(subject, findings).state == "fine", finding(subject, findings)


def test_a_missing_package_names_the_command_that_brings_it(
    without: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    without["voila"] = ""
    assert cli.main(["doctor"]) == 1
    told = capsys.readouterr().out
    assert re.search(r'MISSING +voila +not installed\n +-> pip install "kdviz\[app\]"', told)


def test_what_only_the_tests_need_is_no_fault(without: dict[str, str]) -> None:
    without["playwright"] = ""
    found = finding("playwright", doctor.examine())
    assert (found.state, found.advice) == ("note", 'pip install "kdviz[test]"')


def test_json_says_the_same(without: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    without["torch"] = ""
    assert cli.main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is False
    assert {
        "subject": "torch",
        "state": "missing",
        "found": "not installed",
        "advice": "pip install kdviz",
    } in told["findings"]


def test_a_port_in_use_is_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert finding(f"port {port}", doctor.examine(port=port)).found == "in use"


@pytest.mark.parametrize(
    ("hard", "state", "word"),
    [(-1, "fine", "no limit"), (4096, "fine", "up to 4096"), (256, "note", "enough for some 9 pages")],
)
def test_too_few_open_files_are_noticed(monkeypatch: pytest.MonkeyPatch, hard: int, state: str, word: str) -> None:
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    monkeypatch.setattr(resource, "RLIM_INFINITY", -1)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, hard))
    found = finding("open files", doctor.examine())
    assert (found.state, word in found.found, bool(found.advice)) == (state, True, state == "note")
