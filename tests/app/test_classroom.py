"""Bounds of a server, and a class on one: three come, two find room, all train, and nobody's kernel is left behind."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psutil
import pytest

from kdviz import shared
from kdviz.app import classroom, places, room

NONE = {"anyone": False, "viewers": None, "trainings": None, "steps": None, "memory": None}


def bounds(**given: Any) -> classroom.Classroom:
    return classroom.of(argparse.Namespace(**NONE | given), forked=True, free=8000)


def test_ones_own_machine_is_not_bounded() -> None:
    assert bounds() == classroom.Classroom()
    assert bounds(trainings=1) == classroom.Classroom(trainings=1)


@pytest.mark.parametrize("given", [{"anyone": True}, {"viewers": 12}], ids=["anyone", "viewers"])
def test_where_others_come_in_all_is_bounded(given: dict[str, Any]) -> None:
    made = bounds(**given)
    assert made.viewers == given.get("viewers", 30) and made.of_client == given.get("viewers")
    assert made.trainings == os.cpu_count() and made.steps == classroom.STEPS and made.megabytes == 1000
    chosen = bounds(**given, trainings=0, steps=7, memory=0)
    assert (chosen.trainings, chosen.steps, chosen.megabytes) == (0, 7, 0)


@pytest.mark.parametrize("given", [{"viewers": 0}, {"viewers": room.MOST + 1}, {"steps": -1}, {"memory": -1}])
def test_a_number_that_cannot_be_is_a_sentence(given: dict[str, int]) -> None:
    ((name, value),) = given.items()
    with pytest.raises(ValueError, match=f"--{name} must be between .*, got {value}"):
        bounds(**given)


def test_kernels_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (shared.MOST_STEPS, shared.TRAININGS):
        monkeypatch.setenv(name, "")
    assert classroom.Classroom().tell_kernels(tmp_path) is None and shared.place() is None
    folder = classroom.Classroom(trainings=2, steps=99).tell_kernels(tmp_path)
    assert folder is not None and shared.most_steps() == 99
    place = shared.place()
    assert place is not None and place.before() == 0 and len(list(folder.iterdir())) == 1
    place.give_up()


def kernels(server: int) -> Iterator[tuple[psutil.Process, str]]:
    """The running kernels with their ids."""
    for process in psutil.Process(server).children(recursive=True):
        named = re.search(r"kernel-([\w-]{36})\.json", " ".join(process.cmdline()))
        if named:
            yield process, named[1]


def refused(request: Request) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(request, timeout=60)
    caught.value.close()  # it holds the answer's socket
    assert caught.value.code == 403


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells how much memory a process takes")
def test_a_class_opens_trains_and_leaves(
    serve: Callable[..., Any], impatient: tuple[str, str], benchmark: Callable[[str], ModuleType]
) -> None:
    server = serve(None, "--viewers", "2", program=impatient)
    speaking = benchmark("class")
    (line,) = server.told("For the lecturer alone")
    path = f"voila/render/{places.LAB}"

    async def come_and_go() -> list[Any]:
        viewers = await speaking.a_class(server.base, path, 3, 1)
        stays = speaking.Viewer(server.base, path)
        await stays.open()
        await asyncio.to_thread(looked_after, stays.kernel)
        left = [process for process, kernel in kernels(server.pid) if kernel == stays.kernel]
        stays.vanish()
        gone, _ = await asyncio.to_thread(psutil.wait_procs, left, timeout=60)
        assert len(gone) == len(left) == 1, "a page that went without a word keeps no kernel"
        unwanted = speaking.Viewer(server.base, path)
        await unwanted.open()
        left = [process for process, kernel in kernels(server.pid) if kernel == unwanted.kernel]
        await asyncio.to_thread(end, unwanted.kernel)
        gone, _ = await asyncio.to_thread(psutil.wait_procs, left, timeout=60)
        assert len(gone) == len(left) == 1, "the lecturer ended it"
        unwanted.vanish()
        return [*viewers, stays]

    address, key = line.split()[-1].split("?key=")
    cookie = {"Cookie": f"kdviz-lecturer={key}"}

    def end(kernel: str) -> None:
        with urlopen(Request(address, headers=cookie), timeout=60) as answer:
            (proof, *_) = re.findall(r'name="proof" value="(\w+)"', answer.read().decode())
        guessed, known = (urlencode({"proof": said, "kernel": kernel}).encode() for said in ("guessed", proof))
        refused(Request(address, guessed, cookie))
        urlopen(Request(address, known, cookie), timeout=60).close()

    def looked_after(kernel: str) -> None:
        refused(Request(f"{address}?key=guessed"))
        with urlopen(Request(address, headers=cookie), timeout=60) as answer:
            text = answer.read().decode()
        assert "1 of 2 pages are open" in text and kernel in text and key not in text
        (megabytes,) = re.findall(r'<td [^>]*"Memory \(MB\)">(\d{2,})</td>', text)
        assert 20 < int(megabytes) < 130, "a viewer's own memory"
        for query, accepted in (("", "fr, de-CH;q=0.8"), ("?lang=de", "en")):
            asked = Request(f"{address}{query}", headers={**cookie, "Accept-Language": accepted})
            with urlopen(asked, timeout=60) as answer:
                text = answer.read().decode()
            assert '<html lang="de">' in text and "1 von 2 Seiten sind offen." in text and "Speicher (MB)" in text

    viewers = asyncio.run(come_and_go())
    assert [one.failed for one in viewers] == [""] * 4
    assert any(one.waited for one in viewers), "two had room"
    assert viewers[0].stopped is not None
    server.stop()
