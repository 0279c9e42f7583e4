"""Ctrl-C leaves a run that can be used."""

from __future__ import annotations

import copy
import os
import signal
import threading
import time

import pytest


def test_ctrl_c_leaves_a_usable_run(make):
    run = make(epochs=10_000)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt, match="the run can go on"):
        run.train(progress=False)
    done = run.steps_done
    assert 0 < done < run.total_steps and len(run.history) == done
    run.train(epochs=1, progress=False)
    assert run.steps_done == done + run.steps_per_epoch


def test_ctrl_c_is_heard_while_the_teacher_is_asked(make, teacher):
    slow = copy.deepcopy(teacher)
    run = make(teacher=slow)
    slow.register_forward_hook(lambda *_: time.sleep(0.3))
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run.train(progress=False)
    assert run.steps_done == 0
