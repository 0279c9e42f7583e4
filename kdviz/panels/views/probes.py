"""Probes: a few fixed examples watched through training, chosen where there is something to see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...data import Examples, Splits
from ...data.inputs import tensors
from ...measure.one_token import TEXT
from ...models import inference

LOOKED_AT = 1000  # validation examples the choice is made from
SHOWN = 12
ERRORS = 2  # places kept for examples the teacher gets wrong
SAMPLE = 400  # examples that stand for all
TOKENS = 16  # shown of a text
REMARKABLE = 100  # examples picked because there is something to see
BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
MOST_PIXELS = 8_000_000  # of all pictures on a page


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
        logits = self.teacher_logits.float().numpy()
        return {**pictures(self.examples), "labels": self.examples.y.tolist(), "teacher_logits": logits}


def choose_probes(teacher: nn.Module, data: Splits, count: int = SHOWN) -> Probes:
    """Choose probes from the first validation examples: most that the teacher gets right, and its boldest errors.

    Of each class come as many as there is room for, evenly spread from the one the teacher finds most ambiguous (the
    highest probability, at T = 1, of a class other than the one answered) to the one it is surest of; with many classes
    that is the most ambiguous alone. What is left is filled with the errors it is surest of.
    """
    look = data.validation.take(slice(0, LOOKED_AT))
    logits = one_answer_each(inference.logits(teacher, look).float())
    top = logits.softmax(1).topk(2)
    ambiguity, right = top.values[:, 1], top.indices[:, 0] == look.y
    each = max(1, (count - ERRORS) // len(data.classes))
    chosen: list[int] = []
    for c in range(len(data.classes)):
        of_class = torch.nonzero((look.y == c) & right).flatten()
        ranked = of_class[ambiguity[of_class].argsort(descending=True)]
        spread = torch.linspace(0, max(0, len(ranked) - 1), each).long() if each > 1 else torch.tensor([0])
        chosen += ranked[spread[: len(ranked)]].tolist()
    errors_first = torch.argsort(right.float() + ambiguity).tolist()
    chosen = list(dict.fromkeys(chosen))[:count]
    chosen += [i for i in errors_first if i not in set(chosen)]
    index = torch.tensor(chosen[:count])
    return Probes(look.take(index), logits[index])


@dataclass(frozen=True)
class WatchedExamples(Probes):
    """Examples watched through training: first a sample that stands for all, then remarkable ones.

    Attributes
    ----------
    sample : int
        The first so many are a random sample of the validation split; the others were picked.
    first : int
        The one to begin with.
    index : Tensor of int64, shape (N,)
        Where they stand in the split.
    """

    sample: int
    first: int
    index: Tensor

    @property
    def torn(self) -> int:
        """The one whose two likeliest classes the teacher finds most alike, among those it gets right."""
        top = self.teacher_logits.softmax(1).topk(2)
        right = top.indices[:, 0] == self.examples.y
        return int(torch.where(right, top.values[:, 1], torch.zeros(())).argmax())

    def scene(self, classes: tuple[str, ...]) -> dict[str, object]:
        """Return the traits of a Scene that shows them."""
        about = {"classes": list(classes), "sample": self.sample, "selected": self.first, "tracked": len(self.index)}
        return {**about, **self.traits()}


def choose_watched(
    teacher: nn.Module,
    data: Splits,
    *,
    sample: int = SAMPLE,
    remarkable: int = REMARKABLE,
    looked_at: int = LOOKED_AT,
    about: int = -1,
    followed: Collection[int] = (),
) -> WatchedExamples:
    """Choose the examples of a page from the first validation examples, which stand in random order.

    The sample is the first of them. From the rest come the teacher's errors, the boldest first, and then those that it
    finds most ambiguous (the highest probability, at T = 1, of a class other than the one answered).

    The one to begin with is the most ambiguous that the teacher gets right: with ``about``, of that class and of the
    sample; else of those that are ``followed`` (validation examples, by index) if any of them is among the examples.
    """
    look = data.validation.take(slice(0, looked_at))
    logits = one_answer_each(inference.logits(teacher, look).float())
    top = logits.softmax(1).topk(2)
    ambiguity, right = top.values[:, 1], top.indices[:, 0] == look.y
    sample = min(sample, len(look))
    rest = torch.arange(sample, len(look))
    errors = rest[~right[rest] & (look.y[rest] >= 0)]
    errors = errors[ambiguity[errors].argsort()][: remarkable // 2]
    others = rest[right[rest]]
    others = others[ambiguity[others].argsort(descending=True)][: remarkable - len(errors)]
    index = torch.cat([torch.arange(sample), errors, others])
    chosen = look.take(index)
    begins = right[index]
    if about >= 0:
        begins = begins & (chosen.y == about) & (torch.arange(len(index)) < sample)
    seen = begins & torch.isin(index, torch.tensor(sorted(followed), dtype=torch.long))
    hardest = torch.where(seen if seen.any() else begins, ambiguity[index], torch.zeros(())).argmax()
    return WatchedExamples(chosen, logits[index], sample, int(hardest), index)


def one_answer_each(logits: Tensor) -> Tensor:
    """Return logits (N, C); raise in one sentence for those of tokens, (N, L, V)."""
    if logits.ndim == 3:
        raise ValueError(
            "these models answer for each token, and a page shows one answer an example; train with run.train() and "
            'read run.history.frame() and run.evaluate("test"), or kd.measure.sequences(model, data, other=teacher)'
        )
    return logits


def pictures(examples: Examples) -> dict[str, object]:
    """Return how the examples look: images, of very many large ones the first; or words."""
    x = examples.x
    if isinstance(x, Tensor) and x.ndim == 4 and x.dtype == torch.uint8:
        room = max(REMARKABLE + SAMPLE, MOST_PIXELS // (x.shape[-2] * x.shape[-1]))
        return {"images": gray(x[:room]).numpy(), "image_shape": list(x.shape[-2:]), "captions": []}
    return {"images": b"", "image_shape": [0, 0], "captions": captions(examples)}


def gray(images: Tensor) -> Tensor:
    """Return pictures (N, C, H, W) in bytes as the page draws them, (N, H, W): how bright each pixel is.

    >>> gray(torch.tensor([[[[255]], [[0]], [[0]]]], dtype=torch.uint8)).tolist()
    [[[76]]]
    """
    if images.shape[1] != len(BRIGHTNESS):
        return images[:, 0]
    return torch.einsum("nchw,c->nhw", images.float(), torch.tensor(BRIGHTNESS)).round().to(torch.uint8)


def captions(examples: Examples) -> list[str]:
    """Return a line of words for each example without an image: its named columns, else the numbers of its tokens.

    Where a column is called text it stands alone.
    """
    columns = examples.groups
    if TEXT in columns:
        return [str(text) for text in columns[TEXT]]
    ids = inference.token_ids(examples.x)
    tokens = tensors(examples.x)[0] if ids is None else ids
    if not columns and tokens.ndim == 2 and not tokens.is_floating_point():
        more = " ..." if tokens.shape[1] > TOKENS else ""
        return [" ".join(map(str, row)) + more for row in tokens[:, :TOKENS].tolist()]
    return [", ".join(str(columns[name][i]) for name in columns) for i in range(len(examples))]
