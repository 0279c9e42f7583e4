"""What other libraries compute from the same logits: ``python benchmarks/other_libraries.py --write``.

It needs ``pip install trl textbrewer torchdistill`` beside torch, in an environment of their own, and calls their
losses, in float64 where they let it. What they gave is written to ``tests/losses/other_libraries.json``, with the
inputs and the versions, so that the tests can hold ours against it where none of them is installed. Without
``--write`` it prints what is recorded, and whether they still give that.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

RECORD = Path(__file__).resolve().parents[1] / "tests" / "losses" / "other_libraries.json"
B, L, V, D, HEADS = 4, 5, 6, 3, 2
BETAS, TEMPERATURES = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0), (0.5, 1.0, 4.0)
Case = tuple[str, str, dict[str, Any], Callable[[Tensor], Tensor], Tensor]  # library, call, settings, loss, student's


def inputs() -> dict[str, Any]:
    """Return logits, hidden states and scores of four short texts: one whole, one padded, one prompt, one without a
    token that counts."""
    g = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> list[Any]:
        return (3 * torch.randn(*shape, generator=g, dtype=torch.float64)).round(decimals=3).tolist()

    labels = torch.randint(0, V, (B, L), generator=g)
    labels[1, 3:], labels[2, :2], labels[3] = -100, -100, -100
    made = {"s": (B, L, V), "t": (B, L, V), "h_s": (B, L, D), "h_t": (B, L, D), "a_s": (B, HEADS, L, L)}
    return {name: drawn(*shape) for name, shape in {**made, "a_t": (B, HEADS, L, L)}.items()} | {
        "labels": labels.tolist()
    }


def cases(given: dict[str, Tensor]) -> Iterator[Case]:
    yield from trl_cases(**given)
    yield from textbrewer_cases(**given)
    yield from torchdistill_cases(**given)
    yield from transformers_cases(**given)


def trl_cases(s: Tensor, t: Tensor, labels: Tensor, **_: Tensor) -> Iterator[Case]:
    from trl.experimental.gkd import GKDTrainer
    from trl.experimental.gold import GOLDTrainer

    for trainer in (GKDTrainer, GOLDTrainer):
        for beta in BETAS:
            for T in TEMPERATURES:
                how = {"beta": beta, "temperature": T}
                call = f"{trainer.__name__}.generalized_jsd_loss"
                yield "trl", call, how, lambda x, f=trainer.generalized_jsd_loss, how=how: f(x, t, labels, **how), s
    call = "GKDTrainer.generalized_jsd_loss"
    nothing = torch.full_like(labels, -100)
    how = {"beta": 0.5, "temperature": 1.0, "labels": "none"}
    yield "trl", call, how, lambda x: GKDTrainer.generalized_jsd_loss(x, t, nothing), s
    yield from chunked_cases(s, t, labels)


def chunked_cases(s: Tensor, t: Tensor, labels: Tensor) -> Iterator[Case]:
    """The newer trainer's, from hidden states and a head: here the logits, and a head that leaves them alone."""
    from trl.trainer.distillation_trainer import _chunked_divergence_loss

    same = torch.eye(V, dtype=s.dtype)
    for beta in (0.0, 0.1, 1.0):
        how = {"beta": beta, "temperature": 4.0}

        def loss(x: Tensor, beta: float = beta) -> Tensor:
            return _chunked_divergence_loss(x, t, same, same, (labels != -100).int(), beta, temperature=4.0)[0]

        yield "trl", "DistillationTrainer", how, loss, s


def textbrewer_cases(
    s: Tensor, t: Tensor, h_s: Tensor, h_t: Tensor, a_s: Tensor, a_t: Tensor, labels: Tensor
) -> Iterator[Case]:
    from textbrewer import losses

    mask = labels != -100
    for T in TEMPERATURES:
        for f in (losses.kd_ce_loss, losses.kd_mse_loss):
            yield "textbrewer", f.__name__, {"temperature": T}, lambda x, f=f, T=T: f(x, t, T), s
    layers = (losses.hid_mse_loss, h_s, h_t), (losses.cos_loss, h_s, h_t), (losses.att_mse_loss, a_s, a_t)
    for f, ours, theirs in layers:
        name = f.__name__
        yield "textbrewer", name, {"mask": True}, lambda x, f=f, theirs=theirs: f(x, theirs, mask), ours
        one = theirs[:1]
        yield "textbrewer", name, {"mask": "one whole text"}, lambda x, f=f, one=one: f(x[:1], one, mask[:1]), ours
        yield "textbrewer", name, {"mask": False}, lambda x, f=f, theirs=theirs: f(x, theirs), ours


def torchdistill_cases(s: Tensor, t: Tensor, labels: Tensor, **_: Tensor) -> Iterator[Case]:
    from torchdistill.losses.mid_level import KDLoss

    flat_t, y = t.flatten(0, 1), labels.flatten()
    for T in TEMPERATURES:
        for alpha in (0.0, 0.3, 0.9):

            def loss(x: Tensor, T: float = T, alpha: float = alpha) -> Tensor:
                asked = KDLoss("logits", "output", "logits", "output", T, alpha, ignore_index=-100)
                return asked({"logits": {"output": x.flatten(0, 1)}}, {"logits": {"output": flat_t}}, y)

            yield "torchdistill", "KDLoss", {"temperature": T, "alpha": alpha}, loss, s


def transformers_cases(s: Tensor, labels: Tensor, **_: Tensor) -> Iterator[Case]:
    from transformers.loss.loss_utils import ForMaskedLMLoss

    yield "transformers", "ForMaskedLMLoss", {}, lambda x: ForMaskedLMLoss(x, labels, V), s  # in float32


def measured(given: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the value of each case, the squared length of its gradient, and the slope from the student's to 0."""
    tensors = {
        name: torch.tensor(part, dtype=None if name == "labels" else torch.float64) for name, part in given.items()
    }
    found = []
    for library, call, how, loss, student in cases(tensors):
        x = student.clone().requires_grad_()
        value = loss(x)
        (g,) = torch.autograd.grad(value, x)
        numbers = {"value": value.item(), "squared": g.square().sum().item(), "slope": (g * student).sum().item()}
        found.append({"library": library, "call": call, "settings": how, **numbers})
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--write", action="store_true", help="record them for the tests")
    warnings.simplefilter("ignore")
    if asked.parse_args().write:
        given = inputs()
        rows = ",\n".join("    " + json.dumps(row) for row in measured(given))
        parts = ",\n".join(f'    "{name}": {json.dumps(part)}' for name, part in given.items())
        names = {name: version(name) for name in ("trl", "textbrewer", "torchdistill", "transformers")}
        RECORD.write_text(
            f'{{\n  "command": "python benchmarks/other_libraries.py --write",\n  "versions": {json.dumps(names)},\n'
            f'  "inputs": {{\n{parts}\n  }},\n  "recorded": [\n{rows}\n  ]\n}}\n',
            encoding="utf-8",
        )
        return
    kept = json.loads(RECORD.read_text(encoding="utf-8"))
    for row, now in zip(kept["recorded"], measured(kept["inputs"]), strict=True):
        far = max(abs(now[name] - row[name]) / max(1.0, abs(row[name])) for name in ("value", "squared", "slope"))
        sign = "=" if math.isclose(far, 0, abs_tol=1e-12) else "differs"
        print(f"{row['library']:14} {row['call']:34} {row['settings']!s:44} {row['value']:.12g} {sign}")


if __name__ == "__main__":
    main()
