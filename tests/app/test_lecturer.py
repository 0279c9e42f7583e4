"""The lecturer's page: what it tells of each kernel, and that only the newest look counts for the load."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kdviz.app import lecturer
from kdviz.app.kernels import Visit


class Kernels(dict):
    """Two kernels of this process's id, one with a browser."""

    def __init__(self) -> None:
        own = SimpleNamespace(provisioner=SimpleNamespace(pid=os.getpid()))
        super().__init__(a=own, b=own)
        self.visits = {
            "b": Visit("192.0.2.2", "b", "dashboards/lab.ipynb", since=200.0),
            "a": Visit("192.0.2.1", "a", "dashboards/study.ipynb", since=100.0),
            "gone": Visit("192.0.2.3", "gone"),
        }
        self._kernel_connections = {"a": 1, "b": 0}
        self.get_kernel = self.__getitem__


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process takes")
def test_who_is_there_and_what_they_do(tmp_path: Path) -> None:
    (tmp_path / f"{5:020d}-1").touch()
    (tmp_path / f"{7:020d}-{os.getpid()}").touch()
    (tmp_path / "new-of-somebody").touch()
    looks = lecturer.Looks(Kernels(), tmp_path, 1)  # type: ignore[arg-type]
    first, second = looks.rows()
    assert (first.kernel, first.page, first.client, first.joined) == ("a", "dashboards/study.ipynb", "192.0.2.1", True)
    assert (second.kernel, second.joined) == ("b", False)
    assert first.doing == lecturer.WAITS, "one trains, whose ticket is older"
    assert first.megabytes > 10
    looks.kernels.visits.pop("a")
    assert [row.kernel for row in looks.rows()] == ["b"] and set(looks._before) == {"b"}


def test_another_server_has_another_key_and_the_page_does_not_show_it() -> None:
    ours, theirs = (lecturer.Looks(Kernels(), None, 0) for _ in range(2))  # type: ignore[arg-type]
    assert ours.key != theirs.key and ours.proof != theirs.proof and ours.key not in ours.proof
