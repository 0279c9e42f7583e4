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
    import fcntl

    (tmp_path / f"{3:020d}-2").touch()  # of a kernel that has ended
    (tmp_path / "new-of-somebody").touch()
    held = [(tmp_path / name).open("w") for name in (f"{5:020d}-1", f"{7:020d}-{os.getpid()}")]
    for ticket in held:
        fcntl.flock(ticket, fcntl.LOCK_EX)
    looks = lecturer.Looks(Kernels(), tmp_path, 1)  # type: ignore[arg-type]
    first, second = looks.rows()
    assert (first.kernel, first.page, first.client, first.joined) == ("a", "dashboards/study.ipynb", "192.0.2.1", True)
    assert (second.kernel, second.joined) == ("b", False)
    assert first.doing == lecturer.WAITS, "one trains, whose ticket is older"
    assert first.megabytes > 10
    assert len(list(tmp_path.iterdir())) == 3, "the ended kernel's ticket is gone"
    looks.kernels.visits.pop("a")
    assert [row.kernel for row in looks.rows()] == ["b"] and set(looks._before) == {"b"}
    for ticket in held:
        ticket.close()
    looks.clear()
    assert [path.name for path in tmp_path.iterdir()] == ["new-of-somebody"]


def test_another_server_has_another_key_and_the_page_does_not_show_it() -> None:
    ours, theirs = (lecturer.Looks(Kernels(), None, 0) for _ in range(2))  # type: ignore[arg-type]
    assert ours.key != theirs.key and ours.proof != theirs.proof and ours.key not in ours.proof
