"""Probes: a few fixed examples watched through training, chosen where there is something to see."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data import Examples, Splits
from ..distill.evaluate import answer

LOOKED_AT = 1000  # validation examples the choice is made from
SHOWN = 12


@dataclass(frozen=True)
class Probes:
    """Examples and what the teacher says of them.

    Attributes
    ----------
    examples : Examples
        N probes, of the validation split: the student never learns from them.
    teacher_logits : Tensor, shape (N, C)
    """

    examples: Examples
    teacher_logits: Tensor

    def traits(self) -> dict[str, object]:
        """Return what the SoftTargets widget needs to show them."""
        x = self.examples.x
        is_image = x.ndim == 4 and x.dtype == torch.uint8
        return {
            "images": x[:, 0].numpy() if is_image else b"",
            "image_shape": list(x.shape[-2:]) if is_image else [0, 0],
            "captions": [] if is_image else captions(self.examples),
            "labels": self.examples.y.tolist(),
            "teacher_logits": self.teacher_logits.float().numpy(),
        }


def choose_probes(teacher: nn.Module, data: Splits, count: int = SHOWN) -> Probes:
    """Choose probes from the first validation examples: of each class in turn the one the teacher finds most ambiguous.

    Ambiguous means the highest probability, at T = 1, of a class other than the one answered. The first round takes
    examples that the teacher gets right; what is left is filled with its errors, then the next most ambiguous.
    """
    look = data.validation.take(slice(0, LOOKED_AT))
    logits = answer(teacher, look).float()
    top = logits.softmax(1).topk(2)
    ambiguity = top.values[:, 1]
    right = top.indices[:, 0] == look.y
    chosen: list[int] = []
    for c in range(len(data.classes)):
        of_class = torch.nonzero((look.y == c) & right).flatten()
        if len(of_class):
            chosen.append(int(of_class[ambiguity[of_class].argmax()]))
    wrong_first = torch.argsort(ambiguity + (~right).float(), descending=True).tolist()
    chosen += [i for i in wrong_first if i not in set(chosen)]
    index = torch.tensor(chosen[:count])
    return Probes(look.take(index), logits[index])


def captions(examples: Examples) -> list[str]:
    """Return a line of words for each example without an image, from its named columns."""
    columns = examples.groups
    return [", ".join(f"{name} {columns[name][i]}" for name in columns) for i in range(len(examples))]
