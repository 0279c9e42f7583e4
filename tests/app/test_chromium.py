"""A Chromium is found where it is, and its absence is told in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kdviz.app import chromium


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """No Chromium, no apt, and a record of the commands that were tried."""
    tried: list[list[str]] = []
    monkeypatch.delenv("KDVIZ_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    monkeypatch.setattr(chromium, "_playwright_own", lambda: None)
    monkeypatch.setattr(
        chromium.subprocess,
        "run",
        lambda command, **_: tried.append(command) or subprocess.CompletedProcess(command, 1),
    )
    return tried


def test_the_named_executable_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KDVIZ_CHROMIUM", sys.executable)
    assert chromium.find() == sys.executable
    monkeypatch.setenv("KDVIZ_CHROMIUM", str(tmp_path / "none"))
    assert chromium.find() is None


def test_without_apt_playwright_is_asked_and_the_failure_is_one_sentence(
    nowhere: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert chromium.main() == 1
    assert nowhere == [[sys.executable, "-m", "playwright", "install", "chromium"]]
    assert capsys.readouterr().err.strip() == chromium.MANUAL


def test_root_with_apt_installs_debians_package(
    nowhere: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def which(name: str) -> str | None:
        installed = any("install" in command for command in nowhere)
        return "/usr/bin/" + name if name == "apt-get" or (name == "chromium" and installed) else None

    monkeypatch.setattr(chromium.shutil, "which", which)
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0, raising=False)
    assert chromium.main() == 0
    assert [command[:2] for command in nowhere] == [["apt-get", "update"], ["apt-get", "install"]]
    assert "Chromium: /usr/bin/chromium" in capsys.readouterr().out


@pytest.mark.parametrize(("root", "tries"), [(True, 2), (False, 0)])
def test_to_a_chromium_root_adds_its_headless_shell_which_comes_first(
    nowhere: list[list[str]], monkeypatch: pytest.MonkeyPatch, root: bool, tries: int
) -> None:
    there = {"apt-get", "chromium"}

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess:
        nowhere.append(command)
        there.update(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(chromium.subprocess, "run", run)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: "/usr/bin/" + name if name in there else None)
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0 if root else 1000, raising=False)
    assert chromium.install() == "/usr/bin/" + (chromium.HEADLESS_SHELL if root else "chromium")
    assert len(nowhere) == tries and chromium.install() and len(nowhere) == tries, "once"
