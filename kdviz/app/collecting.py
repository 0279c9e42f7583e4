"""What a lesson's page says to the server that collects answers, and what it gets for one: a name, no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, authenticated
from voila.handler import BaseVoilaHandler

from kdviz.app import guard
from kdviz.app.collected import KEY, Collected, Learner, NotCollectedError, folder_name, named, of_hub
from kdviz.app.guard import Guarded

MARK = "X-Kdviz-Answers"  # a header that a page of another site cannot send without being asked whether it may


class AnswersHandler(Guarded, BaseVoilaHandler, JupyterHandler):
    """Takes one answer, or a name alone."""

    policy = guard.ANSWER

    def initialize(self, answers: Collected, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.answers = answers

    def get_login_url(self) -> str:
        raise HTTPError(403)

    def check_xsrf_cookie(self) -> None:
        """A page of another site can send no header of ours. Behind two servers of one host there are two cookies."""
        if self.request.headers.get(MARK) != "1":
            raise HTTPError(403)

    @authenticated
    async def post(self) -> None:
        """Keep it, and say under which name: that of another is never said."""
        self.set_header("Cache-Control", "no-store")
        said = self._said()
        try:
            learner = of_hub() or Learner(named(said.get("name")), _key(said.get("key")))
            name = await asyncio.to_thread(self._keep, learner, said)
        except NotCollectedError as error:
            self.write({"why": error.why})
        except ValueError:
            raise HTTPError(400) from None
        else:
            self.write({"as": name, "another": name != folder_name(learner.name)})

    def _said(self) -> Mapping[str, Any]:
        try:
            said = json.loads(self.request.body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise HTTPError(400) from None
        if not isinstance(said, dict):
            raise HTTPError(400)
        return said

    def _keep(self, learner: Learner, said: Mapping[str, Any]) -> str:
        if "lesson" not in said:
            return self.answers.joins(learner)
        lesson, part = said["lesson"], said.get("part")
        if not isinstance(lesson, str):
            raise ValueError("a lesson's name must be a text")
        if said.get("submitted") is True:
            return self.answers.submit(learner, lesson)
        if not isinstance(part, str):
            raise ValueError("a part's name must be a text")
        return self.answers.put(learner, lesson, part, said.get("answer"))


def _key(given: Any) -> str:
    if not isinstance(given, str) or not KEY.fullmatch(given):
        raise ValueError("a browser's key must have 16 to 64 plain characters")
    return given
