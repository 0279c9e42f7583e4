"""What every scheme must do: obey its seed, and leave an example without a label in no class."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

import kdviz as kd
from kdviz.distill.schemes import View, private_parts, train_each

from ..conftest import small

SHORT = {"epochs": 1, "batch_size": 32, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def some(clouds) -> kd.data.Splits:
    """A third of the training examples has no label."""
    y = clouds.train.y.clone()
    y[::3] = -1
    return replace(clouds, train=replace(clouds.train, y=y), name="some")


def last_of(runs) -> kd.Distillation:
    return train_each(runs, progress=False)[-1]


def squeezed(data: kd.data.Splits) -> kd.data.Splits:
    """Inputs within 0 and 1, as those are that are moved a little."""
    parts = {name: getattr(data, name) for name in ("train", "validation", "test")}
    return replace(data, **{name: replace(part, x=torch.sigmoid(part.x)) for name, part in parts.items()})


Scheme = Callable[[torch.nn.Module, kd.data.Splits, int], kd.Distillation]
MAKE: dict[str, Scheme] = {
    "adversarial": lambda t, d, s: kd.schemes.adversarial(t, small(), d, seed=s, **SHORT),
    "assistant_chain": lambda t, d, s: last_of(
        kd.schemes.assistant_chain(t, [small((16,), seed=2), small()], d, seed=s, **SHORT)
    ),
    "black_box": lambda t, d, s: kd.schemes.black_box(
        t, small(), d, labels="sampled", temperature=5.0, seed=s, **SHORT
    ),
    "born_again": lambda t, d, s: last_of(kd.schemes.born_again(small(), d, generations=2, seed=s, **SHORT)),
    "co_training": lambda t, d, s: last_of(
        kd.schemes.co_training(
            [View(lambda x: x[:, :2], kd.models.mlp((8,), inputs=2, classes=3)), small()],
            d, rounds=2, per_class=3, pool=20, seed=s, **SHORT,
        )
    ),
    "continual": lambda t, d, s: last_of(
        kd.schemes.continual(small(), kd.schemes.tasks_of(d, [(0, 1), (2,)]), seed=s, **SHORT)
    ),
    "data_free": lambda t, d, s: kd.schemes.data_free(t, small(), d, count=40, steps=2, seed=s, **SHORT),
    "federated": lambda t, d, s: last_of(
        kd.schemes.federated(
            [small(seed=1), small(seed=2)], private_parts(d, 2), d, rounds=1, first_epochs=1, shared=50, seed=s,
            batch_size=32,
        )
    ),
    "label_free": lambda t, d, s: kd.schemes.label_free(t, small(), d, seed=s, **SHORT),
    "multi_teacher": lambda t, d, s: kd.schemes.multi_teacher(
        [t, small(seed=5)], small(), d, weighting="confidence", seed=s, **SHORT
    ),
    "mutual_learning": lambda t, d, s: kd.schemes.mutual_learning([small(), small(seed=3)], d, seed=s, **SHORT),
    "snapshot_distillation": lambda t, d, s: kd.schemes.snapshot_distillation(
        kd.Distillation(None, small(), d, kd.HardLabels(), **SHORT).train(progress=False, evaluate=False), 2,
        student=small(seed=4), seed=s, **SHORT,
    ),
    "self_distillation": lambda t, d, s: kd.schemes.self_distillation(small((8, 8)), d, "relu1", seed=s, **SHORT),
    "progressive": lambda t, d, s: last_of(
        kd.schemes.progressive(t, small((32,)), d, [("relu1", "relu1")], seed=s, **SHORT)
    ),
    "quantized": lambda t, d, s: kd.schemes.quantized(t, small(), d, seed=s, **SHORT),
    "robust": lambda t, d, s: kd.schemes.robust(t, small(), squeezed(d), steps=2, seed=s, **SHORT),
    "specialists": lambda t, d, s: last_of(kd.schemes.specialists(t, d, [(0, 1)], seed=s, **SHORT)),
}  # fmt: skip


OF_TEXT = {
    "distilbert",
    "on_policy",
    "sequence_level",
    "tinybert",
}  # of tokens: tried in files of their own


def told(run: kd.Distillation) -> tuple:
    """What a run drew: its examples, the order of its batches, and what it learned of them."""
    if not run.steps_done:
        run.train(progress=False, evaluate=False)
    return run.data.train.fingerprint(), run.history.rows.tobytes()


def test_every_scheme_that_makes_runs_is_tried():
    public = {name: getattr(kd.schemes, name) for name in kd.schemes.__all__}
    makers = {n for n, made in public.items() if callable(made) and "training" in inspect.signature(made).parameters}
    assert makers - OF_TEXT == set(MAKE) and makers >= OF_TEXT


@pytest.mark.parametrize("name", MAKE)
def test_the_same_seed_is_the_same_draw_and_another_seed_another(name, teacher, clouds, some):
    data = some if name == "co_training" else clouds
    first, again, other = (told(MAKE[name](teacher, data, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first[1] != other[1]


DRAW_EXAMPLES = ("black_box", "co_training", "data_free", "federated", "specialists")


@pytest.mark.parametrize("name", DRAW_EXAMPLES)
def test_the_seed_draws_the_examples_too(name, teacher, clouds, some):
    data = some if name == "co_training" else clouds
    make = MAKE[name]
    if name == "specialists":  # fewer at home than others to choose from
        y = data.train.y
        few = torch.cat([torch.nonzero(y == c).flatten()[: 30 if c < 2 else None] for c in range(3)])
        data = replace(data, train=data.train.take(few))
    if name == "federated":

        def make(teacher, data, seed):
            runs = kd.schemes.federated(
                [small(seed=1), small(seed=2)], private_parts(data, 2), data, rounds=1, first_epochs=1, shared=50,
                seed=seed, batch_size=32,
            )  # fmt: skip
            return next(run for run in (r.train(progress=False, evaluate=False) for r in runs) if run.teacher)

    first, again, other = (told(make(teacher, data, seed))[0] for seed in (1, 1, 2))
    assert first == again and first != other


def test_each_round_of_federated_learning_draws_anew(clouds):
    runs = train_each(
        kd.schemes.federated(
            [small(seed=1), small(seed=2)], private_parts(clouds, 2), clouds, rounds=2, first_epochs=1, shared=50,
            batch_size=32,
        ),
        progress=False,
    )  # fmt: skip
    drawn = {run.data.train.fingerprint() for run in runs if run.teacher}
    assert len(drawn) == 2


@pytest.mark.parametrize("name", MAKE)
def test_examples_without_a_label_are_in_no_class(name, teacher, some):
    """What -1 picks by mistake is the last class: nobody may take it for a label."""
    run = MAKE[name](teacher, some, 0)
    if not run.steps_done:
        run.train(progress=False, evaluate=False)
    assert run.history.rows[:, 0].tolist() and all(value == value for value in run.history.rows[:, 0])
    if name == "specialists":  # unlabelled examples are neither special nor others
        assert run.data.train.labelled == len(run.data.train) <= some.train.labelled
    if name == "continual":
        assert run.data.train.labelled == len(run.data.train)


def test_told_the_task_only_the_classes_that_labels_name_compete(some):
    """One run on all classes, asked about tasks of which a part has no label."""
    tasks = kd.schemes.tasks_of(some, [(0,), (1,)])  # class 2, the last, belongs to none
    mixed = []
    for task in tasks:
        both = {}
        for part in ("train", "test"):
            examples = getattr(task, part)
            y = examples.y.clone()
            y[::2] = -1
            both[part] = replace(examples, y=y)
        mixed.append(replace(task, **both))
    run = kd.Distillation(None, small(), some, kd.HardLabels(), **SHORT).train(progress=False, evaluate=False)
    assert kd.schemes.retained([run, run], mixed, task_known=True).accuracy.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    named = kd.schemes.tasks_of(some, [(0, 1), (2,)])
    hidden = [replace(task, train=replace(task.train, y=torch.full_like(task.train.y, -1))) for task in named]
    told_by_test = kd.schemes.retained([run, run], hidden, task_known=True)
    assert told_by_test.accuracy.equal(kd.schemes.retained([run, run], named, task_known=True).accuracy)


def test_soft_labels_follow_what_becomes_of_the_labels(clouds, teacher, some):
    soft = torch.softmax(3 * torch.randn(len(clouds.train), 3, generator=torch.Generator().manual_seed(0)), 1)
    data = replace(clouds, train=replace(clouds.train, y=soft.argmax(1), soft=soft))
    assert kd.schemes.labelled_by(teacher, data).train.soft is None
    assert kd.schemes.label_free(teacher, small(), data).data.train.soft.sum() == 0
    special = next(iter(kd.schemes.specialists(teacher, data, [(0, 2)])))
    window, y = special.data.train.soft, special.data.train.y
    torch.testing.assert_close(window.sum(1), torch.ones(len(window)))
    assert window.shape[1] == 3 and torch.equal(window.argmax(1), y)
    rows = {tuple(row) for row in soft[:, [0, 2, 1]].tolist()}
    assert all(tuple(row) in rows for row in window.tolist())
    y = torch.where(some.train.y < 0, -1, soft.argmax(1))
    part = replace(some, train=replace(some.train, y=y, soft=soft.masked_fill((y < 0)[:, None], 0)))
    runs = kd.schemes.co_training([small(), small(seed=1)], part, rounds=2, per_class=3, **SHORT)
    learned = train_each(runs, progress=False)[-1].data.train
    assert torch.equal(learned.soft.argmax(1), learned.y) and ((learned.soft == 1).any(1)).sum() >= 3
