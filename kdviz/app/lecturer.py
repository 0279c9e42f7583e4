"""The lecturer's page: who is there, what they take, and a button that ends a page. For who has its address."""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError
from voila.handler import BaseVoilaHandler

from kdviz import shared
from kdviz.app import collected, room, spoken
from kdviz.app.guard import PAGE, Guarded
from kdviz.app.kernels import Kernels
from kdviz.app.notebooks import RefusedError
from kdviz.words import languages, mark, number, speaking, t, tn

PATH = "kdviz/class"
TABLE = f"{PATH}/answers.csv"
COOKIE = "kdviz-lecturer"
STRANGER = "This page is the lecturer's. Open the address that kdviz serve printed for it when it was started."
TRAINS, WAITS = mark("trains"), mark("waits")
HEADINGS = (
    mark("Page"),
    mark("From"),
    mark("Minutes"),
    mark("Browser"),
    mark("Training"),
    mark("Memory (MB)"),
    mark("CPUs"),
)
POLICY = "; ".join(f"{name} {value}" for name, value in {**PAGE, "form-action": "'self'"}.items())


@dataclass(frozen=True)
class Row:
    """One page that is open.

    Attributes
    ----------
    kernel : str
        Its kernel's id.
    page, client : str
        The notebook, and the address that it was opened from.
    minutes : int
        How long ago.
    joined : bool
        Whether a browser is joined to it now.
    doing : str
        What its kernel does, in a word.
    megabytes : int
        Memory that would be free without it; 0 where that is not known.
    load : float
        CPUs that it has kept busy on average, since the last look or its start.
    """

    kernel: str
    page: str
    client: str
    minutes: int
    joined: bool
    doing: str
    megabytes: int
    load: float


class Looks:
    """Looks at a server's kernels, one after the other.

    Parameters
    ----------
    kernels : Kernels
    trainings : pathlib.Path or None
        Where the tickets of those who train lie, as in :mod:`kdviz.shared`.
    most : int
        How many train at once.
    answers : Collected, optional
        The answers that are collected.
    """

    def __init__(
        self, kernels: Kernels, trainings: Path | None, most: int, answers: collected.Collected | None = None
    ) -> None:
        self.key = secrets.token_urlsafe(24)
        self.answers = answers
        self.kernels, self._trainings, self._most = kernels, trainings, most
        self._before: dict[str, tuple[float, float]] = {}

    @property
    def proof(self) -> str:
        """What a button on the page sends along: another site cannot know it."""
        return hmac.new(self.key.encode(), b"end a page", "sha256").hexdigest()

    def rows(self) -> list[Row]:
        """Who is there, the longest first."""
        doing = self._training()
        rows = []
        for which, visit in sorted(self.kernels.visits.items(), key=lambda item: item[1].since):
            if which not in self.kernels:
                continue
            pid = getattr(self.kernels.get_kernel(which).provisioner, "pid", None)
            used = room.usage(pid) if pid else None
            rows.append(
                Row(
                    which,
                    visit.page,
                    visit.client,
                    int((time.time() - visit.since) / 60),
                    bool(self.kernels._kernel_connections.get(which)),
                    doing.get(pid or 0, ""),
                    used.own if used else 0,
                    self._load(which, used.seconds, visit.since) if used else 0.0,
                )
            )
        self._before = {row.kernel: self._before[row.kernel] for row in rows if row.kernel in self._before}
        return rows

    def _load(self, which: str, seconds: float, since: float) -> float:
        before, then = self._before.get(which, (0.0, since))
        self._before[which] = seconds, time.time()
        return max(0.0, seconds - before) / max(0.5, time.time() - then)

    def clear(self) -> None:
        """Remove the tickets of kernels that have ended."""
        self._tickets()

    def _tickets(self) -> list[str]:
        """The tickets of those who train or wait, in the order drawn."""
        if self._trainings is None:
            return []
        try:
            return shared.alive(self._trainings)
        except OSError:
            return []

    def _training(self) -> dict[int, str]:
        """Process ids of those who train, and of those who wait for their turn."""
        names = self._tickets()
        return {int(name.rpartition("-")[2]): TRAINS if i < self._most else WAITS for i, name in enumerate(names)}


