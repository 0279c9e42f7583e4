"""The engine: repeatable, branchable, editable, honest about what it is given."""

from __future__ import annotations

import copy
import gc
import os
import signal
import threading
import time
import weakref
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kdviz as kd
from kdviz.distill import NonFiniteLossError, Teacher
from kdviz.distill.snapshot import Snapshot

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


def test_every_epoch_visits_every_example_once_in_another_order(make):
    run = make()
    rows = [
        torch.cat([run._batches[e * run.steps_per_epoch + i].inputs for i in range(run.steps_per_epoch)])
        for e in (0, 1)
    ]
    assert not torch.equal(rows[0], rows[1])
    sums = [sorted(r.sum(1).tolist()) for r in (*rows, run.data.train.inputs())]
    assert sums[0] == sums[1] == sums[2]


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


def test_a_student_looked_at_in_eval_mode_goes_on_in_training_mode(make):
    runs = [make(small(dropout=0.5)).train(epochs=1, progress=False) for _ in range(2)]
    runs[0].student.eval()
    for run in runs:
        run.train(epochs=1, progress=False, evaluate=False)
    assert same_weights(runs[0].student, runs[1].student)


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


def test_a_forward_that_works_in_place_does_not_change_the_data(make, clouds):
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = small()

        def forward(self, x):
            x -= 0.5
            return self.inner(x)

    before = [clouds.train.x.clone(), clouds.validation.x.clone()]
    make(InPlace()).train(progress=False)
    assert torch.equal(before[0], clouds.train.x)
    assert torch.equal(before[1], clouds.validation.x)


def test_a_branch_leaves_its_origin_alone(make):
    run = make().train(epochs=2, progress=False)
    before = copy.deepcopy(run.student)
    run.branch(10, temperature=1.0, learning_rate=0.1).train(progress=False)
    assert same_weights(before, run.student)
    assert run.history.edits == []


def test_at_gives_the_student_as_it_was(make):
    run = make()
    seen = {}
    for step in run:
        seen[step.number] = copy.deepcopy(run.student)
    for number in (1, 6, 7, 8, 30, run.steps_done):
        assert same_weights(run.at(number), seen[number])
    assert not run.at(3).training
    with pytest.raises(ValueError, match=f"0 ... {run.steps_done}.*got 9999"):
        run.at(9999)


def steps_trained_by(call, monkeypatch):
    taken, advance = [], kd.Distillation._advance
    with monkeypatch.context() as patched:
        patched.setattr(kd.Distillation, "_advance", lambda run: (taken.append(1), advance(run))[1])
        call()
    return len(taken)


def test_snapshots_that_are_many_wait_on_the_disk_and_no_step_is_trained_again(make, monkeypatch):
    run = make(snapshot_every=1)
    run._store.limit = 6 * run.snapshot().nbytes
    seen = {step.number: copy.deepcopy(run.student) for step in run}
    assert run._store.steps == list(range(run.steps_done + 1))
    assert run._store.memory <= run._store.limit
    for step in (3, 23):
        assert same_weights(run.at(step), seen[step])
        assert steps_trained_by(partial(run.at, step), monkeypatch) == 0
    files = [held._path for held in run._store._held if not isinstance(held, Snapshot)]
    assert files and all(Path(file).exists() for file in files)
    del run
    gc.collect()
    assert not any(Path(file).exists() for file in files)


def test_snapshots_that_the_disk_has_no_room_for_are_thinned_with_a_word(make, monkeypatch):
    run = make(snapshot_every=1)
    run._store.limit = 6 * run.snapshot().nbytes
    monkeypatch.setattr("kdviz.distill.snapshot.DISK_BYTES", 4 * run.snapshot().nbytes)
    with pytest.warns(UserWarning, match="every second one is dropped.* larger snapshot_every keeps fewer"):
        seen = {step.number: copy.deepcopy(run.student) for step in run}
    assert len(run.snapshots) <= 14
    assert same_weights(run.at(23), seen[23])


def test_the_best_step_is_had_without_training_again(make, monkeypatch):
    run = make(epochs=4).train(progress=False)
    best = run.best_step()
    assert steps_trained_by(lambda: run.at(best), monkeypatch) == 0
    assert best in run._store.steps


def test_an_edit_takes_effect_at_the_next_step_and_is_recorded_with_it(make):
    run = make()
    for _ in range(5):
        run.step()
    run.edit(temperature=8.0, alpha=0.25, learning_rate=1e-2)
    run.step()
    frame = run.history.frame()
    assert frame.index.tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["temperature"].tolist() == [4.0] * 5 + [8.0]
    assert frame["weight_soft"].tolist() == [0.9] * 5 + [0.25]
    assert frame["weight_hard"].iloc[-1] == 0.75
    assert frame["learning_rate"].tolist() == [1e-3] * 5 + [1e-2]
    assert [(e.step, e.name, e.value) for e in run.history.edits] == [
        (5, "temperature", 8.0), (5, "alpha", 0.25), (5, "learning_rate", 1e-2)]  # fmt: skip


