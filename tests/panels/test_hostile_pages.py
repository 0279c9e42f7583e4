"""A browser may send anything to any widget: every synced trait and every message is tried with what does not belong.

Widgets, their traits and the commands are found by looking, so that a new one is covered by itself.
"""

from __future__ import annotations

import copy
import logging
import math
import os
import random
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from ipywidgets.widgets import widget as ipywidgets_widget

import kdviz as kd
from kdviz.lessons import Choice, Lesson
from kdviz.lessons.shown import Shown
from kdviz.panels import Compare, Compress, Experiments, Lab, Methods, Pays, Schemes, SoftTargets, StudyPage, Words
from kdviz.panels.live import messages
from kdviz.widgets.from_page import MOST_BYTES, MOST_CHARACTERS, FromPage

SCRIPTS = Path(kd.__file__).parent / "widgets"


COMMANDS = sorted(
    {*messages.LAB, *(c for p in SCRIPTS.glob("*.js") for c in re.findall(r'command: "(\w+)"', p.read_text("utf-8")))}
)


FIELDS = ("step", "run", "name", "seeds", "kept", "hidden", "temperature", "alpha", "fairness", "learning_rate", "x")


DEEP: list = []


for _ in range(500):
    DEEP = [DEEP]


HOSTILE = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.5, 1e300, math.inf, -math.inf, math.nan,
    "", "1", "os:abort", "subprocess:run", "../../etc/passwd", "/etc/passwd", "__class__", "__import__('os').abort()",
    "<img src=x onerror=alert(1)>", "\x00", "\ud800", "x" * (MOST_CHARACTERS + 1), "IPY_MODEL_0", "mnist", "adult",
    "bias", [], [1, 2], ["os:abort"], [[1], [2]], list(range(10_000)), DEEP, {}, {"a": 1}, {"name": "os:abort"},
    {"teacher": []}, b"", b"12", bytes(784), bytes(MOST_BYTES + 1), memoryview(b"\x00\xff"),
]  # fmt: skip


# What an audit hook sees while a page is answered; a hook stays for good, so it writes into the list that is in force.
_seen: list[tuple[str, str]] | None = None


_DANGEROUS = re.compile(r"os\.(system|exec|posix_spawn|spawn|fork)|subprocess\.Popen|pty\.spawn|ctypes\.dlopen")


def _hear(event: str, arguments: tuple) -> None:
    if _seen is not None:
        own = (event, *arguments) == ("ctypes.dlopen", None)  # the C library that is there, for malloc_trim
        if (_DANGEROUS.match(event) and not own) or (
            event == "import" and arguments[0] in ("os:abort", "subprocess:run", "os.abort")
        ):
            _seen.append((event, repr(arguments)[:100]))
        elif event == "open" and isinstance(arguments[0], str) and re.search("passwd|abort|__class__", arguments[0]):
            _seen.append((event, arguments[0]))


sys.addaudithook(_hear)


PANELS = {
    "Lab": lambda: Lab(labels=100, units=8, epochs=1, smoothing=False),
    "Compare": lambda: Compare("mnist-mlp-1200", "mnist-mlp-overfit"),
    "Methods": lambda: Methods(method="soft_targets", epochs=1),
    "Compress": lambda: opened(Compress(teacher="adult-mlp", units=0.5, teaching=1)),
    "Experiments": Experiments,
    "Pays": Pays,
    "Schemes": lambda: Schemes(epochs=3),
    "SoftTargets": lambda: SoftTargets(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), examples=[1, 2, 3]),
    "Study": lambda: opened(StudyPage(labels=100, units=4, epochs=1, seeds=1, temperature=[1, 4], alpha=[0.9])),
    "Words": lambda: opened(Words(data="additions", student="gru-32", epochs=1)),
    "Question": lambda: lesson("at-once").ask("first", opens=SoftTargets(examples=[1, 2, 3])),
    "Quiz": lambda: lesson("submitted").quiz(),
}


def opened(page):
    assert page.wait("idle")
    return page


def lesson(tell):
    made = Lesson("hostile", folder=os.environ["KDVIZ_KEEP"], tell=tell)
    made.add("first", Choice("T?", {"Up": "No.", "Down": "Yes."}, right="Down"), quiz=True)
    return made


