"""On-policy distillation as a scheme."""

from __future__ import annotations

import threading

import pytest
import torch

import kdviz as kd

from ..small_text import END, Causal, taught, text


def test_the_scheme_is_its_term_and_the_rest_is_labels():
    teacher = taught(epochs=2)
    run = kd.schemes.on_policy(teacher, Causal(), text(), own=0.7, divergence="reverse", end=END, alpha=0.8)
    assert run.objective == 0.8 * kd.OnPolicy(own=0.7, divergence="reverse", end=END) + (1 - 0.8) * kd.HardLabels()
    assert "own" in run.editable and run.twin().objective == 1.0 * kd.HardLabels()
    assert run.step().loss.isfinite()
    with pytest.raises(ValueError, match=r"alpha must lie in \(0, 1\]"):
        kd.schemes.on_policy(teacher, Causal(), text(), alpha=0)


def test_stop_is_heard_at_the_next_batch_and_keeps_what_was_learned():
    run = kd.schemes.on_policy(taught(epochs=2), Causal(), text(), own=1.0, batch_size=4, epochs=100_000)
    states, changed = [], threading.Condition()

    def report(runner):
        with changed:
            states.append(runner.state)
            changed.notify_all()

    runner = kd.distill.Runner(lambda keep_going: (run, run.twin()), report)
    try:
        runner.send("train")
        with changed:
            assert changed.wait_for(lambda: runner.steps_done > 3, 20)
        runner.send("stop")
        asked = runner.steps_done
        with changed:
            assert changed.wait_for(lambda: states[-1] == "stopped", 20)
        assert runner.steps_done <= asked + 2
        assert len(run.history) == run.steps_done > 3
    finally:
        runner.close()


def test_the_teacher_is_asked_about_the_text_of_each_step_and_nothing_before():
    teacher, asked = taught(epochs=2), []
    teacher.register_forward_hook(lambda module, given, _: asked.append(tuple(given[0].shape)))
    run = kd.schemes.on_policy(teacher, Causal(), text(), own=1.0, batch_size=5, epochs=1, allow_weaker_teacher=True)
    asked.clear()
    run.train(progress=False, evaluate=False)
    assert asked == [(5, 8)] * 4
    assert all(p.grad is None for p in teacher.parameters())
    assert torch.is_grad_enabled()
