"""Transfer sets: made up, and mixed in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import kdviz as kd
from kdviz.data import Examples, mixed_in, munge, with_more
from kdviz.data.neighbours import Points
from kdviz.data.transfer import _weights

from .transfers import columns_far_from_0


def table(x: torch.Tensor, features: tuple[str, ...] = (), **groups) -> kd.data.Splits:
    part = Examples(x, torch.arange(len(x)) % 2, groups)
    return kd.data.Splits("toy", "Toy", ("a", "b"), part, part, part, None, features)


def made(data: kd.data.Splits, **more) -> torch.Tensor:
    """The made-up examples alone."""
    return munge(data, **more).train.x[len(data.train) :]


def by_the_paper(x: np.ndarray, p: float, s: float, seed: int) -> np.ndarray:
    """MUNGE over indices, one pass, all attributes continuous: loops where the library has arrays."""
    random = np.random.RandomState(seed)
    T = x.astype(np.float64).copy()
    extent = [x[:, a].max() - x[:, a].min() for a in range(x.shape[1])]
    for i in range(len(T)):
        distances = [
            sum(((T[i, a] - T[k, a]) / extent[a]) ** 2 for a in range(x.shape[1])) if k != i else np.inf
            for k in range(len(T))
        ]
        j = int(np.argmin(distances))
        chosen = random.random_sample(x.shape[1]) < p
        first, second = random.standard_normal(x.shape[1]), random.standard_normal(x.shape[1])
        for a in range(x.shape[1]):
            if chosen[a]:
                e, other = T[i, a], T[j, a]
                sd = abs(e - other) / s
                T[i, a], T[j, a] = other + sd * first[a], e + sd * second[a]
    return T


@pytest.mark.parametrize(("p", "s"), [(0.5, 1.0), (1.0, 3.0), (0.2, 0.5)])
def test_munge_is_the_algorithm_of_the_paper(p, s):
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0, 0.01])
    expected = by_the_paper(x.numpy(), p, s, seed=5)
    np.testing.assert_allclose(made(table(x), p=p, s=s, seed=5).numpy(), expected, rtol=2e-3, atol=1e-5)


def test_nothing_is_traded_at_p_0_and_all_is_swapped_as_s_grows():
    x = torch.randn(20, 4)
    assert torch.equal(made(table(x), p=0.0), x)
    two = torch.tensor([[0.0, 1.0], [2.0, 5.0]])
    torch.testing.assert_close(made(table(two), p=1.0, s=1e9), two)  # swapped, and swapped back by the second


def test_what_is_made_stays_near_the_data():
    """Two clouds far apart: no made-up example lies between them."""
    x = torch.cat((torch.randn(50, 5), torch.randn(50, 5) + 100))
    first = made(table(x), times=3)[:, 0]
    assert len(first) == 300
    assert bool(((first < 20) | (first > 80)).all())


def test_nominal_attributes_are_swapped_as_a_whole():
    generator = torch.Generator().manual_seed(1)
    colour, size = (torch.randint(0, n, (30,), generator=generator) for n in (6, 4))
    one_hot = torch.nn.functional.one_hot
    x = torch.cat((torch.randn(30, 1, generator=generator), one_hot(colour, 6), one_hot(size, 4)), 1).float()
    features = ("age", *(f"colour={c}" for c in range(6)), *(f"size={c}" for c in range(4)))
    rows = made(table(x, features), p=0.5)
    for columns in (slice(1, 7), slice(7, 11)):
        block = rows[:, columns]
        assert bool(((block == 0) | (block == 1)).all()) and bool((block.sum(1) == 1).all())
        assert not torch.equal(block, x[:, columns])  # some were swapped
        assert torch.equal(block.sum(0), x[:, columns].sum(0))  # which changes no count
    assert torch.equal(rows, made(table(x), p=0.5, nominal=[range(1, 7), range(7, 11)]))


def test_a_nominal_attribute_counts_as_one_in_distances():
    """Hamming beside Euclid: an example of the same colour at 0.9 of the range is nearer than one of another here."""
    x = torch.tensor([[0.0, 1, 0], [0.9, 1, 0], [0.05, 0, 1], [1.0, 0, 1]])
    rows = made(table(x), p=1.0, s=1e9, nominal=[(1, 2)], fixed_neighbours=True)
    # 0↔1, then 1↔0 back; 2↔3 and back: colours never mix
    torch.testing.assert_close(rows, x)
    far = np.array([[0.0, 0, 1, 0], [0.9, 0.9, 1, 0], [0, 0, 0, 1], [1, 1, 0, 1]], dtype=np.float32)
    # Of the same colour 0.81 + 0.81 away, of the other one 1 and next to nothing.
    assert Points(far * _weights(far, [np.array([2, 3])], table=True)).all_nearest().tolist() == [2, 3, 0, 1]


def test_adult_keeps_its_one_hot_columns():
    adult = kd.data.adult()
    few = adult.with_labels(200)
    rows = made(few, fixed_neighbours=True)
    at = [i for i, name in enumerate(adult.features) if name.startswith("workclass=")]
    assert bool((rows[:, at].sum(1) == 1).all())
    longer = munge(few, fixed_neighbours=True).train.groups
    assert longer["sex"][-1] is None and np.isnan(longer["age"][-1]) and longer["sex"][0] == few.train.groups["sex"][0]


def test_pixels_stay_pixels():
    digits = kd.data.mnist().with_labels(100)
    whole = munge(digits, times=2, s=0.5)
    assert whole.train.x.dtype == torch.uint8 and whole.train.shape == (1, 28, 28)
    assert len(whole.train) == 300 and whole.train.labelled == 100
    assert torch.equal(whole.train.x[:100], digits.train.x)
    assert not torch.equal(whole.train.x[100:200], whole.train.x[200:])


def test_the_same_seed_makes_the_same_examples():
    data = table(torch.randn(30, 4))
    assert torch.equal(made(data, seed=3), made(data, seed=3))
    assert not torch.equal(made(data, seed=3), made(data, seed=4))


@pytest.mark.parametrize("name", ["a 0.1° square of coordinates", "time stamps of 12 days", "years", "far and small"])
@pytest.mark.parametrize("fixed", [False, True])
def test_what_is_made_is_what_would_be_made_of_the_table_moved_to_0_and_1(name, fixed):
    rows = torch.from_numpy(columns_far_from_0()[name])
    least, extent = rows.amin(0), rows.amax(0) - rows.amin(0)
    there = made(table(rows), seed=1, fixed_neighbours=fixed)
    here = made(table((rows - least) / extent), seed=1, fixed_neighbours=fixed)
    torch.testing.assert_close((there - least) / extent, here, rtol=0, atol=1e-6)
    assert there.dtype == torch.float64


def test_what_is_no_number_cannot_be_traded_and_the_way_out_works():
    ids = torch.arange(40).view(10, 4)
    tokens = kd.data.Splits("toy", "Toy", ("a", "b"), *(Examples({"ids": ids}, torch.arange(10) % 2),) * 3, None)
    with pytest.raises(ValueError, match=r"munge trades numbers .* of Toy are ids \(4,\) int64; mix in .*mixed_in"):
        munge(tokens)
    both = mixed_in(tokens, Examples({"ids": ids + 100}, torch.arange(10) % 2), count=4).train
    assert len(both) == 14 and both.labelled == 10 and (both.x["ids"][10:] >= 100).all()
    with pytest.raises(ValueError, match="got NaN or infinity in Toy"):
        munge(table(torch.tensor([[0.0, 1.0], [torch.nan, 2.0], [1.0, 1.0]])))


def test_soft_labels_stay_and_drawn_examples_are_told():
    soft = torch.tensor([[0.5, 0.5], [0.0, 1.0]])
    part = Examples(torch.randn(2, 3), soft.argmax(1), soft=soft)
    data = with_more(kd.data.Splits("toy", "Toy", ("a", "b"), part, part, part, None), torch.randn(1, 3), "more")
    assert data.train.soft.tolist() == [[0.5, 0.5], [0.0, 1.0], [0.0, 0.0]] and data.train.y.tolist() == [0, 1, -1]
    drawn = replace(part, redraw=lambda index, seed: torch.zeros(len(index), 3))
    data = kd.data.Splits("toy", "Toy", ("a", "b"), drawn, part, part, None)
    with pytest.raises(ValueError, match="drawn anew each time"):
        with_more(data, torch.randn(1, 3), "more")
    assert len(with_more(replace(data, train=data.train.fixed()), torch.randn(1, 3), "more").train) == 3


def test_a_made_up_set_is_data_of_its_own():
    data = munge(table(torch.randn(30, 4)).with_labels(10))
    assert data.name == "toy+munge" and data.draw is None
    assert (data.train.y[10:] == -1).all() and len(data.validation) == 30


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"times": 0}, "times must be at least 1, got 0"),
        ({"p": 1.5}, "p must lie in"),
        ({"s": 0.0}, "s must be a finite number > 0, got 0.0"),
        ({"nominal": [(0, 1), (1, 2)]}, "each in one attribute, got"),
        ({"nominal": [(9,)]}, "columns below 4"),
    ],
)
def test_munge_refuses_what_makes_no_sense(wrong, message):
    with pytest.raises(ValueError, match=message):
        munge(table(torch.randn(10, 4)), **wrong)


def test_munge_needs_a_neighbour_and_nominal_columns_a_table():
    with pytest.raises(ValueError, match=r"at least 2 training examples .* got 1"):
        munge(table(torch.randn(1, 4)))
    with pytest.raises(ValueError, match="nominal names columns of a table"):
        munge(table(torch.randn(4, 1, 2, 2)), nominal=[(0, 1)])


def test_others_are_mixed_in_without_their_labels():
    digits, garments = kd.data.mnist().with_labels(100), kd.data.fashion_mnist()
    both = mixed_in(digits, garments, share=0.2, seed=1)
    assert len(both.train) == 125 and both.train.labelled == 100 and both.name == "mnist+fashion-mnist"
    assert torch.equal(both.train.x[:100], digits.train.x) and both.test is digits.test
    there = {bytes(image.flatten().tolist()) for image in garments.train.x[:5000]}
    more = mixed_in(digits, garments.train.take(slice(0, 5000)), count=25)
    assert more.name == "mnist+others"
    assert all(bytes(image.flatten().tolist()) in there for image in more.train.x[100:])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "pass either count or share"),
        ({"count": 1, "share": 0.1}, "pass either count or share"),
        ({"share": 1.0}, "share must lie in"),
        ({"count": 11}, "count must lie in 1 ... 10"),
    ],
)
def test_mixing_in_refuses_what_makes_no_sense(wrong, message):
    data = table(torch.randn(10, 4))
    with pytest.raises(ValueError, match=message):
        mixed_in(data, data, **wrong)


def test_examples_of_another_kind_are_refused():
    with pytest.raises(
        ValueError, match=r"must be float32 of shape \(4,\) like those of Toy, got uint8 of shape \(4,\)"
    ):
        with_more(table(torch.randn(10, 4)), torch.zeros(3, 4, dtype=torch.uint8), "more")


def test_a_penalty_on_groups_leaves_made_up_examples_out():
    sex = np.array(["f", "m"] * 10)
    data = munge(table(torch.randn(20, 4), sex=sex))
    assert kd.distill.grouping.grouping(data.train, "sex").codes.tolist() == [0, 1] * 10 + [-1] * 20
