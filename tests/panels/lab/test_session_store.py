"""What is on the page is kept: whatever dies, the last save is offered again and goes on bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.distill import Teacher, durable
from kdviz.distill.snapshot import OnDisk
from kdviz.panels.lab import session_files, session_store
from kdviz.panels.lab.session_store import SessionStore
from kdviz.widgets.recording import Frame, LogitRecording

TOKEN = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Keep in a folder of the test's own."""
    monkeypatch.setenv("KDVIZ_KEEP", str(tmp_path / "kept"))
    return tmp_path / "kept"


@cache
def teacher() -> Teacher:
    return Teacher(kd.models.pretrained("mnist-mlp-1200"))


def the_teacher(name: str) -> Teacher:
    """What a page says when it is asked for a teacher it has."""
    assert name == "mnist-mlp-1200"
    return teacher()


@cache
def digits():
    return kd.data.mnist().with_labels(200)


def make_run(epochs: int = 10, **options) -> kd.Distillation:
    student = kd.models.mlp((8,), seed=3)
    options = {"batch_size": 50, "snapshot_every": 7, "allow_weaker_teacher": True, **options}
    return kd.Distillation(teacher(), student, digits(), epochs=epochs, **options)


def film_of(steps, seed: int = 0) -> LogitRecording:
    film, numbers = LogitRecording(), np.random.default_rng(seed)
    for step in steps:
        film.put(Frame.of(step, numbers.normal(size=(6, 10))))
    return film


def steps(run: kd.Distillation, count: int) -> kd.Distillation:
    for _ in range(count):
        run.step()
    return run


def files(place) -> list[str]:
    found = (path for path in place.rglob("*") if path.is_file() and path.name != durable.LOCK)
    return sorted(str(path.relative_to(place)) for path in found)


def same_bits(one: kd.Distillation, other: kd.Distillation) -> bool:
    weights = zip(one.student.state_dict().values(), other.student.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in weights) and one.history.rows.tobytes() == other.history.rows.tobytes()


CONTINUE = textwrap.dedent(
    """
    import hashlib, sys
    import torch
    from kdviz.distill.teacher import weight_hash
    from kdviz.panels.lab.session_store import SessionStore
    torch.set_num_threads(int(sys.argv[2]))
    keeper = SessionStore(sys.argv[1])
    session, runs, films = keeper.load(keeper.offers()[0].id)
    for run in runs.values():
        run.train(progress=False, evaluate=False)
        print(weight_hash(run.student), hashlib.sha256(run.history.rows.tobytes()).hexdigest())
    """
)


def test_a_run_taken_up_in_another_process_goes_on_bit_for_bit():
    import hashlib

    from kdviz.distill.teacher import weight_hash

    runs = {"student": make_run(), "twin": None, "smoothed": None}
    runs["twin"], runs["smoothed"] = runs["student"].twin(), runs["student"].twin(smoothing=0.1)
    for run in runs.values():
        steps(run, 17)
    runs["student"].edit(temperature=8.0, learning_rate=3e-3)
    for run in runs.values():
        steps(run, 2)
    runs["branch"] = steps(runs["student"].branch(9, alpha=0.5), 3)
    assert SessionStore(TOKEN).save({"title": "MNIST"}, runs)
    expected = ""
    for run in runs.values():
        run.train(progress=False, evaluate=False)
        expected += f"{weight_hash(run.student)} {hashlib.sha256(run.history.rows.tobytes()).hexdigest()}\n"
    command = [sys.executable, "-c", CONTINUE, TOKEN, str(torch.get_num_threads())]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == expected


