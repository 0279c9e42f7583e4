"""Parts of your own, handed to every worker."""

from __future__ import annotations

import pickle

import torch

import kdviz as kd
from kdviz.study.parts import Parts


def test_own_parts_keep_their_kind():
    teacher = kd.models.mlp((4,), inputs=3, classes=3).eval()
    sent = pickle.loads(pickle.dumps(Parts(teacher, torch.nn.Linear(3, 3))))
    assert torch.equal(sent.teacher.logits.weight, teacher.logits.weight)
    assert isinstance(sent.student, torch.nn.Linear) and sent.data is None
