"""Lesson 17: its checks tell wrong answers apart, and agree with what kdviz.compress does."""

import pytest
import torch

import kdviz as kd
from kdviz.lessons import begin


@pytest.fixture
def lesson(tmp_path):
    return begin("compression", folder=tmp_path)


def keep(w, share, score=torch.abs):
    order = score(w).flatten().argsort()
    kept = torch.ones(w.numel(), dtype=torch.bool)
    kept[order[: round(share * w.numel())]] = False
    return kept.reshape(w.shape)


def rounded(w, bits, levels=None, each_row=True):
    top = w.abs().amax(1, keepdim=True) if each_row else w.abs().max()
    scale = top / (levels or 2 ** (bits - 1) - 1)
    return (w / scale).round() * scale


def thin(w, rank, power=1.0, last=False):
    u, s, v = torch.linalg.svd(w, full_matrices=False)
    kept = slice(len(s) - rank, None) if last else slice(0, rank)
    return u[:, kept] * s[kept] ** power, v[kept]


RIGHT = {"keep": keep, "rounded": rounded, "thin": thin}
WRONG = {
    "keep": [
        lambda w, share: ~keep(w, share),
        lambda w, share: keep(w, share, score=lambda x: x),
        lambda w, share: torch.stack([keep(row, share) for row in w]),
        lambda w, share: torch.ones_like(w),
    ],
    "rounded": [
        lambda w, bits: rounded(w, bits, levels=2 ** (bits - 1)),
        lambda w, bits: rounded(w, bits, each_row=False),
        lambda w, bits: rounded(w, bits) / (w.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)),
        lambda w, bits: rounded(w, bits) + (w == 0) * 0.1 if bits == 2 else rounded(w, bits),
    ],
    "thin": [
        lambda w, rank: thin(w, rank, power=0),
        lambda w, rank: thin(w, rank, power=2),
        lambda w, rank: thin(w, rank, last=True),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_right_answer_passes_and_each_wrong_one_hears_why(lesson, name):
    assert lesson.check(name, RIGHT[name])
    said = [lesson.check(name, wrong).sentences for wrong in WRONG[name]]
    assert all(said) and len(set(said)) == len(WRONG[name]), said


def test_what_is_asked_for_is_what_kdviz_does():
    model = torch.nn.Sequential(torch.nn.Linear(12, 10, bias=False))
    w = model[0].weight.detach().double()
    assert torch.equal(kd.compress.pruned(model, 0.75)[0].weight != 0, keep(w, 0.75))
    up, down = thin(w, 3)
    small = kd.compress.low_rank(model.double(), 3)
    torch.testing.assert_close(small[0].up.weight @ small[0].down.weight, up @ down)
    fake = kd.schemes.fake_quantized(model.float(), 3, activation_bits=None).eval()
    torch.testing.assert_close(fake(torch.eye(12)).T.double(), rounded(w, 3), atol=1e-6, rtol=0)


def test_what_a_run_brings_is_given_later(lesson):
    for name, truth in (("time", [100.0, 25.0, 30.0, 40.0]), ("size", [45.0] * 4), ("order", [4400, 900, 870])):
        assert not lesson.part(name).known
        lesson.see(name, truth)
        assert lesson.part(name).reply(truth).distance == 0
    right = ["Half of the units taken away", "A student with a quarter of the units"]
    assert lesson.part("spares").reply(right).right
    assert lesson.part("last").reply("Distilling").right and lesson.part("teacher").right is None
