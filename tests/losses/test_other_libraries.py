"""Losses beside what other libraries computed from the same numbers: `benchmarks/other_libraries.py` recorded it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from kdviz.losses import (
    attention_matrices,
    cosine,
    hard_labels,
    hidden_states,
    jensen_shannon,
    logit_mse,
    masked_language_model,
    reverse_kl,
    soft_cross_entropy,
    soft_targets,
)

RECORD = json.loads(Path(__file__).with_name("other_libraries.json").read_text(encoding="utf-8"))
GIVEN = {
    name: torch.tensor(part, dtype=torch.int64 if name == "labels" else torch.float64)
    for name, part in RECORD["inputs"].items()
}
MASK = GIVEN["labels"] != -100
Y = GIVEN["labels"].masked_fill(~MASK, -1)
STUDENT = {"hid_mse_loss": "h_s", "cos_loss": "h_s", "att_mse_loss": "a_s"}


def trl(s: Tensor, beta: float, temperature: float, labels: str = "") -> Tensor:
    """No T²; the KL divergences where β is 0 and 1."""
    t, mask = GIVEN["t"], MASK & (labels != "none")
    if beta == 0:
        ours = soft_targets(s, t, temperature, mask=mask)
    elif beta == 1:
        ours = reverse_kl(s, t, temperature, mask=mask)
    else:
        ours = jensen_shannon(s, t, temperature, beta, mask=mask)
    return ours / temperature**2


def torchdistill(s: Tensor, temperature: float, alpha: float) -> Tensor:
    """α weighs the labels; without them the soft term has no T², and it counts tokens without a label."""
    soft = soft_targets(s, GIVEN["t"], temperature)
    return soft / temperature**2 if alpha == 0 else alpha * hard_labels(s, Y) + (1 - alpha) * soft


def kd_ce_loss(s: Tensor, temperature: float) -> Tensor:
    """No T², no mask."""
    return soft_cross_entropy(s, GIVEN["t"], temperature) / temperature**2


def kd_mse_loss(s: Tensor, temperature: float) -> Tensor:
    """Softened logits, though a mean square has no use for a temperature."""
    return logit_mse(s, GIVEN["t"]) / temperature**2


def hid_mse_loss(s: Tensor, mask: Any) -> Tensor:
    return masked(hidden_states, s, GIVEN["h_t"], mask)


def cos_loss(s: Tensor, mask: Any) -> Tensor:
    return masked(cosine, s, GIVEN["h_t"], mask)


def att_mse_loss(s: Tensor, mask: Any) -> Tensor:
    """A text counts by its pairs; without a mask, all scores below -0.001 are taken as padding."""
    t = GIVEN["a_t"]
    if mask is False:
        return attention_matrices(*(z.masked_fill(z <= -1e-3, 0) for z in (s, t)))
    one = 1 if mask == "one whole text" else len(s)
    each = attention_matrices(s[:one], t[:one], MASK[:one], reduction="none")  # of each query, over heads and keys
    n = MASK[:one].sum(1)
    return (each.sum(1) * n).sum() / n.square().sum()


def masked(loss: Callable[..., Tensor], s: Tensor, t: Tensor, mask: Any) -> Tensor:
    one = 1 if mask == "one whole text" else len(s)
    return loss(s[:one], t[:one], MASK[:one] if mask else None)


OURS: dict[str, Callable[..., Tensor]] = {
    "GKDTrainer.generalized_jsd_loss": trl,
    "GOLDTrainer.generalized_jsd_loss": trl,
    "DistillationTrainer": trl,
    "KDLoss": torchdistill,
    "ForMaskedLMLoss": lambda s: masked_language_model(s, Y),
} | {f.__name__: f for f in (kd_ce_loss, kd_mse_loss, hid_mse_loss, cos_loss, att_mse_loss)}
SINGLE = ("ForMaskedLMLoss", "DistillationTrainer")  # these compute in float32, whatever they are given


@pytest.mark.parametrize("call", OURS)
def test_values_and_gradients_are_those_that_the_libraries_gave(call):
    rows = [row for row in RECORD["recorded"] if row["call"] == call]
    assert rows, f"{RECORD['command']} recorded nothing of {call}"
    for row in rows:
        x = GIVEN[STUDENT.get(call, "s")].clone().requires_grad_()
        value = OURS[call](x, **row["settings"])
        (g,) = torch.autograd.grad(value, x)
        ours = {"value": value.item(), "squared": g.square().sum().item(), "slope": (g * x).sum().item()}
        near = {"rel": 2e-6, "abs": 1e-7} if call in SINGLE else {"rel": 1e-9, "abs": 1e-12}
        assert ours == pytest.approx({name: row[name] for name in ours}, **near), row


def test_nothing_recorded_is_left_out():
    assert {row["call"] for row in RECORD["recorded"]} == set(OURS)
    assert RECORD["command"].split()[1] == "benchmarks/other_libraries.py"


def test_tinyberts_code_divides_its_answers_by_the_classes_and_averages_over_padding():
    s, t, h_s, h_t, a_s, a_t = (GIVEN[name] for name in ("s", "t", "h_s", "h_t", "a_s", "a_t"))
    theirs = (-t.softmax(-1) * s.log_softmax(-1)).mean()
    torch.testing.assert_close(soft_cross_entropy(s, t, 1.0), s.shape[-1] * theirs, rtol=1e-12, atol=0)
    theirs = (-(t / 4).softmax(-1) * (s / 4).log_softmax(-1)).mean()  # of softened logits: no T²
    torch.testing.assert_close(soft_cross_entropy(s, t, 4.0), 16 * s.shape[-1] * theirs, rtol=1e-12, atol=0)
    torch.testing.assert_close(hidden_states(h_s, h_t), (h_s - h_t).square().mean(), rtol=1e-12, atol=0)
    assert not torch.isclose(hidden_states(h_s, h_t, MASK), (h_s - h_t).square().mean())
    pairs = (MASK[:, :, None] & MASK[:, None, :])[:, None]
    a, b = (scores.masked_fill(~pairs, -1e4) for scores in (a_s, a_t))  # padding, as their models mark it
    theirs = torch.nn.functional.mse_loss(
        *(torch.where(scores <= -1e2, torch.zeros_like(scores), scores) for scores in (a, b))
    )
    each = attention_matrices(a_s, a_t, MASK, reduction="none") * MASK.sum(1, keepdim=True)  # over keys, not their mean
    torch.testing.assert_close(theirs, each.sum() / (len(a_s) * a_s.shape[-1] ** 2), rtol=1e-12, atol=0)
