"""The runner: commands return at once, act at the next step, and nothing is left behind."""

from __future__ import annotations

import copy
import threading
import time

import pytest

from kdviz.distill import Runner

from .conftest import same_weights

LONG = 100_000  # epochs: never reached


class Watched:
    """A runner whose reports can be waited for."""

    def __init__(self, build, **hooks) -> None:
        self.states: list[str] = []
        self._changed = threading.Condition()
        self.runner = Runner(build, self._report, **hooks)

    def _report(self, runner: Runner) -> None:
        with self._changed:
            self.states.append(runner.state)
            self._changed.notify_all()

    def wait(self, *states: str) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.states and self.states[-1] in states, 20)

    def wait_for(self, true) -> bool:
        with self._changed:
            return self._changed.wait_for(true, 20)


@pytest.fixture
def watch(make):
    watched = []

    def start(build=None, hooks=None, **arguments) -> Watched:
        def student_and_twin(keep_going):
            run = make(**arguments)
            return run, run.twin()

        watched.append(Watched(build or student_and_twin, **(hooks or {})))
        return watched[-1]

    yield start
    for w in watched:
        w.runner.close()
        assert not w.runner.alive


def test_nothing_starts_before_the_first_command(watch):
    before = threading.active_count()
    watched = watch()
    assert threading.active_count() == before and watched.states == []


def test_train_to_the_end_is_what_training_by_hand_gives(watch, make):
    watched = watch()
    watched.runner.send("train")
    assert watched.wait("finished")
    by_hand = make().train(progress=False)
    student, twin = watched.runner.runs
    assert same_weights(student.student, by_hand.student)
    assert same_weights(twin.student, by_hand.twin().train(progress=False).student)
    assert [len(r.history.evaluated("test")) for r in (student, twin)] == [1, 1]
    assert watched.states[0] == "loading" and watched.runner.seconds_left is None


def test_stop_acts_at_the_next_step(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > 50)
    watched.runner.send("stop")
    asked = watched.runner.steps_done
    assert watched.wait("stopped")
    assert watched.runner.steps_done <= asked + 2
    student, twin = watched.runner.runs
    assert student.steps_done == twin.steps_done == len(student.history) > 50


def test_pause_step_and_go_on(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > 5)
    watched.runner.send("pause")
    assert watched.wait("paused")
    at = watched.runner.steps_done
    watched.runner.send("step")
    assert watched.wait_for(lambda: watched.runner.steps_done == at + 1 and watched.states[-1] == "paused")
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > at + 1)


def test_step_is_the_first_thing_one_can_do(watch):
    watched = watch()
    watched.runner.send("step")
    assert watched.wait("paused") and watched.runner.steps_done == 1


