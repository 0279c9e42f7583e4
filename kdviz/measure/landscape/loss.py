"""The loss of a model as a function of its parameters."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from ...data.inputs import Inputs
from ...models.inference import count, fitted, logits_of, names_taken, uncompiled
from ...models.looking import switch

Values = dict[str, Tensor]


@dataclass(frozen=True)
class Loss:
    """The mean cross-entropy of a copy of a model, in eval mode, over some labelled examples."""

    model: nn.Module
    inputs: Inputs
    y: Tensor
    parameters: Values
    buffers: Values

    @classmethod
    def of(cls, model: nn.Module, X: Inputs, y: Tensor) -> Loss:
        """Return the loss of a model; the model stays as it is.

        Raises
        ------
        ValueError
            In one sentence, if there is no label for each example, or the model has no parameters.
        """
        labels = torch.as_tensor(y)
        if labels.shape != (count(X),) or not len(labels) or bool((labels < 0).any()):
            raise ValueError(
                f"y must be the class of each of {count(X)} examples, got shape {tuple(labels.shape)}; "
                "leave out those without a label"
            )
        own = copy.deepcopy(uncompiled(model))
        switch(own, training=False)
        parameters = {name: p.detach().clone() for name, p in own.named_parameters() if p.is_floating_point()}
        if not parameters:
            raise ValueError(f"the model must have parameters, and {type(model).__name__} has none")
        buffers = {name: b.detach().clone() for name, b in own.named_buffers()}
        return cls(own, fitted(X, own), labels.long(), parameters, buffers)

    def logits(self, parameters: Values, buffers: Values | None = None) -> Tensor:
        """Return the logits (N, C) at some parameters."""
        state = {**(self.buffers if buffers is None else buffers), **parameters}
        x: Any = self.inputs
        if isinstance(x, Mapping):
            names = names_taken(self.model)
            named = {name: value for name, value in x.items() if names is None or name in names}
            answer = (
                functional_call(self.model, state, (), named) if named else functional_call(self.model, state, (x,))
            )
        else:
            answer = functional_call(self.model, state, x if isinstance(x, tuple) else (x,))
        return logits_of(answer, "model", len(self.y))

    def at(self, parameters: Values) -> Tensor:
        """Return the loss at some parameters, with its gradient where they need one."""
        return F.cross_entropy(self.logits(parameters), self.labels)

    @property
    def labels(self) -> Tensor:
        """The classes, on the model's device."""
        return self.y.to(next(iter(self.parameters.values())).device)

    def gradient(self, parameters: Values, *, graph: bool = False) -> tuple[Values, Values]:
        """Return leaves at some parameters and the loss's gradient; with ``graph`` it can be differentiated again."""
        leaves = {name: value.detach().requires_grad_() for name, value in parameters.items()}
        with sdpa_kernel(SDPBackend.MATH):  # the other kernels of attention have no second derivative
            parts = torch.autograd.grad(
                self.at(leaves), list(leaves.values()), create_graph=graph, allow_unused=True, materialize_grads=True
            )
        return leaves, dict(zip(leaves, parts, strict=True))


def norm(values: Values) -> float:
    """Return the Euclidean length of all values together."""
    return float(torch.sqrt(sum((v.double().square().sum() for v in values.values()), torch.zeros(()).double())))


def added(values: Values, direction: Values, by: float) -> Values:
    """Return values + by · direction; what has no direction stays."""
    return {name: v + by * direction[name] if name in direction else v for name, v in values.items()}
