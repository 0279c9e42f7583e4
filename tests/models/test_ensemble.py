"""Several models that answer as one."""

from __future__ import annotations

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from kdviz.models.inference import ask
from kdviz.models.wrap import as_module

from .small_models import Net

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


def test_a_list_is_an_ensemble():
    tree = LogisticRegression().fit(X.numpy(), [0, 1, 2, 0, 1, 2])
    net = Net().eval()
    both = as_module([net, tree], "teacher")
    wanted = (net(X).softmax(1) + torch.from_numpy(tree.predict_proba(X.numpy())).float()) / 2
    assert torch.allclose(both(X).softmax(1), wanted, atol=1e-6) and not both.training
    assert as_module([Net(), net], "teacher").training
    with pytest.raises(
        ValueError, match=r"the teacher cannot process .*the same classes, got shapes \(6, 3\), \(6, 2\)"
    ):
        ask(as_module([net, Net(classes=2).eval()], "teacher"), X, who="teacher")
    named = as_module([net, net], "teacher")
    assert torch.allclose(ask(named, {"pixels": X}, who="teacher"), net(X).log_softmax(1), atol=1e-6)