def test_an_edit_reaches_the_student_and_only_its_learning_rate_the_twin(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("step")
    assert watched.wait("paused")
    watched.runner.send("edit", temperature=2.0, learning_rate=1e-2)
    watched.runner.send("step")
    assert watched.wait_for(lambda: watched.runner.steps_done == 2 and watched.states[-1] == "paused")
    student, twin = watched.runner.runs
    assert student.history.column("temperature").tolist() == [4.0, 2.0]
    assert twin.history.column("learning_rate").tolist() == [1e-3, 1e-2]


def test_a_loss_that_explodes_becomes_a_sentence_and_the_thread_lives_on(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("step")
    assert watched.wait("paused")
    watched.runner.send("edit", learning_rate=1e30)
    watched.runner.send("train")
    assert watched.wait("failed")
    assert "try a learning rate below" in watched.runner.message and watched.runner.alive


def test_an_edit_that_cannot_be_made_is_refused_and_training_goes_on(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > 5)
    watched.runner.send("edit", temperature=-1.0)
    assert watched.wait_for(lambda: "temperature must be" in watched.runner.message)
    at = watched.runner.steps_done
    assert watched.wait_for(lambda: watched.runner.steps_done > at) and watched.runner.state == "running"


def test_one_that_is_ahead_waits_for_the_others(watch, make):
    run = make()
    for _ in range(30):
        run.step()
    watched = watch(lambda keep_going: (run, run.twin()))
    watched.runner.send("train")
    assert watched.wait("finished")
    assert [r.steps_done for r in watched.runner.runs] == [68, 68]


def test_what_goes_wrong_while_building_becomes_a_sentence(watch):
    def build(keep_going):
        raise RuntimeError("no such\nluck")

    watched = watch(build)
    watched.runner.send("train")
    assert watched.wait("failed") and watched.runner.message == "RuntimeError: no such luck"


def test_stop_while_loading_leaves_no_run(watch, make):
    asked = threading.Event()

    def build(keep_going):
        from kdviz.distill import Cancelled

        asked.set()
        for done in range(100_000):
            if not keep_going(done, 100_000):
                raise Cancelled("stopped")
            time.sleep(0.001)
        return (make(),)

    watched = watch(build)
    watched.runner.send("train")
    assert asked.wait(10)
    watched.runner.send("stop")
    assert watched.wait("idle") and watched.runner.runs == ()


def test_stop_while_the_test_set_is_opened_keeps_what_was_learned(watch, make, teacher):
    slow = copy.deepcopy(teacher)
    asked = threading.Event()

    def build(keep_going):
        run = make(teacher=slow)
        run.prepare()
        run.evaluate("validation")
        slow.register_forward_hook(lambda *_: asked.set() or time.sleep(0.2))
        return (run,)

    watched = watch(build)
    watched.runner.send("train")
    assert asked.wait(20)
    watched.runner.send("stop")
    assert watched.wait("stopped")
    run = watched.runner.runs[0]
    assert run.steps_done == run.total_steps
    watched.runner.send("train")
    assert watched.wait("finished")


def test_a_stop_before_the_first_step_and_a_second_train_do_no_harm(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("stop")
    watched.runner.send("pause")
    watched.runner.send("step")
    assert watched.wait("paused")
    watched.runner.send("train")
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > 20)
    assert len(watched.runner.runs) == 2


def test_reports_are_few_while_training(watch):
    watched = watch(epochs=LONG)
    watched.runner.send("train")
    assert watched.wait("running")
    start, before = time.perf_counter(), len(watched.states)
    assert watched.wait_for(lambda: len(watched.states) >= before + 8)
    assert time.perf_counter() - start > 0.8


def test_a_branch_takes_over_and_what_it_left_stays_where_it_was(watch, make):
    watched = watch(epochs=LONG)
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.runner.steps_done > 50)
    first = watched.runner.runs
    watched.runner.send("turn_to", build=lambda _: [first[0].branch(20, temperature=1.0)])
    assert watched.wait_for(lambda: watched.runner.runs and watched.runner.runs[0] is not first[0])
    left_at = first[0].steps_done
    assert watched.wait_for(lambda: watched.runner.steps_done > 40)
    assert first[0].steps_done == first[1].steps_done == left_at
    (branch,) = watched.runner.runs
    assert branch.objective.temperature == 1.0 and branch.history.edits[0].step == 20
    watched.runner.send("turn_to", build=lambda _: first, train=False)
    assert watched.wait("stopped") and watched.runner.runs == first
    watched.runner.send("train")
    assert watched.wait_for(lambda: first[0].steps_done > left_at)


def test_a_branch_that_cannot_be_made_is_refused_in_a_sentence_and_the_run_stays(watch):
    watched = watch()
    watched.runner.send("train")
    assert watched.wait("finished")
    runs = watched.runner.runs
    watched.runner.send("turn_to", build=lambda _: [runs[0].branch(10, temperature=-1.0)])
    assert watched.wait_for(lambda: watched.runner.message)
    assert watched.wait("finished") and watched.runner.runs == runs
    assert "temperature must be a finite number > 0" in watched.runner.message


def test_moments_worth_keeping_are_recorded_and_the_end_is_told_before_its_state(watch):
    recorded, ended = [], []
    hooks = {"record": lambda r: recorded.append(r.steps_done), "finished": lambda r: ended.append(r.state)}
    watched = watch(hooks=hooks)
    watched.runner.send("train")
    assert watched.wait("finished")
    assert recorded[0] == 0 and recorded[-1] == watched.runner.total_steps and len(recorded) > 20
    assert ended == ["loading"]


def test_a_finished_hook_may_go_on_with_another_run(watch, make):
    again = []

    def once_more(runner):
        if not again:
            again.append(runner.runs)
            runner.send("turn_to", build=lambda _: [make(seed=1)])

    watched = watch(hooks={"finished": once_more})
    watched.runner.send("train")
    assert watched.wait_for(lambda: watched.states.count("finished") == 2)
    assert watched.runner.runs[0].settings.seed == 1 and again[0][0].settings.seed == 0
