"""Faults in the training part: what they change, what they leave, and that they can be made again."""

from __future__ import annotations

import pytest
import torch

import kdviz as kd
from kdviz.data.faults import FAULTS, faults_of, marked_corner, noisy_labels, rare_class
from kdviz.data.planted import with_shortcut


@pytest.fixture(scope="module")
def digits():
    return kd.data.mnist()


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.made is not None])
def test_validation_and_test_are_the_very_same_and_a_seed_repeats_the_rest(digits, name):
    made, again = FAULTS[name].made(digits), FAULTS[name].made(digits)
    assert made.validation is digits.validation and made.test is digits.test
    assert made.train.fingerprint() == again.train.fingerprint() != digits.train.fingerprint()


def test_a_third_of_the_labels_is_wrong_and_none_of_the_unknown_becomes_known(digits):
    drawn = digits.with_labels(900, keep_unlabelled=True)
    wrong = noisy_labels(drawn)
    changed = wrong.train.y != drawn.train.y
    assert int(changed.sum()) == 300 and bool(drawn.train.known[changed].all())
    assert torch.equal(wrong.train.known, drawn.train.known)
    assert len(set(wrong.train.y[changed].tolist())) == 10, "any other class may be named"
    assert torch.equal(wrong.train.x, drawn.train.x)


def test_fewer_wrong_labels_are_among_more_of_the_same_seed(digits):
    few, many = (noisy_labels(digits.with_labels(500), share).train.y for share in (0.1, 0.4))
    right = digits.with_labels(500).train.y
    assert bool((many[few != right] == few[few != right]).all()) and int((few != right).sum()) == 50


def test_of_a_rare_class_a_few_are_left_and_of_the_others_all(digits):
    rare = rare_class(digits, which=3, keep=7)
    counts, before = (part.train.y.bincount(minlength=10).tolist() for part in (rare, digits))
    assert counts[3] == 7 and counts[:3] + counts[4:] == before[:3] + before[4:]
    assert rare_class(rare, which=3, keep=7) is rare


def test_the_mark_in_a_corner_gives_the_class_away_in_training_alone(digits):
    marked = marked_corner(digits.with_labels(200))
    for i in range(0, 200, 23):
        c = int(marked.train.y[i])
        row, column = 2 * (c // 14), 2 * (c % 14)
        assert bool((marked.train.x[i, 0, row : row + 2, column : column + 2] == 255).all())
    assert torch.equal(marked.train.x, with_shortcut(digits.with_labels(200).train.x, marked.train.y, 1.0)[0])


def test_tables_are_offered_what_tables_can_have():
    table = kd.data.splits((torch.randn(90, 4), torch.arange(90) % 3))
    assert faults_of(table) == ("none", "noisy_labels", "rare_class")
    assert faults_of(kd.data.mnist()) == tuple(FAULTS)


@pytest.mark.parametrize(("call", "says"), [
    (lambda data: noisy_labels(data, 1.5), r"share must lie in \[0, 1\] .*, got 1.5"),
    (lambda data: noisy_labels(data, float("nan")), r"share must lie in \[0, 1\]"),
    (lambda data: rare_class(data, which=10), "which must be a class from 0 to 9, or -1 for the last, got 10"),
    (lambda data: rare_class(data, keep=-1), "keep must be 0 or more, got -1"),
    (lambda data: marked_corner(data, share=2.0), r"strength must lie in \[0, 1\]"),
])  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence(digits, call, says):
    with pytest.raises(ValueError, match=says):
        call(digits)


def test_a_table_has_no_corner_and_probabilities_have_no_wrong_class():
    x = torch.randn(60, 4)
    with pytest.raises(ValueError, match="a marked corner needs gray pictures in bytes"):
        marked_corner(kd.data.splits((x, torch.arange(60) % 3)))
    soft = kd.data.Examples(x, torch.arange(60) % 3, soft=torch.nn.functional.one_hot(torch.arange(60) % 3, 3).float())
    part = kd.data.Splits("toy", "Toy", ("a", "b", "c"), soft, soft, soft)
    with pytest.raises(ValueError, match=r"noisy_labels needs one class an example, .* probabilities"):
        noisy_labels(part)