def test_the_last_of_several_edits_at_one_step_stands(make):
    run = make()
    run.edit(temperature=2.0)
    run.edit(alpha=0.5)
    run.edit(temperature=9.0)
    run.step()
    assert run.objective.temperature == 9.0
    assert [(e.name, e.value) for e in run.history.edits] == [("alpha", 0.5), ("temperature", 9.0)]


def test_numbers_of_numpy_are_plain_numbers(make, tmp_path):
    run = make(learning_rate=np.float32(1e-3), seed=np.int64(0))
    run.edit(temperature=np.int64(3))
    run.step()
    run.save(tmp_path)
    assert type(run.history.edits[0].value) is float


@pytest.mark.parametrize(("what", "says"), [
    (lambda make: make(learning_rate=kd.schedules.Linear(1e-3, -1e-2)), "learning_rate must be a finite number >= 0"),
    (lambda make: kd.SoftTargets(temperature=kd.schedules.Linear(8, -1)), "temperature must be a finite number > 0"),
    (lambda make: kd.hinton(alpha=kd.schedules.Linear(0.5, 1.5)), "alpha must lie in"),
])  # fmt: skip
def test_a_schedule_out_of_range_is_refused_at_the_start(make, what, says):
    with pytest.raises(ValueError, match=says):
        what(make)


def test_alpha_and_a_warm_up_from_0_may_follow_schedules(make):
    objective = kd.hinton(alpha=kd.schedules.Linear(0.9, 0.1))
    run = make(objective=objective, learning_rate=kd.schedules.Linear(0.0, 1e-2)).train(progress=False)
    soft, hard = run.history.column("weight_soft"), run.history.column("weight_hard")
    assert soft[0] == 0.9 and soft[-1] == pytest.approx(0.1)
    np.testing.assert_allclose(soft + hard, 1.0)
    again = kd.Recipe.from_json(run.recipe.to_json())
    assert again.objective == objective


def test_an_edit_that_cannot_be_made_changes_nothing(make):
    run = make()
    with pytest.raises(ValueError, match=r"alpha must lie in \[0, 1\].*got 1.5"):
        run.edit(temperature=2.0, alpha=1.5)
    with pytest.raises(ValueError, match="temperature, alpha, learning_rate, got 'momentum'"):
        run.edit(momentum=0.9)
    with pytest.raises(ValueError, match="learning_rate must be a finite number > 0, got 0"):
        run.edit(learning_rate=0)
    assert run.history.edits == [] and run.objective.temperature == 4.0


def test_with_alpha_0_the_student_is_its_twin(make):
    run = make(objective=kd.hinton(alpha=0.0))
    twin = run.twin()
    assert same_weights(run.train(progress=False).student, twin.train(progress=False).student)


def test_a_twin_takes_the_learning_rate_and_the_plan_along(make):
    run = make(epochs=2)
    for _ in range(5):
        run.step()
    run.edit(learning_rate=1e-2, temperature=2.0)
    run.train(epochs=3, progress=False)
    twin = run.twin().train(progress=False)
    assert twin.steps_done == run.steps_done
    assert twin.history.column("learning_rate").tolist() == run.history.column("learning_rate").tolist()


def test_the_twin_starts_where_the_student_started(make):
    run = make().train(epochs=1, progress=False)
    twin = run.twin()
    assert same_weights(twin.student, run.at(0))
    assert twin.teacher is None
    assert torch.equal(twin._batches[5].inputs, run._batches[5].inputs)


def test_schedules_follow_the_plan(make):
    rate = kd.schedules.WarmupCosine(1e-2, warmup=0.1)
    run = make(
        objective=0.9 * kd.SoftTargets(temperature=kd.schedules.Linear(8, 1)) + 0.1 * kd.HardLabels(),
        learning_rate=rate,
    )
    run.train(progress=False)
    temperature, learning_rate = run.history.column("temperature"), run.history.column("learning_rate")
    assert temperature[0] == 8 and temperature[-1] == pytest.approx(1)
    assert np.diff(temperature).max() < 0
    assert learning_rate.max() == pytest.approx(1e-2) and learning_rate[-1] == pytest.approx(0, abs=1e-12)
    branch = run.branch(31)
    branch.train(progress=False)
    assert same_weights(branch.student, run.student)


def test_teacher_outputs_are_cached_and_in_line_with_their_inputs(make, teacher):
    asked = []
    hook = teacher.register_forward_hook(lambda *_: asked.append(1))
    run = make()
    run.train(progress=False, evaluate=False)
    before = len(asked)
    run.train(epochs=2, progress=False, evaluate=False)
    hook.remove()
    assert len(asked) == before
    for step in (0, 5, 33):
        batch = run._batches[step]
        torch.testing.assert_close(batch.teacher, teacher(batch.inputs))


