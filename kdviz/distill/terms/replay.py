"""Dark experience replay (DER): remember a few examples of a stream, with the student's own logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ...losses import logit_mse
from ..outputs import Outputs, Seen
from ..schedules import Hyperparameter, positive
from .feature import at_least_one
from .labels import LearnsLabels

__all__ = ["DarkReplay"]


@dataclass(frozen=True)
class DarkReplay(LearnsLabels):
    """Dark experience replay (DER, DER++): keep the student's earlier logits on remembered examples.

    The memory is the term's auxiliary module: a ``Reservoir`` in which each example of the stream is kept with
    equal chance, whatever comes after. No teacher is asked; the student's own past is the teacher.

    Parameters
    ----------
    alpha : float or Schedule
        α ≥ 0, the weight of the remembered logits.
    beta : float or Schedule
        β ≥ 0, the weight of the remembered labels; above 0 the method is DER++.
    capacity : int
        How many examples the memory holds.
    replayed : int
        How many of them are drawn at each step, for the logits and again for the labels.

    Notes
    -----
    For (x′, z′) and (x″, y″) drawn from the memory M, with h the student's logits::

        α · mean (h(x′) − z′)²  +  β · CE(h(x″), y″)

    which comes on top of the loss on the stream, CE(h(x), y). The mean over the memory is also one over classes, as
    in the authors' code; the paper writes ‖z′ − h(x′)‖², the sum over classes, so its α is C times smaller. While the
    memory is empty the term is 0. Remembered classes weigh what they weigh in the objective's labels. The memory takes
    inputs as the student saw them: augmented, where the run augments (the code keeps them as they were and augments
    them anew).

    The weight outside multiplies both parts: leave it at 1 and set α and β, or edit them:
    ``run.edit(dark_replay_alpha=0.3)``. At weight 0 the memory still fills.

    Inputs and logits of the whole memory are in each snapshot of a run: 200 MNIST images take 0.6 MB.

    References
    ----------
    Buzzega, Boschini, Porrello, Abati, Calderara (2020), Dark Experience for General Continual Learning: a Strong,
    Simple Baseline, NeurIPS, arXiv:2004.07211.

    Examples
    --------
    >>> from kdviz import HardLabels
    >>> HardLabels() + DarkReplay(alpha=0.5, beta=0.5, capacity=200)
    1 * HardLabels() + 1 * DarkReplay(alpha=0.5, beta=0.5, capacity=200, replayed=32)
    """

    alpha: Hyperparameter = 0.5
    beta: Hyperparameter = 0.0
    capacity: int = 200
    replayed: int = 32

    name: ClassVar[str] = "dark_replay"
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("capacity", "replayed")

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", positive("alpha", self.alpha, zero=True))
        object.__setattr__(self, "beta", positive("beta", self.beta, zero=True))
        object.__setattr__(self, "capacity", at_least_one("capacity", self.capacity))
        object.__setattr__(self, "replayed", at_least_one("replayed", self.replayed))

    def auxiliary(self, seen: Seen) -> nn.Module:
        return Reservoir(self.capacity, seen.classes)

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        memory, h = outputs.auxiliary, outputs.model
        assert isinstance(memory, Reservoir) and h is not None and outputs.inputs is not None
        loss = 0 * outputs.student.mean()
        if memory.filled and hyper["alpha"] > 0:
            x, _, z = memory.draw(self.replayed)
            loss = loss + hyper["alpha"] * logit_mse(h(x), z)
        if memory.filled and hyper["beta"] > 0:
            x, y, _ = memory.draw(self.replayed)
            remembered = outputs._replace(labels=y, labelled=None, soft=None)
            loss = loss + hyper["beta"] * self.on_labels(h(x), remembered)
        if memory.training:  # a run that tries its terms out must leave no trace
            memory.add(outputs.inputs, outputs.labels, outputs.student)
        return loss


class Reservoir(nn.Module):
    """A memory of a stream: each of the n examples seen so far is in it with the same chance, capacity / n.

    All of it are buffers, which grow until it is full, so that a snapshot of the module is one of the memory.

    Parameters
    ----------
    capacity : int
        Most examples held.
    classes : int
        Number of logits of an example.

    Attributes
    ----------
    inputs, labels, logits : Tensor, shape (n, ...), (n,), (n, C)
        The examples held, in no order.
    seen : Tensor of int64
        How many examples came by.

    Notes
    -----
    Reservoir sampling (Vitter 1985, algorithm R): example number n (from 0) takes place n while there is room; after
    that, a place j drawn from 0 … n, and only if j < capacity. Draws come from torch's own generator, which a run
    seeds at each step.

    Examples
    --------
    >>> memory = Reservoir(4, classes=3)
    >>> for batch in torch.arange(40.0).view(5, 8, 1):
    ...     memory.add(batch, batch[:, 0].long(), torch.zeros(8, 3))
    >>> memory.filled, int(memory.seen), memory.inputs.shape
    (4, 40, torch.Size([4, 1]))
    """

    inputs: Tensor
    labels: Tensor
    logits: Tensor
    seen: Tensor

    def __init__(self, capacity: int, classes: int) -> None:
        super().__init__()
        self.capacity = capacity
        self.register_buffer("inputs", torch.zeros(0))
        self.register_buffer("labels", torch.zeros(0, dtype=torch.int64))
        self.register_buffer("logits", torch.zeros(0, classes))
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    @property
    def filled(self) -> int:
        """How many examples are held now."""
        return len(self.labels)

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return inputs, labels and logits of ``count`` different examples, or of all where there are fewer."""
        chosen = torch.randperm(self.filled)[:count].to(self.labels.device)
        return self.inputs[chosen], self.labels[chosen], self.logits[chosen]

    @torch.no_grad()
    def add(self, inputs: Tensor, labels: Tensor, logits: Tensor) -> None:
        """Let a batch come by: inputs (B, ...), labels (B,) and logits (B, C)."""
        before = int(self.seen)
        n = torch.arange(before, before + len(labels))
        j = (torch.rand(len(labels), dtype=torch.float64) * (n + 1)).long()
        place = torch.where(n < self.capacity, n, j)
        stays = torch.nonzero(place < self.capacity).flatten()
        # Of several that take one place the last one has it, as if they came one by one.
        newest = torch.full((self.capacity,), -1).scatter_reduce(0, place[stays], stays, "amax")
        places = torch.nonzero(newest >= 0).flatten()
        self._grow(min(before + len(labels), self.capacity), inputs)
        here, there = places.to(self.labels.device), newest[places].to(self.labels.device)
        self.inputs[here], self.labels[here] = inputs[there], labels[there]
        self.logits[here] = logits[there].to(self.logits.dtype)
        self.seen += len(labels)

    def _grow(self, rows: int, like: Tensor) -> None:
        more = rows - self.filled
        if more <= 0:
            return
        if self.filled == 0:
            self.inputs = like.new_zeros(0, *like.shape[1:])
        self.inputs, self.labels, self.logits = (
            torch.cat((held, held.new_zeros(more, *held.shape[1:]))) for held in (self.inputs, self.labels, self.logits)
        )

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take buffers of any length: how full the memory was depends on the step."""
        for name in ("inputs", "labels", "logits"):
            given = state_dict.get(prefix + name)
            if given is not None:
                setattr(self, name, torch.empty_like(given, device=self.seen.device))
        super()._load_from_state_dict(state_dict, prefix, *rest)
