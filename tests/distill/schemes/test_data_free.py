"""A transfer set from the teacher alone: what is asked of it, and what comes of it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import kdviz as kd
from kdviz.distill.schemes.data_free import _answers_drawn, _sought, class_likeness, data_free, data_impressions
from kdviz.distill.teacher import weight_hash

from ..conftest import same_weights, small


def test_likeness_is_the_cosine_of_the_last_layers_rows_scaled_to_0_and_1(teacher):
    w = teacher.logits.weight.double()
    likeness = class_likeness(teacher)
    for i in range(3):
        cosines = [float(w[i] @ w[j] / (w[i].norm() * w[j].norm())) for j in range(3)]
        expected = [(c - min(cosines)) / (max(cosines) - min(cosines)) for c in cosines]
        assert likeness[i].tolist() == pytest.approx(expected, abs=1e-9)
    assert torch.equal(class_likeness(teacher, "logits"), likeness)


def test_answers_follow_the_dirichlet_distribution():
    """Means and spread over many draws; the classes take turns, and the scales after each round of them."""
    likeness = torch.tensor([[1.0, 0.5, 0.0], [0.2, 1.0, 0.2], [0.0, 0.1, 1.0]], dtype=torch.float64)
    y = _answers_drawn(likeness, 60_000, (1.0, 0.1), torch.Generator().manual_seed(0)).double()
    assert torch.allclose(y.sum(1), torch.ones(len(y), dtype=torch.float64), atol=1e-5)
    y = y.view(-1, 2, 3, 3)  # round, scale, class, answer
    for scale, beta in enumerate((1.0, 0.1)):
        alpha = beta * likeness + 1e-4
        mean = alpha / alpha.sum(1, keepdim=True)
        variance = mean * (1 - mean) / (alpha.sum(1, keepdim=True) + 1)
        of_scale = y[:, scale]
        torch.testing.assert_close(of_scale.mean(0), mean, atol=0.015, rtol=0)
        torch.testing.assert_close(of_scale.var(0), variance, atol=0.01, rtol=0)


def test_the_teacher_is_as_sure_of_impressions_as_was_asked_for(teacher):
    sure = {}
    for scale in (50.0, 0.1):  # answers near the mean, or nearly one class
        made = data_impressions(teacher, (4,), 60, steps=200, scales=(scale,), bounds=None)
        assert made.labelled == 0 and made.shape == (4,)
        sure[scale] = torch.softmax(teacher(made.inputs()) / 4, 1).amax(1)
        said = teacher(made.inputs()).argmax(1)
        assert torch.bincount(said, minlength=3).min() > 10  # the classes take turns
    likeness = class_likeness(teacher)
    assert sure[50.0].mean().item() == pytest.approx((likeness.amax(1) / likeness.sum(1)).mean().item(), abs=0.1)
    assert sure[0.1].mean() > 0.9


def test_each_input_is_sought_as_if_it_were_alone(teacher):
    """The first of many is the same as the first of few: a batch shares nothing but the time."""
    assert len(data_impressions(teacher, (4,), 300, steps=2)) == 300  # two batches
    x, wanted = torch.randn(5, 4), torch.softmax(torch.randn(5, 3), 1)
    together = _sought(teacher, x.clone(), wanted, 4.0, 30, 0.05, None)
    alone = torch.cat(
        [_sought(teacher, x[i : i + 1].clone(), wanted[i : i + 1], 4.0, 30, 0.05, None) for i in range(5)]
    )
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_the_search_lowers_the_cross_entropy(teacher):
    x, wanted = torch.randn(40, 4), torch.softmax(2 * torch.randn(40, 3), 1)
    found = _sought(teacher, x.clone(), wanted, 4.0, 100, 0.05, None)
    loss = [F.cross_entropy(teacher(inputs) / 4, wanted).item() for inputs in (x, found)]
    assert loss[1] < 0.9 * loss[0]


def test_bounds_are_kept(teacher):
    x = data_impressions(teacher, (4,), 30, steps=50, step_size=0.2, bounds=(-0.5, 0.25)).x
    assert float(x.min()) >= -0.5 and float(x.max()) <= 0.25


def test_the_same_seed_makes_the_same_impressions_and_the_global_generator_is_left_alone(teacher):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, again, other = (data_impressions(teacher, (4,), 12, steps=5, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.x, again.x) and not torch.equal(first.x, other.x)
    assert torch.equal(before, torch.get_rng_state())


def test_the_teacher_is_only_asked():
    """Batch statistics, gradients and modes of a teacher in training mode are what they were."""
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)).train()
    mark = weight_hash(model)
    data_impressions(model, (4,), 10, steps=3)
    assert weight_hash(model) == mark and model.training
    assert all(p.grad is None for p in model.parameters())


def test_a_student_learns_clouds_it_has_never_seen(teacher, clouds):
    """Three clouds in four dimensions, from the teacher alone: far above chance, and below learning from examples."""
    run = data_free(teacher, small(), clouds, count=600, bounds=None, epochs=30, learning_rate=1e-2).train(
        progress=False, evaluate=False
    )
    assert run.data.train.labelled == 0 and run.data.test is clouds.test
    real = kd.Distillation(teacher, small(), clouds, kd.SoftTargets(4), epochs=30, learning_rate=1e-2)
    real.train(progress=False, evaluate=False)
    free, with_data = run.evaluate("test").accuracy, real.evaluate("test").accuracy
    assert 0.6 < free <= with_data + 0.05


def test_a_run_is_ordinary(teacher, clouds, tmp_path):
    def make():
        return data_free(teacher, small(), clouds, count=60, steps=5, epochs=3, batch_size=16, seed=4, snapshot_every=3)

    run = make().train(progress=False)
    assert same_weights(run.branch(4).train(progress=False).student, run.student)
    run.save(tmp_path)
    with pytest.raises(ValueError, match="data of your own"):
        kd.Distillation.load(tmp_path)
    loaded = kd.Distillation.load(tmp_path, data=make().data)
    assert same_weights(loaded.student, run.student)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"count": 0}, "count must be at least 1, got 0"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"temperature": 0.0}, "temperature must be finite and > 0, got 0.0"),
        ({"step_size": -1.0}, "step_size must be finite and > 0"),
        ({"scales": ()}, "scales must hold at least one number"),
        ({"scales": (1.0, 0.0)}, "scales must be finite and > 0, got 0.0"),
        ({"bounds": (1.0, 0.0)}, "bounds must be"),
        ({"last_layer": "relu1"}, "got 'relu1'; the teacher has linear1, logits"),
    ],
)
def test_what_makes_no_sense_is_refused(teacher, wrong, message):
    with pytest.raises(ValueError, match=message):
        data_impressions(teacher, (4,), **{"count": 5} | wrong)


def test_a_teacher_without_a_linear_layer_is_refused():
    with pytest.raises(ValueError, match="got None; the teacher has none"):
        data_impressions(nn.Sequential(nn.Flatten()), (4,), 5)