@pytest.fixture(params=PANELS)
def panel(request, tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    before = set(ipywidgets_widget._instances)
    made = PANELS[request.param]()
    made.all_widgets = [w for key, w in ipywidgets_widget._instances.items() if key not in before]
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_dangerous():
    global _seen
    _seen = []
    yield
    found, _seen = _seen, None
    assert found == []


@pytest.fixture
def no_traceback(caplog):
    """ipywidgets catches what a message's handler raises and logs it; a page is then left without an answer."""
    caplog.set_level(logging.WARNING)
    yield
    told = [r for r in caplog.records if r.exc_info and not r.getMessage().startswith("a drawing could not")]
    assert told == [], [(r.getMessage(), r.exc_info[1]) for r in told]


def send(widget, data, buffers=()) -> None:
    """Send a message as the kernel hands it on."""
    widget._handle_msg({"content": {"data": data}, "buffers": list(buffers)})


def settled(panel) -> None:
    """Wait until nothing that was set off is under way."""
    if isinstance(panel, Lab):
        panel.command("stop")
        panel.command("reset")
        assert panel.wait("idle", timeout_s=120), panel.status
    elif isinstance(panel, Methods | Schemes):
        panel.command("reset")
        assert panel.wait("idle", timeout_s=120), panel.status
    elif isinstance(panel, StudyPage):
        if panel.run.state in ("running", "stopping"):
            panel.stop()
        assert panel.wait(timeout_s=120), panel.status
    elif isinstance(panel, Compress):
        if panel.setup.state in ("running", "stopping"):
            panel.stop()
        assert panel.wait(timeout_s=120), panel.status
    elif isinstance(panel, Compare):
        assert panel.wait()


def works(panel) -> None:
    """What a panel is there for still comes about."""
    if isinstance(panel, Lab | Methods | Schemes):
        panel.command("step")
        assert panel.wait("paused", "finished", timeout_s=120), panel.status
        assert panel.transport.step == 1 and math.isfinite(panel.scene.teacher_error)
    elif isinstance(panel, Words):
        send(panel.writing, {"method": "custom", "content": {"command": "write", "prompt": "1+", "sampling": "greedy"}})
        assert panel.wait("idle", "paused", "stopped", "finished", timeout_s=60), panel.status
        assert panel.writing.prompt == "1+" and len(panel.writing.texts) >= 2
    elif isinstance(panel, StudyPage):
        send(panel.setup, {"method": "custom", "content": {"command": "choose", "name": "alpha", "value": "0.1,0.9"}})
        assert panel.wait() and panel.map.rows == ["0.1", "0.9"]
    elif isinstance(panel, Compress):
        send(panel.setup, {"method": "custom", "content": {"command": "choose", "name": "units", "value": "0.25"}})
        assert panel.wait() and panel.state["units"] == 0.25
    elif isinstance(panel, Compare):
        other = {"mnist-mlp-1200": "mnist-mlp-overfit"}.get(panel.pair.teacher, "mnist-mlp-1200")
        send(panel.pair, {"method": "update", "state": {"teacher": other, "student": "mnist-mlp-1200"}})
        assert panel.wait() and panel.pair.sizes["teacher"]["title"] == kd.models.card(other).title
        assert np.isfinite(np.frombuffer(panel.scene.exact_logits, "<f4")).all()
    elif isinstance(panel, Experiments):
        send(panel.widget, {"method": "update", "state": {"chosen": "born-again", "guesses": '{"born-again": "same"}'}})
        assert (panel.widget.chosen, panel.widget.guesses) == ("born-again", '{"born-again": "same"}')
    elif isinstance(panel, Pays):
        send(panel.widget, {"method": "update", "state": {"case": "convnet", "answers": 12}})
        assert (panel.widget.case, panel.widget.answers) == ("convnet", 12) and panel.outcome.spent >= 0
    elif isinstance(panel, Shown):
        assert panel.widgets[0].answer in ("", '"Up"', '"Down"')
        send(panel.widgets[0], {"method": "update", "state": {"answer": '"Down"'}})
        if panel.finish is None:
            assert panel.view.children[1].opened
        else:
            assert panel.finish.answered == 1 or panel.finish.submitted  # after that nothing is taken
    else:
        send(panel.widget, {"method": "update", "state": {"temperature": 2.5, "selected": 1}})
        assert (panel.widget.temperature, panel.widget.selected) == (2.5, 1)


def plain(value):
    return value.tobytes() if isinstance(value, memoryview) else value


def test_a_page_sets_no_trait_that_is_only_shown_and_nothing_else_than_is_offered(panel, no_traceback):
    tried = by_page = 0
    for widget in panel.all_widgets:
        assert isinstance(widget, FromPage), f"{type(widget).__name__} takes what a page sends unchecked"
        for name in widget.keys:
            own = bool(widget.trait_metadata(name, "by_page"))
            by_page += own
            for value in HOSTILE:
                before = plain(getattr(widget, name)) if not own else None
                send(widget, {"method": "update", "state": {name: value}})
                tried += 1
                if not own and name not in ANSWERED:
                    assert same(plain(getattr(widget, name)), before), (type(widget).__name__, name, value)
                if own:
                    held = getattr(widget, name)
                    assert held is None or isinstance(held, bool | int | float | str | bytes)
                    assert not isinstance(held, str) or len(held) <= MOST_CHARACTERS
                    assert not isinstance(held, int | float) or abs(held) <= 2**53
                    assert held not in ("os:abort", "subprocess:run", "../../etc/passwd", "/etc/passwd", "__class__")
    assert tried > 1000 and by_page > 1
    settled(panel)
    works(panel)


# What Python answers to the page meanwhile, on a thread.
ANSWERED = {
    "status", "note", "progress", "made_for", "state", "step", "seconds_left", "total_steps", "in_force", "query",
    "call", "code", "link", "question", "runs", "exact", "exact_logits", "verdict", "sentence", "ghost", "against",
}  # fmt: skip


def same(a, b) -> bool:
    return a is b or (type(a) is type(b) and (a == b or a != a))


def test_state_of_several_traits_is_taken_one_by_one(panel):
    for widget in panel.all_widgets:
        state = dict.fromkeys(widget.keys, "os:abort")
        send(widget, {"method": "update", "state": {**state, "no_such_trait": 1, "__class__": "x", 5: 6}})
    scenes = [w for w in panel.all_widgets if type(w).__name__ == "Scene"]
    for scene in scenes:
        send(scene, {"method": "update", "state": {"temperature": 7.5, "alpha": "much", "runs": [], "view": "nowhere"}})
        assert scene.temperature == 7.5 and scene.alpha != "much" and scene.view != "nowhere"
    settled(panel)
    works(panel)


STRANGE = [
    {}, {"method": None}, {"method": "close"}, {"method": ["update"]}, {"method": "update"}, [], None, "update", 5,
    {"method": "update", "state": None}, {"method": "update", "state": []}, {"method": "custom"},
    {"method": "update", "state": {}, "buffer_paths": [["pixels"]]},
    {"method": "update", "state": {}, "buffer_paths": [["a", "b"], 5]},
    {"method": "update", "state": {}, "buffer_paths": "x"}, {"method": "update", "state": {}, "buffer_paths": [[]]},
    {"method": "request_state"}, {"method": "request_state", "state": 5},
]  # fmt: skip


def test_what_is_not_of_the_protocol_is_passed_over(panel, no_traceback):
    for widget in panel.all_widgets:
        for data in STRANGE:
            send(widget, copy.deepcopy(data))
        widget._handle_msg({"content": {}})
    works(panel)


def contents(command: str, rng: random.Random):
    """Messages with a command, and hostile values in some of the fields."""
    yield {"command": command}
    for _ in range(25):
        fields = rng.sample(FIELDS, rng.randrange(1, 4))
        yield {"command": command, **{field: rng.choice(HOSTILE) for field in fields}}


def test_no_message_of_a_page_raises_or_stops_it(panel, no_traceback):
    rng = random.Random(0)
    for widget in panel.all_widgets:
        for value in HOSTILE:
            for content in (value, {"command": value}, {"need": value}, {"hello": value}):
                send(widget, {"method": "custom", "content": content})
            send(widget, {"method": "custom", "content": {"hello": {"browser": value, "query": value}}}, [b"x"])
        if not widget._msg_callbacks.callbacks:
            continue
        for command in COMMANDS:
            for content in contents(command, rng):
                send(widget, {"method": "custom", "content": content})
    if isinstance(panel, Lab | Methods | Schemes):
        status = panel.transport.status
        assert "\n" not in status and "Traceback" not in status and "lambda" not in status
    settled(panel)
    works(panel)


def test_a_hello_writes_and_reads_nowhere_but_where_sessions_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path / "keep"))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("here")
    panel = Lab(labels=100, units=8, epochs=1)
    for token in ("../outside", "..", "/", str(outside), "a" * 33, "A" * 32, "0" * 31 + "/", "0" * 32):
        send(panel.scene, {"method": "custom", "content": {"hello": {"browser": token, "query": ""}}})
        for kept in ("../../outside", "..", ".", "", "precious", str(outside), "20250131-120000-0123abcd"):
            for command in ("forget", "take_up"):
                send(panel.kept, {"method": "custom", "content": {"command": command, "kept": kept}})
    assert panel.wait("idle", timeout_s=120), panel.status
    assert (outside / "precious").read_text() == "here" and [p.name for p in outside.iterdir()] == ["precious"]
    assert "\n" not in panel.transport.status
    panel.close()


