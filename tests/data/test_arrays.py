"""Arrays and pictures of all kinds as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

from kdviz.data import examples, splits

N = 60


RANDOM = np.random.RandomState(0)


Y = np.arange(N) % 2


AGE = RANDOM.rand(N)


def test_missing_numbers_of_an_array_are_placed() -> None:
    X = RANDOM.rand(N, 3)
    X[:5, 1] = np.nan
    with pytest.raises(ValueError, match=r"inputs must be finite, got NaN or infinity in column 1 \(5 of 60 rows\)"):
        splits((X, Y))
    with pytest.raises(ValueError, match=r"inputs have masked values.*X.filled\(0\)"):
        splits((np.ma.masked_invalid(X), Y))
    assert splits((np.ma.masked_invalid(X).filled(0), Y)).train.labelled == 48


IDS = torch.randint(0, 9**5, (N, 5), generator=torch.Generator().manual_seed(0))


def test_whole_numbers_of_a_tensor_are_ids_and_of_an_array_a_table() -> None:
    assert splits((IDS, Y)).train.describe() == "(5,) int64"
    assert splits((IDS.numpy(), Y)).train.describe() == "(5,) float32"
    assert examples((IDS.bool(), Y)).describe() == "(5,) float32"


def test_other_containers_are_read() -> None:
    dense = RANDOM.rand(N, 4).astype(np.float32) * (RANDOM.rand(N, 4) > 0.3)
    whole = examples((dense, Y)).fingerprint()
    assert examples((scipy.sparse.csr_matrix(dense), Y)).fingerprint() == whole
    assert examples((torch.from_numpy(dense).to_sparse(), Y)).fingerprint() == whole
    assert examples((dense.astype(">f4"), Y)).fingerprint() == whole
    assert examples((dense[::-1][::-1], Y)).fingerprint() == whole
    assert examples((dense.tolist(), Y.tolist())).fingerprint() == whole
    records = np.array([tuple(row) for row in dense], dtype=[(n, "f4") for n in "abcd"])
    assert examples((records, Y)).fingerprint() == whole
    assert splits((records, Y)).features == ("a", "b", "c", "d")
    with pytest.raises(ValueError, match=r"sparse matrix of 60 × 9,000,000.*2.0 GB: keep fewer columns"):
        examples((scipy.sparse.csr_matrix((N, 9_000_000)), Y))


@pytest.mark.parametrize("kind", ["array", "tensor"])
def test_pictures_with_channels_at_the_end_are_refused_and_the_advice_works(kind: str) -> None:
    X: Any = RANDOM.rand(N, 8, 8, 3)
    X = torch.from_numpy(X) if kind == "tensor" else X
    with pytest.raises(ValueError, match=r"use X.transpose\(0, 3, 1, 2\), or X.permute\(0, 3, 1, 2\) for a tensor"):
        splits((X, Y))
    assert splits((X.permute(0, 3, 1, 2) if kind == "tensor" else X.transpose(0, 3, 1, 2), Y)).shape == (3, 8, 8)
    with pytest.raises(ValueError, match=r"for one number per example use X\[:, None\]"):
        splits((AGE, Y))
    assert splits((AGE[:, None], Y)).shape == (1,)