def test_session_runs_and_films_come_back_as_they_were():
    run = steps(make_run(), 16)
    run.evaluate()
    films = {"a": film_of((0, 5, 16))}
    session = {"title": "MNIST, 8 units", "state": "paused", "total_steps": 999, "choices": {"units": 8, "α": [1.5]}}
    keeper = SessionStore(TOKEN)
    assert keeper.save(session, {"a": run}, films)
    assert SessionStore(TOKEN).offers() == [
        session_store.Kept(keeper.id, "MNIST, 8 units", SessionStore(TOKEN).offers()[0].when, 16, 999, "paused")
    ]
    age = datetime.now(UTC) - datetime.fromisoformat(SessionStore(TOKEN).offers()[0].when)
    assert timedelta(0) <= age < timedelta(minutes=1)
    asked = []
    loaded, runs, back = SessionStore(TOKEN).load(keeper.id, lambda name: asked.append(name) or teacher())
    assert loaded == session
    assert list(runs) == ["a"]
    assert runs["a"].teacher is teacher()
    assert asked == ["mnist-mlp-1200"]
    assert same_bits(runs["a"], run)
    assert runs["a"].history.evaluations == run.history.evaluations
    assert [s.step for s in runs["a"].snapshots] == [0, 7, 14, 16]
    for frame, kept in zip(films["a"].frames, back["a"].frames, strict=True):
        assert (frame.step, frame.scale) == (kept.step, kept.scale)
        assert frame.numbers.tobytes() == kept.numbers.tobytes()


def test_keeping_leaves_the_run_as_it_is():
    run, alone = make_run(), make_run()
    keeper = SessionStore(TOKEN)
    for _ in range(10):
        steps(run, 1)
        keeper.save({}, {"a": run})
    steps(alone, 10)
    assert same_bits(run, alone)
    assert [s.step for s in run.snapshots] == [s.step for s in alone.snapshots], "a save stores nothing in the run"


def test_a_snapshot_is_written_once_and_what_nothing_needs_is_cleared_away(place):
    run = steps(make_run(), 15)
    keeper = SessionStore(TOKEN)
    keeper.save({}, {"a": run}, {"a": film_of((0, 15))})
    before = set(files(place))
    assert len(before) == 2 + 1 + 1 + 4  # CURRENT and session, history, film, snapshots 0, 7, 14, 15
    steps(run, 1)
    keeper.save({}, {"a": run}, {"a": film_of((0, 15))})
    after = set(files(place))
    assert len(after) == len(before)
    assert len(after & before) == 1 + 1 + 3  # CURRENT, film, snapshots 0, 7, 14


def test_nothing_is_written_when_nothing_changed(place):
    run = steps(make_run(), 3)
    keeper = SessionStore(TOKEN)
    keeper.save({"title": "a"}, {"a": run}, {"a": film_of((0, 3))})
    before = files(place)
    assert keeper.save({"title": "a"}, {"a": run}, {"a": film_of((0, 3))})
    assert files(place) == before
    keeper.save({"title": "b"}, {"a": run}, {"a": film_of((0, 3))})
    assert len(set(files(place)) - set(before)) == 1, "only the session's text is new"
    assert SessionStore(TOKEN).offers()[0].title == "b"


def test_a_branch_shares_its_snapshots_on_disk(place):
    run = steps(make_run(), 15)
    keeper = SessionStore(TOKEN)
    keeper.save({}, {"a": run})
    count = len(files(place))
    branch = steps(run.branch(14, temperature=2.0), 1)
    keeper.save({}, {"a": run, "b": branch})
    assert len(files(place)) == count + 2, "its history and its snapshot of now; that of the edit is the run's"
    _, runs, _ = SessionStore(TOKEN).load(keeper.id)
    assert same_bits(runs["b"], branch)


def test_another_browser_is_offered_nothing():
    keeper = SessionStore(TOKEN)
    keeper.save({}, {"a": make_run()})
    assert SessionStore(OTHER).offers() == []
    with pytest.raises(ValueError, match="not kept here any more"):
        SessionStore(OTHER).load(keeper.id)
    SessionStore(OTHER).forget(keeper.id)
    assert len(SessionStore(TOKEN).offers()) == 1


@pytest.mark.parametrize(
    "token", ["../" * 10 + "a" * 2, "A" * 32, "a" * 31, "a" * 33, "a" * 31 + "\n", "a" * 32 + "\n", 7]
)
def test_a_token_that_is_none_is_refused(token):
    with pytest.raises(ValueError, match="32 hexadecimal characters"):
        SessionStore(token)


