"""Published methods for text by name."""

from __future__ import annotations

import numpy as np
import pytest

import kdviz as kd
from kdviz.distill.schemes.published import PUBLISHED

from ..conftest import same_weights
from ..small_text import END, Causal, taught, text


def test_each_is_what_its_parts_give():
    teacher, data, more = taught(epochs=5), text(), {"epochs": 2, "batch_size": 7}
    reference = Causal(6, seed=9).eval()
    chosen = kd.distill.difference_sampled(data, teacher, reference, 0.5)
    by_hand = {
        "seqkd": lambda s: kd.schemes.sequence_level(teacher, s, data, beams=5, end=END, **more),
        "gkd": lambda s: kd.Distillation(teacher, s, data, 1.0 * kd.OnPolicy(end=END), **more),
        "minillm": lambda s: kd.Distillation(teacher, s, data, kd.MiniLLM(end=END) + 1.0 * kd.HardLabels(), **more),
        "miniplm": lambda s: kd.Distillation(None, s, chosen, kd.HardLabels(), **more),
    }
    assert set(by_hand) <= set(PUBLISHED)
    for name, make in by_hand.items():
        given = {"reference": reference} if name == "miniplm" else {"end": END}
        run = kd.schemes.published(name, teacher, Causal(), data, **given, **more).train(progress=False)
        assert same_weights(run.student, make(Causal()).train(progress=False).student), name
        assert np.isfinite(run.history.rows).all()


def test_the_catalogue_tells_all_that_a_reader_needs_and_unknown_names_are_answered():
    for name, one in PUBLISHED.items():
        assert one.name == name and one.says.endswith(".") and one.differs.endswith(".") and "arXiv" in one.source
    with pytest.raises(ValueError, match=r"must be one of seqkd, gkd, minillm, miniplm.*, got 'kd'"):
        kd.schemes.published("kd", None, Causal(), text())
    with pytest.raises(ValueError, match="pass it as reference="):
        kd.schemes.published("miniplm", Causal().eval(), Causal(), text())
