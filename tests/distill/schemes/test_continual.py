"""One task after the other: what the memory keeps, and that it is kept exactly."""

from __future__ import annotations

from functools import lru_cache

import pytest
import torch
import torch.nn.functional as F

import kdviz as kd
from kdviz.distill.schemes.continual import Retained, continual, retained, tasks_of
from kdviz.distill.terms.replay import Reservoir
from kdviz.measure.gradients import term_gradients

from ..conftest import same_weights, small


@pytest.fixture(scope="module")
def parts() -> tuple[kd.data.Splits, ...]:
    """Four clouds in two tasks, so that forgetting is plain."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(800) % 4
    x = 2 * F.one_hot(y, 4) + torch.randn(800, 4, generator=generator)
    return tasks_of(kd.data.splits((x, y), name="clouds"), [(0, 1), (2, 3)])


REPLAY = kd.HardLabels() + kd.DarkReplay(alpha=0.5, beta=0.5, capacity=40, replayed=16)


NUMBERS = {"epochs": 6, "batch_size": 16, "learning_rate": 1e-2, "snapshot_every": 7}


def four(seed: int = 0, **more) -> torch.nn.Module:
    return kd.models.mlp((16,), inputs=4, classes=4, seed=seed, **more)


@lru_cache
def trained(parts, objective=REPLAY):
    """The trained runs; tests look at them and leave them as they are."""
    return tuple(run.train(progress=False, evaluate=False) for run in continual(four(), parts, objective, **NUMBERS))


def test_the_memory_keeps_what_is_lost_without_it(parts):
    with_it, without = retained(trained(parts), parts), retained(trained(parts, kd.HardLabels()), parts)
    assert without.forgetting > 0.7  # the first task is all but gone
    assert with_it.forgetting < 0.3
    assert with_it.last > without.last + 0.2


def test_told_the_task_a_student_forgets_less(parts):
    runs = trained(parts, kd.HardLabels())
    assert retained(runs, parts, task_known=True).last > retained(runs, parts).last + 0.2


def test_student_and_memory_are_handed_on_bit_for_bit(parts):
    runs = continual(four(), parts, REPLAY, **NUMBERS)
    first = next(runs).train(progress=False)
    second = next(runs)
    assert same_weights(second.student, first.student) and second.student is not first.student
    assert same_weights(second.auxiliary, first.auxiliary)
    assert same_weights(second.branch(0).auxiliary, first.auxiliary)  # the snapshot at step 0 knows it too
    before = {name: tensor.clone() for name, tensor in first.auxiliary.state_dict().items()}
    second.train(progress=False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in first.auxiliary.state_dict().items())
    assert second.settings.seed == first.settings.seed + 1


def test_at_and_branch_replay_student_and_memory_exactly(parts):
    run = trained(parts)[1]
    for step in (0, 3, 17):
        other = run.branch(step).train(progress=False)
        assert same_weights(other.student, run.student) and same_weights(other.auxiliary, run.auxiliary)
        assert other.history.rows.tobytes() == run.history.rows.tobytes()


def test_a_saved_run_goes_on_with_its_memory(parts, tmp_path):
    run = list(trained_but_for_the_end(parts))[-1]
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=parts[1])
    assert same_weights(loaded.auxiliary, run.auxiliary)
    for each in (run, loaded):
        each.train(progress=False)
    assert same_weights(loaded.student, run.student) and same_weights(loaded.auxiliary, run.auxiliary)


def trained_but_for_the_end(parts):
    for run in continual(four(), parts, REPLAY, **NUMBERS):
        yield run.train(progress=False, epochs=3 if run.data is parts[1] else None)


def test_an_empty_memory_is_saved_too(parts, tmp_path):
    run = next(iter(continual(four(), parts, REPLAY, **NUMBERS)))
    run.save(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=parts[0])
    assert loaded.auxiliary["dark_replay"].filled == 0
    assert same_weights(loaded.train(progress=False).student, run.train(progress=False).student)


def test_the_loss_is_what_the_paper_says(parts):
    """One step by hand: CE on the stream, and the two parts on what the memory holds."""
    run = trained(parts)[0]
    memory: Reservoir = run.auxiliary["dark_replay"]
    x, y = parts[0].train.inputs(slice(0, 16)), parts[0].train.y[:16]
    s = run.student(x)
    outputs = kd.distill.terms.Outputs(s, None, y, 16, inputs=x, auxiliary=memory.eval(), model=run.student)
    term = kd.DarkReplay(capacity=40, replayed=40)
    torch.manual_seed(3)
    value = term.value(outputs, {"alpha": 0.3, "beta": 0.7})
    memory.train()
    h = run.student(memory.inputs).double()
    mse = sum((h[i, c] - memory.logits[i, c]) ** 2 for i in range(40) for c in range(4)) / (40 * 4)
    ce = -sum(h[i].log_softmax(0)[memory.labels[i]] for i in range(40)) / 40
    assert value.item() == pytest.approx((0.3 * mse + 0.7 * ce).item(), rel=1e-5)


def test_alpha_and_beta_follow_edits_and_the_memory_fills_whatever_they_are(parts):
    objective = kd.HardLabels() + 0.0 * kd.DarkReplay(alpha=0.5, capacity=10)
    run = kd.Distillation(None, four(), parts[0], objective, **NUMBERS)
    plain = kd.Distillation(None, four(), parts[0], kd.HardLabels(), **NUMBERS)
    for _ in range(5):
        run.step()
        plain.step()
    assert run.auxiliary["dark_replay"].filled == 10
    assert same_weights(run.student, plain.student)  # at weight 0 it is not felt
    run.edit(weight_dark_replay=1.0, dark_replay_beta=2.0)
    run.step()
    plain.step()
    assert not same_weights(run.student, plain.student)
    assert run.history.frame()["dark_replay_beta"].iloc[-1] == 2.0


def test_making_a_run_leaves_the_memory_empty(parts):
    run = kd.Distillation(None, four(), parts[0], REPLAY, **NUMBERS)
    assert int(run.auxiliary["dark_replay"].seen) == 0


def test_looking_at_the_gradients_of_terms_does_not_fill_the_memory(parts):
    run = kd.Distillation(None, four(), parts[0], REPLAY, **NUMBERS)
    run.step()
    before = {name: tensor.clone() for name, tensor in run.auxiliary.state_dict().items()}
    norms = term_gradients(run).norms
    assert len(norms) == 2 and min(norms) > 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in run.auxiliary.state_dict().items())


def test_forgetting_is_the_mean_fall_from_the_best():
    table = torch.tensor([[0.9, 0.0, 0.2], [0.5, 0.8, 0.1], [0.6, 0.3, 0.7]], dtype=torch.float64)
    assert Retained(table).forgetting == pytest.approx(((0.9 - 0.6) + (0.8 - 0.3)) / 2)
    assert Retained(table).last == pytest.approx((0.6 + 0.3 + 0.7) / 3)
    with pytest.raises(ValueError, match="at least 2 tasks"):
        _ = Retained(table[:1, :1]).forgetting


def test_tasks_share_no_example_and_keep_their_labels(clouds):
    parts = tasks_of(clouds, [(2,), (0, "1")])
    assert [sorted(part.train.y.unique().tolist()) for part in parts] == [[2], [0, 1]]
    assert sum(len(part.train) for part in parts) == len(clouds.train)
    assert parts[0].classes == clouds.classes and parts[1].name == "clouds-task-2"


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([(0, 1), (1,)], "each class may belong to one task"),
        ([(0, 9)], "an index below 3 or a name"),
        ([("dog",)], "an index below 3 or a name"),
        ([()], "task 1 has no training example"),
    ],
)
def test_tasks_that_make_no_sense_are_refused(clouds, groups, message):
    with pytest.raises(ValueError, match=message):
        tasks_of(clouds, groups)


def test_an_untrained_run_is_noticed_when_the_next_is_asked_for(parts):
    runs = continual(four(), parts, REPLAY, **NUMBERS)
    next(runs)
    with pytest.raises(ValueError, match="was not trained and the next run learns from it"):
        next(runs)


@pytest.mark.parametrize("wrong", [{"alpha": -1}, {"beta": float("nan")}, {"capacity": 0}, {"replayed": 1.5}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kd.DarkReplay(**wrong)


def test_what_is_measured_must_be_there(parts):
    runs = trained(parts)[:1]
    with pytest.raises(ValueError, match="as many trained runs as tasks"):
        retained(runs, parts)


def test_a_student_of_other_classes_is_refused(parts):
    with pytest.raises(ValueError, match="the models have 3 classes and the data 4"):
        next(iter(continual(small(), parts)))