@pytest.mark.parametrize(
    "kept", ["", ".", "..", "../x", "20250131-120000-0123abcd/..", "20250131-120000-0123abcd\n", None]
)
def test_an_id_that_is_none_reaches_no_file(kept, place):
    keeper = SessionStore(TOKEN)
    keeper.save({}, {"a": make_run()})
    before = files(place)
    for act in (keeper.load, keeper.forget):
        with pytest.raises(ValueError, match="id looks like"):
            act(kept)
    assert files(place) == before


def test_without_a_browser_nothing_is_written(place):
    keeper = SessionStore("")
    assert not keeper.save({}, {"a": make_run()})
    assert keeper.offers() == []
    assert keeper.problem == ""
    assert not place.exists()


def test_the_own_session_is_not_offered_and_what_is_forgotten_is_gone(place):
    first, second = SessionStore(TOKEN), SessionStore(TOKEN)
    first.save({"title": "first"}, {"a": make_run()})
    assert first.offers() == []
    assert [kept.title for kept in second.offers()] == ["first"]
    second.forget(first.id)
    assert second.offers() == []
    second.restore(first.id)
    assert [kept.title for kept in second.offers()] == ["first"], "what is forgotten can be brought back"
    second.forget(first.id)
    assert second.offers() == []
    os.utime(place / TOKEN / f"discarded-{first.id}", (0, 0))
    assert first.save({"title": "again"}, {"a": make_run()}), first.problem
    assert [kept.title for kept in second.offers()] == ["again"]
    assert not list((place / TOKEN).glob("discarded-*")), "for an hour, or until the next is discarded"
    with pytest.raises(ValueError, match="cannot be brought back"):
        second.restore("20250131-120000-0123abcd")


def test_a_session_taken_up_takes_the_place_of_the_one_it_was(place):
    run = steps(make_run(), 15)
    SessionStore(TOKEN).save({}, {"a": run}, {"a": film_of((0, 15))})
    second = SessionStore(TOKEN)
    _, runs, films = second.load(second.offers()[0].id, the_teacher)
    assert second.offers() == [], "it is on the page already"
    assert len(SessionStore(TOKEN).offers()) == 1, "until the next save it is the only copy"
    steps(runs["a"], 2)
    second.save({"title": "second"}, runs, films)
    assert second.offers() == []
    third = SessionStore(TOKEN)
    assert [(kept.title, kept.steps_done) for kept in third.offers()] == [("second", 17)]
    _, runs, _ = third.load(second.id, the_teacher)
    assert same_bits(runs["a"], steps(run, 2))


def test_a_session_that_goes_on_elsewhere_stays(place):
    run = steps(make_run(), 2)
    elsewhere, here = SessionStore(TOKEN), SessionStore(TOKEN)
    elsewhere.save({"title": "elsewhere"}, {"a": run})
    _, runs, _ = here.load(elsewhere.id, the_teacher)
    elsewhere.save({"title": "elsewhere"}, {"a": steps(run, 1)})
    here.save({"title": "here"}, runs)
    assert {kept.title for kept in SessionStore(TOKEN).offers()} == {"elsewhere", "here"}


def test_the_newest_three_are_kept():
    run = make_run()
    keepers = [SessionStore(TOKEN) for _ in range(5)]
    for number, keeper in enumerate(keepers):
        keeper.save({"title": str(number)}, {"a": run})
    assert [kept.title for kept in SessionStore(TOKEN).offers()] == ["4", "3", "2"]


def test_over_its_room_the_oldest_session_of_a_browser_goes(place, monkeypatch):
    run = steps(make_run(), 15)
    first = SessionStore(TOKEN)
    first.save({"title": "first"}, {"a": run})
    size = sum(path.stat().st_size for path in place.rglob("*.safetensors"))
    monkeypatch.setattr(session_files, "BYTES", int(2.5 * size))
    for title in ("second", "third"):
        SessionStore(TOKEN).save({"title": title}, {"a": run})
    assert [kept.title for kept in SessionStore(TOKEN).offers()] == ["third", "second"]


