"""Copies of training rows are counted, and dropped on request."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from kdviz.data import Examples, copies, splits

N = 60


X = torch.randn(N, 5, generator=torch.Generator().manual_seed(0))


Y = torch.arange(N) % 3


IDS = torch.arange(N * 4).view(N, 4)


def test_copies_of_training_rows_are_counted_and_dropped_on_request() -> None:
    with pytest.warns(UserWarning, match=r"9 of 10 test rows are copies of training rows.*copies=\"drop\"") as caught:
        splits((X, Y), validation=(X + 1, Y), test=(torch.cat((X[:9], X[:1] + 3)), torch.cat((Y[:9], Y[:1]))))
    assert len(caught) == 1
    doubled = (torch.cat((X, X)), torch.cat((Y, Y)))
    for given in (doubled, ConcatDataset([TensorDataset(X, Y)] * 2), Subset(TensorDataset(X, Y), [*range(N)] * 2)):
        with pytest.warns(UserWarning, match="rows are copies of training rows"):
            splits(given)
        data = splits(given, copies="drop")
        assert data.train.fingerprint() == splits((X, Y)).train.fingerprint()
    given = splits((X, Y), validation=(X[:20], Y[:20]), test=(X[10:30], Y[10:30]), copies="drop")
    rows = [set(map(tuple, part.x.tolist())) for part in (given.train, given.validation, given.test)]
    assert [len(r) for r in rows] == [30, 10, 20] and not rows[0] & rows[1] and not rows[0] & rows[2]
    with pytest.raises(ValueError, match='copies must be "keep" or "drop", got \'no\''):
        splits((X, Y), copies="no")


def test_of_copies_a_labelled_one_is_kept() -> None:
    y = torch.cat((torch.full((N,), -1), Y))
    assert splits((torch.cat((X, X)), y), copies="drop").train.labelled == 48


def test_copies_are_found_among_named_inputs_and_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {"a": IDS, "b": X}
    both = {name: torch.cat((t, t[:3], t[:3] + 1)) for name, t in named.items()}
    for most in (copies.WORDS, 1):
        monkeypatch.setattr(copies, "WORDS", most)
        (found,) = copies.keys([Examples(both, torch.zeros(N + 6).long())])
        assert len(set(found[:N].tolist())) == N
        assert np.array_equal(found[N : N + 3], found[:3]) and not set(found[N + 3 :]) & set(found[:N])
    swapped = copies.keys([Examples((X, X + 1), Y), Examples((X + 1, X), Y)])
    assert not set(swapped[0]) & set(swapped[1])