def test_what_comes_late_twice_or_out_of_order_throws_no_run_away(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path))
    panel = Lab(labels=1000, units=8, epochs=200, smoothing=False)
    started = threading.Event()
    panel.scene.observe(lambda change: change.new == "running" and started.set(), "state")
    for _ in range(3):
        send(panel.transport, {"method": "custom", "content": {"command": "train"}})
    assert started.wait(60)
    run = panel.run
    send(panel.setup, {"method": "update", "state": {"dataset": "adult", "labels": 300, "units": 16, "epochs": 3}})
    send(panel.presets, {"method": "update", "state": {"chosen": "hinton"}})
    send(panel.presets, {"method": "custom", "content": {"command": "preset", "name": "hinton"}})
    send(panel.kept, {"method": "custom", "content": {"command": "take_up", "kept": "20250131-120000-0123abcd"}})
    assert panel._publisher.wait_until_idle()
    assert panel.run is run and panel.setup.dataset == "mnist" and panel.setup.units == 8
    send(panel.scene, {"method": "update", "state": {"temperature": 8.0}})
    for command in ("pause", "pause", "stop", "branch", "stop"):
        send(panel.transport, {"method": "custom", "content": {"command": command}})
    assert panel.wait("paused", "stopped")
    assert panel.roster.student.run is run and ("temperature", 8.0) in [(e.name, e.value) for e in run.history.edits]
    assert "\n" not in panel.transport.status
    panel.close()


def test_every_command_that_a_script_sends_is_known():
    assert set(COMMANDS) - {"across"} == set(messages.LAB)