def test_a_cache_is_shared_between_runs_and_never_stale(teacher, clouds):
    shared = Teacher(copy.deepcopy(teacher))
    first = shared.logits(clouds.train)
    assert shared.logits(clouds.train) is first
    reordered = clouds.train.take(torch.arange(len(clouds.train) - 1, -1, -1))
    torch.testing.assert_close(shared.logits(reordered), first.flip(0))
    with torch.no_grad():
        next(shared.module.parameters()).add_(1.0)
    assert not torch.allclose(shared.logits(clouds.train), first)


def test_with_augmentation_teacher_and_student_see_the_same_pixels():
    X, y = torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,))
    teacher, seen = kd.models.mlp((8,)).eval(), {}
    student = kd.models.mlp((8,), seed=1)
    run = kd.Distillation(teacher, student, (X, y), augment="shift", batch_size=16, allow_weaker_teacher=True)
    teacher.register_forward_pre_hook(lambda _, args: seen.update(teacher=args[0]))
    student.register_forward_pre_hook(lambda _, args: seen.update(student=args[0]))
    first = run._batches[0].inputs
    run.step()
    assert torch.equal(seen["teacher"], seen["student"])
    assert torch.equal(seen["student"], first)
    again = run.branch(0)
    again.step()
    assert again.history.rows.tobytes() == run.history.rows.tobytes()


def test_no_gradient_reaches_the_teacher_and_a_changed_teacher_is_noticed(teacher, make):
    mine = copy.deepcopy(teacher).requires_grad_(True)
    run = make(teacher=mine)
    run.train(epochs=1, progress=False)
    assert all(p.grad is None for p in mine.parameters())
    with torch.no_grad():
        next(mine.parameters()).mul_(2)
    for use in (
        lambda: run.train(epochs=1, progress=False),
        lambda: run.at(3),
        lambda: run.branch(3),
        lambda: run.evaluate("test"),
    ):
        with pytest.raises(RuntimeError, match="the teacher changed while it was teaching"):
            use()


def test_a_teacher_turned_to_training_mode_is_noticed(teacher, make):
    mine = copy.deepcopy(teacher)
    run = make(teacher=mine)
    run.step()
    mine.train()
    with pytest.raises((ValueError, RuntimeError), match=r"training mode|its mode"):
        run.train(epochs=1, progress=False)


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


def test_going_back_keeps_edits_that_wait_further_on(make):
    run = make(learning_rate=1e30)
    recipe_edit = kd.distill.Edit(40, "temperature", 2.0)
    run.history.edits.append(recipe_edit)
    with pytest.raises(NonFiniteLossError, match="back at step 0"):
        run.train(progress=False)
    assert run.history.edits == [recipe_edit]


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


def test_evaluation_counts_what_it_says(make, teacher, clouds):
    run = make().train(progress=False)
    result = run.evaluate("test")
    with torch.no_grad():
        says = run.student.eval()(clouds.test.inputs()).argmax(1)
        theirs = teacher(clouds.test.inputs()).argmax(1)
    assert result.errors == int((says != clouds.test.y).sum())
    assert result.teacher_errors == int((theirs != clouds.test.y).sum())
    logits = run.student(clouds.test.inputs()).detach()
    assert result.nll == pytest.approx(F.cross_entropy(logits, clouds.test.y).item(), rel=1e-5)
    run.student.train()
    assert result.agreement == pytest.approx((says == theirs).double().mean().item())
    assert [e.step for e in run.history.evaluated("validation")] == [run.steps_per_epoch * k for k in (1, 2, 3, 4)]
    assert run.history.evaluation_frame()["accuracy"].iloc[-1] == result.accuracy


def test_the_best_step_is_the_earliest_with_fewest_errors(make):
    run = make()
    assert run.best_step() is None
    for step, errors, split in [(30, 7, "validation"), (10, 9, "validation"), (20, 7, "validation"), (5, 1, "test")]:
        run.history.evaluations.append(kd.distill.Evaluation(step, split, 100, errors, nll=0.5))
    assert run.best_step() == 20
    assert run.best_step("test") == 5
    assert run.best_step("train") is None


def test_the_student_of_the_best_step_makes_the_errors_that_were_recorded(make):
    run = make(learning_rate=3e-2).train(progress=False)
    recorded = {e.step: e.errors for e in run.history.evaluated()}
    best = run.best_step()
    assert recorded[best] == min(recorded.values())
    validation = run.data.validation
    assert int((run.at(best)(validation.inputs()).argmax(1) != validation.y).sum()) == recorded[best]


def test_batch_normalisation_never_meets_a_single_example(clouds, teacher):
    student = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    odd = kd.data.Splits("odd", "Odd", clouds.classes, clouds.train.take(slice(0, 33)), clouds.validation, clouds.test)
    run = kd.Distillation(teacher, student, odd, batch_size=16, epochs=2)
    assert run._batches.sizes == [16, 17]
    run.train(progress=False)
    branch = run.branch(1)
    branch.train(progress=False)
    assert same_weights(branch.student, run.student)


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