class LecturerHandler(Guarded, BaseVoilaHandler, JupyterHandler):
    """Shows the page, and ends what its buttons say."""

    policy = POLICY

    def initialize(self, looks: Looks, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.looks = looks

    async def prepare(self) -> None:  # type: ignore[override]
        await super().prepare()
        given = self.get_query_argument("key", None)
        known = given if given is not None else self.get_cookie(COOKIE, "")
        if not hmac.compare_digest((known or "").encode(), self.looks.key.encode()):
            raise RefusedError(403, STRANGER)
        if given is not None:  # the address bar is seen by the room
            self.set_cookie(COOKIE, given, httponly=True, samesite="Strict", path=self.request.path)
            self.redirect(self._address)

    @property
    def _address(self) -> str:
        """Of this page, in the language that was asked for, without the key."""
        asked = self.get_query_argument("lang", "")
        return self.request.path + (f"?lang={asked}" if asked in languages() else "")

    def check_xsrf_cookie(self) -> None:
        """A form of this page brings its proof instead."""

    async def get(self) -> None:
        """Show who is there."""
        rows = await asyncio.to_thread(self.looks.rows)
        answers = self.looks.answers
        learners, answered = await asyncio.to_thread(answers.counts) if answers else (0, [])
        self.set_header("Cache-Control", "no-store")
        language = spoken.language(self)
        with speaking(language):
            self.write(
                self.render_template(
                    "class.html",
                    lines=self._in_words(rows),
                    headings=[t(heading) for heading in HEADINGS],
                    rows=[_shown(row) for row in rows],
                    texts=_texts(),
                    proof=self.looks.proof,
                    collects=answers is not None,
                    answered=answered,
                    named=tn("{n} learner has given a name.", "{n} learners have given a name.", learners),
                    table=f"{self.base_url}{TABLE}",
                    language=language,
                )
            )

    def _in_words(self, rows: list[Row]) -> list[str]:
        """How many are there, and what they take."""
        kernels = self.looks.kernels
        there = t("{n} of {seats} pages are open.", n=number(len(rows)), seats=number(kernels.seats))
        if kernels.line:
            there = f"{there} {tn('One more waits in line.', '{n} more wait in line.', len(kernels.line))}"
        taken, free = number(sum(row.megabytes for row in rows)), number(room.free())
        takes = t("They take {taken} MB; {free} MB are free.", taken=taken, free=free)
        if hasattr(os, "getloadavg"):
            load = number(os.getloadavg()[0], ".1f")
            wants = t("On average {load} processes want one of {cpus} CPUs.", load=load, cpus=os.cpu_count())
            takes = f"{takes} {wants}"
        return [there, takes]

    async def post(self) -> None:
        """End a page's kernel."""
        if not hmac.compare_digest(self.get_body_argument("proof", "").encode(), self.looks.proof.encode()):
            raise HTTPError(403)
        which = self.get_body_argument("kernel", "")
        if which in self.looks.kernels.visits and which in self.looks.kernels:
            await self.looks.kernels.shutdown_kernel(which)
        self.redirect(self._address)


class TableHandler(LecturerHandler):
    """The answers of the class, as ``kdviz answers`` writes them: in a process of its own, for marking needs torch."""

    one_at_a_time = asyncio.Lock()

    async def get(self) -> None:
        """Send the table."""
        assert self.looks.answers is not None
        command = [sys.executable, "-m", "kdviz", "answers", str(self.looks.answers.folder)]
        async with self.one_at_a_time:
            made = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
        if made.returncode:
            raise RefusedError(404, "There are no answers yet.")
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="answers.csv"')
        self.set_header("Cache-Control", "no-store")
        self.write(made.stdout)

    async def post(self) -> None:
        """Nothing is changed here."""
        raise HTTPError(405)


def _shown(row: Row) -> dict[str, Any]:
    """A row for the template: the cells below all headings but the first, and what its button does."""
    return {
        "kernel": row.kernel,
        "page": row.page,
        "cells": [
            row.client,
            number(row.minutes),
            t("joined") if row.joined else t("away"),
            t(row.doing) if row.doing else "–",
            number(row.megabytes) if row.megabytes else "–",
            number(row.load, ".1f"),
        ],
        "ends": tn(
            "End {page} of {client}, open for {n} minute",
            "End {page} of {client}, open for {n} minutes",
            row.minutes,
            page=row.page,
            client=row.client,
        ),
    }


def _texts() -> dict[str, str]:
    return {
        "class": t("Class"),
        "title": t("Your class"),
        "open": t("Open pages"),
        "end": t("End page"),
        "note": t(
            "To end a page frees its memory. Its run is kept, and offered to the same browser when it opens the page "
            "again."
        ),
        "nobody": t("Nobody is here yet."),
        "answers": t("Answers"),
        "download": t("Download their answers, marked (CSV)"),
        "lesson": t("Lesson"),
        "question": t("Question"),
        "answered": t("Answered"),
        "none": t("No answer has been given yet."),
    }