def test_a_session_too_large_keeps_fewer_snapshots_or_says_why_it_is_not_kept(monkeypatch):
    run = steps(make_run(), 30)
    whole = sum(s.nbytes for s in run.snapshots)
    monkeypatch.setattr(session_files, "BYTES", int(0.9 * whole))
    keeper = SessionStore(TOKEN)
    assert keeper.save({}, {"a": run}), keeper.problem
    _, runs, _ = SessionStore(TOKEN).load(keeper.id, the_teacher)
    assert [s.step for s in runs["a"].snapshots] == [0, 14, 28, 30]
    assert same_bits(runs["a"], run)
    monkeypatch.setattr(session_files, "BYTES", 1000)
    assert not keeper.save({"title": "larger"}, {"a": steps(run, 1)})
    assert keeper.problem.startswith("This run could not be kept: it takes ")
    assert SessionStore(TOKEN).offers()[0].steps_done == 30, "the save before is still in force"


def test_a_run_made_of_ones_own_parts_is_not_kept_and_it_says_why():
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = kd.models.mlp((4,))

        def forward(self, x):
            return self.inner(x)

    X, y = torch.randn(60, 1, 28, 28), torch.arange(60) % 10
    runs = {
        "student is a module of your own": kd.Distillation(teacher(), Own(), digits(), epochs=1),
        "data are your own": kd.Distillation(
            teacher(), kd.models.mlp((4,)), (X, y), epochs=1, allow_weaker_teacher=True
        ),
        "optimizer or augmentation": make_run(optimizer=lambda p: torch.optim.SGD(p, lr=0.1)),
    }
    for why, run in runs.items():
        keeper = SessionStore(TOKEN)
        assert not keeper.save({}, {"a": run})
        assert why in keeper.problem
        assert keeper.offers() == []


def test_a_run_gone_wrong_leaves_the_save_before_in_force():
    run = steps(make_run(), 3)
    keeper = SessionStore(TOKEN)
    keeper.save({}, {"a": run})
    with torch.no_grad():
        next(run.student.parameters()).fill_(float("nan"))
    steps(run, 1)
    assert not keeper.save({}, {"a": run})
    assert "not finite" in keeper.problem
    assert run.steps_done == 4, "keeping looks and does not touch"
    assert SessionStore(TOKEN).offers()[0].steps_done == 3


