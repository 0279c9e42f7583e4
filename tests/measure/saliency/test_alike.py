"""How alike two maps are: against scipy and sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kdviz.measure.saliency import similarity


def test_an_empty_ground_does_not_make_maps_alike():
    a, b = np.zeros((2, 1, 100))
    a[0, :4], b[0, :4] = [1, 2, 3, 4], [4, 3, 2, 1]
    assert similarity(a, b).rank.tolist() == pytest.approx([-1.0])


sizes = st.floats(-1e3, 1e3, width=32)


@given(st.data(), st.integers(2, 12))
def test_similarity_against_scipy_and_sets(data, m):
    pairs = hnp.arrays(np.float64, (2, 3, m), elements=st.one_of(sizes, st.sampled_from([0.0, 1.0, -1.0])))
    a, b = data.draw(pairs)
    found = similarity(a, b, top=0.4)
    k = math.ceil(0.4 * m)
    for i in range(3):
        x, y = np.abs(a[i]), np.abs(b[i])
        assert found.constant[i] == (len(set(x)) == 1 or len(set(y)) == 1)
        if found.constant[i]:
            assert math.isnan(found.rank[i]) and math.isnan(found.overlap[i])
        else:
            some = (x != 0) | (y != 0)
            if len(set(x[some])) == 1 or len(set(y[some])) == 1:
                assert math.isnan(found.rank[i])
            else:
                assert found.rank[i] == pytest.approx(scipy.stats.spearmanr(x[some], y[some]).statistic, abs=1e-9)
            tops = [{j for j in range(m) if 0 < v[j] >= sorted(v)[-k]} for v in (x, y)]
            assert found.overlap[i] == pytest.approx(len(tops[0] & tops[1]) / max(map(len, tops)), abs=1e-12)
        if x.any() and y.any():
            scaled = a[i] / x.max(), b[i] / y.max()
            expected = torch.cosine_similarity(torch.tensor(scaled[0]), torch.tensor(scaled[1]), dim=0, eps=0).item()
            assert found.cosine[i] == pytest.approx(expected, abs=1e-9)
        else:
            assert math.isnan(found.cosine[i])


def test_a_map_is_like_itself_and_its_opposite_in_size():
    maps = torch.randn(4, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    same, opposite = similarity(maps, maps), similarity(maps, -2 * maps)
    for found, sign in ((same, 1.0), (opposite, -1.0)):
        assert found.rank == pytest.approx(np.ones(4)) and found.overlap.tolist() == [1.0] * 4
        assert found.cosine == pytest.approx(sign * np.ones(4))


def test_sparse_maps_that_share_nothing_do_not_overlap():
    a, b = np.zeros((1, 100)), np.zeros((1, 100))
    a[0, :3], b[0, 50:53] = 1.0, 2.0
    assert similarity(a, b, top=0.1).overlap.tolist() == [0.0]
    assert similarity(a, a, top=0.1).overlap.tolist() == [1.0]


def test_order_frame_and_sentence():
    a = np.array([[1.0, 2.0, 3.0]] * 4)
    b = np.array([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [3.0, 2.0, 1.0], [2.0, 1.0, 3.0]])
    found = similarity(a, b, top=1 / 3)
    assert found.order().tolist() == [2, 3, 0, 1]
    frame = found.frame()
    assert list(frame.columns) == ["example", "rank", "cosine", "overlap", "constant"]
    assert frame["rank"].round(9).tolist()[2:] == [-1.0, 0.5] and frame["constant"].tolist() == [
        False,
        True,
        False,
        False,
    ]
    assert found.sentence() == (
        "Over 3 examples the median rank correlation of the two maps is 0.50 (quartiles −0.25 to 0.75), and they share "
        "67 % of their top 33.3 % of values. 1 example has a constant map, and no number."
    )
    nothing = similarity(a[:2], np.zeros((2, 3)))
    assert nothing.sentence() == "Nothing can be said from 2 examples: one of the two maps is constant."


@pytest.mark.parametrize(("a", "b", "top", "says"), [
    (np.ones((2, 3)), np.ones((2, 4)), 0.1, r"must be maps of the same examples, got shapes \(2, 3\) and \(2, 4\)"),
    (np.ones((0, 3)), np.ones((0, 3)), 0.1, r"a must have shape .* at least one example, got \(0, 3\)"),
    (np.ones((1, 3)), np.full((1, 3), np.nan), 0.1, "b must be finite"),
    (np.ones((1, 3)), np.ones((1, 3)), 0.0, r"top must be in \(0, 1\]"),
    (np.ones((1, 3)), np.ones((1, 3)), math.nan, r"top must be in \(0, 1\]"),
])  # fmt: skip
def test_what_are_no_maps_is_said_in_a_sentence(a, b, top, says):
    with pytest.raises(ValueError, match=says):
        similarity(a, b, top)
