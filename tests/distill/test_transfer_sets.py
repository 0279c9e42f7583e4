"""Transfer sets: what is added, that terms treat it right, and that a recipe makes the very same again."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.data.faults import FAULTS
from kdviz.distill.grouping import grouping
from kdviz.distill.transfer_sets import TRANSFER_SETS, extra_count, extras_of, prepared, written


@pytest.fixture(scope="module")
def digits():
    return kd.data.mnist()


@pytest.fixture(scope="module")
def munged(digits):
    return prepared(digits, count=100, extra="munge", fault="noisy_labels")


def test_what_is_added_comes_last_without_labels_and_test_data_stay(digits, munged):
    plain = digits.with_labels(100)
    assert torch.equal(munged.train.x[:100], plain.train.x) and munged.train.labelled == 100
    assert not bool(munged.train.known[100:].any())
    assert munged.test is digits.test and munged.validation is digits.validation
    assert munged.draw == {"count": 100, "keep_unlabelled": False, "seed": 0, "fault": "noisy_labels", "extra": "munge"}
    assert (munged.name, munged.title) == ("mnist", "MNIST")


@pytest.mark.parametrize(("name", "labels"), [("munge", 100), ("munge", 3000), ("others", 100), ("noise", 100)])
def test_how_many_are_added_is_known_before_they_are_made(digits, name, labels):
    assert name in extras_of(digits)
    made = prepared(digits, count=labels, extra=name)
    assert len(made.train) - labels == extra_count(name, labels, labels) >= 8000


def test_made_up_digits_lie_near_the_ones_they_were_made_from(munged, digits):
    noise = prepared(digits, count=100, extra="noise").train.x[100:200].float().flatten(1)
    made_up, real = munged.train.x[100:200].float().flatten(1), munged.train.x[:100].float().flatten(1)
    near = torch.cdist(made_up, real).min(1).values.median()
    assert near < 0.5 * torch.cdist(noise, real).min(1).values.median()


def test_a_recipe_makes_the_very_same_data_again(munged):
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), munged, epochs=1)
    again = kd.Recipe.from_json(run.recipe.to_json()).load_data()
    assert again.train.fingerprint() == munged.train.fingerprint() and again.draw == munged.draw


def test_the_code_that_is_shown_makes_the_same_data(munged):
    code = written("kd.data.mnist()", munged.draw, "with_labels(100)")
    names = {"kd": kd}
    exec(code, names)
    assert names["data"].train.fingerprint() == munged.train.fingerprint()
    assert code.count("\n") == 3


@pytest.mark.parametrize("fault", ["rare_class", "marked_corner"])
def test_a_fault_of_the_whole_training_part_is_there_before_labels_are_drawn(digits, fault):
    drawn = prepared(digits, count=400, keep_unlabelled=True, fault=fault)
    whole = FAULTS[fault].made(digits).with_labels(400, keep_unlabelled=True)
    assert drawn.train.fingerprint() == whole.train.fingerprint()


def test_labels_are_learned_from_those_alone_that_have_one_and_the_teacher_is_asked_about_all(digits):
    data = prepared(digits, count=100, extra="noise")
    extra = data.train.take(torch.arange(100, 164))
    logits = torch.randn(64, 10, requires_grad=True)
    kd.losses.hard_labels(logits, extra.y).backward()
    assert float(logits.grad.abs().sum()) == 0.0
    run = kd.Distillation(kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((8,)), data, kd.hinton(0.9), epochs=1)
    assert run.twin().data is data and run.total_steps == -(-len(data.train) // 128)


def test_an_unknown_group_counts_in_no_penalty():
    adult = prepared(kd.data.adult(), count=200, extra="munge")
    codes = grouping(adult.train, "sex").codes
    assert bool((codes[200:] == -1).all()) and set(codes[:200].tolist()) == {0, 1}
    teacher, student = kd.models.pretrained("adult-mlp"), kd.models.mlp((8,), inputs=91, classes=2)
    run = kd.Distillation(teacher, student, adult, kd.hinton() + 5 * kd.DemographicParity("sex"), epochs=1)
    run.step()
    assert bool(torch.stack([p.isfinite().all() for p in run.student.parameters()]).all())


def test_what_does_not_fit_is_said():
    table = kd.data.splits((torch.randn(90, 4), torch.arange(90) % 3))
    assert extras_of(table) == ("none", "munge") and set(extras_of(kd.data.mnist())) <= set(TRANSFER_SETS)
    with pytest.raises(ValueError, match="noise needs gray pictures in bytes"):
        prepared(table, count=30, extra="noise")
    with pytest.raises(ValueError, match="examples of something else are known for mnist, fashion-mnist, got 'yours'"):
        prepared(table, count=30, extra="others")