def test_a_full_disk_is_a_sentence_and_not_an_error(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    run = make_run()
    keeper = SessionStore(TOKEN)
    keeper.save({"title": "before"}, {"a": run})
    monkeypatch.setattr(durable, "point_to", full)
    assert not keeper.save({"title": "after"}, {"a": run})
    assert keeper.problem == "This run could not be kept: [Errno 28] No space left on device."
    monkeypatch.undo()


HELD = textwrap.dedent(
    """
    import sys, kdviz as kd
    from kdviz.distill import durable
    from kdviz.panels.lab.session_store import SessionStore

    def held(*given, then=durable.point_to):
        print("held", flush=True)
        sys.stdin.readline()
        return then(*given)

    durable.point_to = held
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), kd.data.mnist().with_labels(200))
    keeper = SessionStore(sys.argv[1])
    assert keeper.save({"title": "held"}, {"student": run}), keeper.problem
    """
)


def test_pages_of_one_browser_in_several_processes_save_one_after_the_other(monkeypatch):
    code = [sys.executable, "-c", HELD, TOKEN]
    monkeypatch.setattr(session_store, "WAIT_S", 0.2)
    keeper = SessionStore(TOKEN)
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert not keeper.save({"title": "here"}, {"a": make_run()})
        assert keeper.problem.startswith("This run could not be kept: another process has been writing to ")
        process.communicate("\n")
    assert process.returncode == 0
    assert keeper.save({"title": "here"}, {"a": make_run()}), keeper.problem
    assert [kept.title for kept in SessionStore(TOKEN).offers()] == ["here", "held"]


def test_saves_from_several_threads_come_one_after_the_other():
    run = steps(make_run(), 5)
    keeper = SessionStore(TOKEN)

    def save_often(name: str) -> None:
        for number in range(8):
            assert keeper.save({"title": f"{name}{number}"}, {"a": run}), keeper.problem

    threads = [threading.Thread(target=save_often, args=(name,)) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SessionStore(TOKEN).offers()[0].title in ("x7", "y7")
    assert same_bits(SessionStore(TOKEN).load(keeper.id, the_teacher)[1]["a"], run)


SAVE_FOR_EVER = textwrap.dedent(
    """
    import sys, numpy as np, torch, kdviz as kd
    from kdviz.widgets.recording import LogitRecording, Frame
    from kdviz.panels.lab.session_store import SessionStore
    torch.set_num_threads(1)
    run = kd.Distillation("TEACHER" and kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((64,), seed=1),
                          kd.data.mnist().with_labels(200), epochs=100_000, batch_size=10, snapshot_every=5)
    runs, film, keeper = {"student": run, "twin": run.twin()}, LogitRecording(), SessionStore(sys.argv[1])
    for r in runs.values():
        r.step()
    while True:
        for r in runs.values():
            r.step()
        film.put(Frame.of(run.steps_done, np.full((50, 10), 1.0 + run.steps_done)))
        assert keeper.save({"title": "t"}, runs, {"student": film}), keeper.problem
        print(run.steps_done, flush=True)
    """
).replace('"TEACHER" and ', "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    "share", [0.0, 0.31, 0.77, *(pytest.param(share, marks=pytest.mark.full) for share in (0.13, 0.52))]
)
def test_killed_at_any_moment_the_last_complete_save_is_offered(share, place):
    """``share``: how much of the time that a step and a save take passes before the process dies."""
    command = [sys.executable, "-c", SAVE_FOR_EVER, TOKEN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told, clock = 0, [datetime.now(UTC)]
    while told < 12:
        told = int(process.stdout.readline())
        clock.append(datetime.now(UTC))
    dies = threading.Event()
    dies.wait(share * (clock[-1] - clock[-2]).total_seconds())  # the moment of death, somewhere within a save
    os.kill(process.pid, signal.SIGKILL)
    told = max([told, *map(int, process.communicate()[0].split())])
    keeper = SessionStore(TOKEN)
    (kept,) = keeper.offers()
    assert kept.steps_done in (told, told + 1)
    session, runs, films = keeper.load(kept.id, the_teacher)
    assert session == {"title": "t"}
    assert {run.steps_done for run in runs.values()} == {kept.steps_done}, "all runs are of one save"
    assert films["student"].steps[-1] == kept.steps_done
    steps(runs["student"], 2)
    steps(runs["twin"], 2)
    assert keeper.save(session, runs, films), keeper.problem
    assert len(SessionStore(TOKEN).offers()) == 1


def test_snapshots_that_wait_on_the_disk_are_written_once_and_come_back(place, monkeypatch):
    run = make_run()
    run._store.limit = 0  # all but the last wait in temporary files
    steps(run, 30)
    keeper = SessionStore(TOKEN)
    assert keeper.save({}, {"a": run}), keeper.problem
    fetched = []
    monkeypatch.setattr(OnDisk, "load", lambda held: fetched.append(held.step))
    steps(run, 1)
    assert keeper.save({}, {"a": run}), keeper.problem
    assert fetched == [], "what is written already is not read again"
    monkeypatch.undo()
    monkeypatch.setenv("KDVIZ_KEEP", str(place))
    _, runs, _ = SessionStore(TOKEN).load(keeper.id, the_teacher)
    assert same_bits(runs["a"], run)
    for one in (run, runs["a"]):
        one.train(progress=False, evaluate=False)
    assert same_bits(runs["a"], run)
