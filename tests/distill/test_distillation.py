"""The engine: repeatable, branchable, editable, honest about what it is given."""

from __future__ import annotations

import copy
import gc
import threading
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.distill import NonFiniteLossError

from .conftest import same_weights, small


def test_a_run_is_the_plain_loop_written_out(make, teacher, clouds):
    """One epoch by hand: same order, same loss, same optimizer, same weights to the last bits of float32."""
    run = make(objective=kd.hinton(0.7, 3.0))
    by_hand = small()
    optimizer = torch.optim.Adam(by_hand.parameters(), lr=1e-3, fused=True)
    for i in range(run.steps_per_epoch):
        batch = run._batches[i]
        s, t = by_hand(batch.inputs), teacher(batch.inputs)
        kl = F.kl_div(F.log_softmax(s / 3, 1), F.log_softmax(t / 3, 1), log_target=True, reduction="batchmean")
        loss = 0.7 * 9 * kl + 0.3 * F.cross_entropy(s, batch.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step = run.step()
        assert step.loss.item() == pytest.approx(loss.item(), rel=1e-5)
    for ours, theirs in zip(run.student.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_bits(make):
    a, b = make(seed=3).train(progress=False), make(seed=3).train(progress=False)
    assert same_weights(a.student, b.student)
    assert a.history.rows.tobytes() == b.history.rows.tobytes()


def test_another_seed_gives_another_run(make):
    assert not same_weights(make(seed=3).train(progress=False).student, make(seed=4).train(progress=False).student)


def test_the_global_generator_is_left_alone_and_does_not_matter(make):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    a = make(small(dropout=0.5)).train(progress=False)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    b = make(small(dropout=0.5)).train(progress=False)
    assert same_weights(a.student, b.student)


def test_iterating_is_training(make):
    a, b = make(), make().train(progress=False, evaluate=False)
    numbers = [step.number for step in a]
    assert numbers == list(range(1, a.total_steps + 1))
    assert same_weights(a.student, b.student)


def test_training_on_is_the_same_as_training_at_once(make):
    a, b = make(epochs=4), make(epochs=4)
    a.train(progress=False)
    for _ in range(4):
        b.train(epochs=1, progress=False)
    assert same_weights(a.student, b.student)


@pytest.mark.parametrize("hidden", [{"hidden": (8,)}, {"hidden": (8,), "dropout": 0.3}])
@pytest.mark.parametrize("step", [0, 1, 13, 14, 40])
def test_branch_without_edits_repeats_the_run(make, hidden, step):
    run = make(small(**hidden))
    for _ in range(20):
        run.step()
    run.edit(temperature=2.0, learning_rate=3e-3)
    run.train(progress=False)
    branch = run.branch(step)
    assert branch.steps_done == step
    branch.train(progress=False)
    assert branch.history.rows.tobytes() == run.history.rows.tobytes()
    assert same_weights(branch.student, run.student)


def test_a_branch_with_edits_goes_its_own_way(make):
    run = make()
    for _ in range(20):
        run.step()
    run.edit(temperature=2.0)
    run.train(progress=False)
    branch = run.branch(10, alpha=0.5)
    assert [(e.step, e.name) for e in branch.history.edits] == [(10, "alpha")]
    branch.train(progress=False)
    assert branch.history.column("temperature").tolist() == [4.0] * 68
    assert branch.history.column("weight_soft").tolist() == [0.9] * 10 + [0.5] * 58
    assert same_weights(branch.at(10), run.at(10))


def test_a_branch_from_now_takes_a_waiting_edit_and_a_longer_plan_along(make):
    run = make(epochs=2).train(progress=False)
    run.train(epochs=1, progress=False)
    run.edit(temperature=2.0)
    branch = run.branch()
    assert branch.total_steps == run.total_steps == 51 and branch.objective.temperature == 2.0
    assert run.branch(20).train(progress=False).steps_done == 51


def test_a_branch_forgets_what_its_origin_did_later(make):
    run = make(snapshot_every=5).train(progress=False)
    branch = run.branch(12, learning_rate=1e-2)
    for _ in range(8):
        branch.step()
    assert not same_weights(branch.at(18), run.at(18))
    by_hand = run.branch(12, learning_rate=1e-2)
    for _ in range(6):
        by_hand.step()
    assert same_weights(branch.at(18), by_hand.student)


def test_runs_on_two_threads_do_not_mix_their_randomness(make):
    alone = make(small(dropout=0.5)).train(progress=False)
    together = [make(small(dropout=0.5)) for _ in range(2)]
    threads = [threading.Thread(target=run.train, kwargs={"progress": False}) for run in together]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    for thread in threads:
        thread.start()
    for _ in range(200):
        kd.models.mlp((4,))
    for thread in threads:
        thread.join()
    assert all(same_weights(run.student, alone.student) for run in together)
    assert torch.equal(before, torch.get_rng_state())


def test_a_branch_leaves_its_origin_alone(make):
    run = make().train(epochs=2, progress=False)
    before = copy.deepcopy(run.student)
    run.branch(10, temperature=1.0, learning_rate=0.1).train(progress=False)
    assert same_weights(before, run.student)
    assert run.history.edits == []


def test_unlabelled_examples_teach_through_the_soft_term_alone(make, clouds):
    few = clouds.with_labels(30, keep_unlabelled=True)
    run = make(data=few).train(progress=False)
    assert run.history.frame().notna().all(axis=None)
    alone = make(data=few, objective=kd.SoftTargets(), learning_rate=2e-2).train(progress=False)
    assert alone.evaluate("test").accuracy > 0.75
    assert alone.editable == ("temperature", "learning_rate")


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_snapshot(make):
    run = make()
    for _ in range(20):
        run.step()
    good = copy.deepcopy(run.student)
    run.edit(learning_rate=1e30)
    for _ in range(3):
        run.step()
        run.history.frame()  # looking at the records must not hide what is wrong with them
    with pytest.raises(
        NonFiniteLossError,
        match=r"became (nan|inf) at step \d+; the student is back at step 20.*learning rate below 1e\+30",
    ):
        run.train(progress=False)
    assert run.steps_done == 20 and same_weights(run.student, good)
    assert run.history.edits == [] and np.isfinite(run.history.rows).all()
    run.train(epochs=1, progress=False)
    assert run.history.column("learning_rate")[-1] == 1e-3


def test_weights_that_explode_at_the_last_step_are_noticed(make):
    run = make()
    for _ in range(run.total_steps - 1):
        run.step()
    run.edit(learning_rate=1e39)
    with pytest.raises(
        NonFiniteLossError, match="a weight was no longer finite after step 68; the student is back at step 67"
    ):
        run.train(progress=False)
    assert run.steps_done == 67 == len(run.history)


def test_a_run_that_is_dropped_is_freed_at_once(make):
    run = make()
    run.step()
    gone = weakref.ref(run)
    gc.disable()
    del run
    freed = gone() is None
    gc.enable()
    assert freed


def test_patience_stops_when_validation_errors_stop_falling_and_keeps_what_was_learned(make):
    run = make(epochs=60, learning_rate=3e-2).train(progress=False, patience=3)
    per_epoch = run.steps_per_epoch
    assert run.steps_done < run.total_steps and run.steps_done == run.best_step() + 3 * per_epoch
    errors = [e.errors for e in run.history.evaluated("validation")]
    assert min(errors) == errors[-4] and run.train(progress=False).steps_done == run.total_steps
    with pytest.raises(ValueError, match="patience must be at least 1 epoch, got 0"):
        make().train(progress=False, patience=0)
    with pytest.raises(ValueError, match="needs evaluate=True"):
        make().train(progress=False, evaluate=False, patience=2)


def test_a_run_shows_what_it_is_and_how_far(make):
    run = make()
    next(iter(run))
    assert repr(run) == f"Distillation({run.objective}, clouds, step 1 of {run.total_steps})"
