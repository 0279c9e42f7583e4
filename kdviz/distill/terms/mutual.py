"""Peers that learn alongside the student, from it and from each other."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ... import losses, models
from .. import schedules
from ..outputs import Outputs, Seen
from ..randomness import mix
from ..schedules import Hyperparameter, positive
from .feature import at_least_one
from .labels import LearnsLabels

__all__ = ["Mutual"]

Peer = dict[str, Any] | nn.Module  # an architecture of kdviz.models.build, its "seed" among its entries if it has one


@dataclass(frozen=True)
class Mutual(LearnsLabels):
    """Deep mutual learning (DML): agree with peers that learn at the same time.

    The mean over peers of T² · KL(σ_T(p) ‖ σ_T(s)).

    Each peer learns its labels, with the weight of the objective's ``hard`` term and its class weights, and agrees with
    all others, the student among them, with this term's weight. Nobody's loss reaches another's weights. Stands beside
    labels: ``HardLabels() + Mutual(peers=2)``. See :func:`kdviz.schemes.mutual_learning`.

    Parameters
    ----------
    peers : int or sequence
        How many copies of the student's architecture, each with a seed of its own; or what each peer is: an
        architecture of :func:`kdviz.models.build`, with a ``"seed"`` if you like, or a module (a copy of it learns).
    temperature : float or Schedule
        T > 0; the paper has 1.

    Raises
    ------
    ValueError, TypeError
        If ``peers`` is none of these.

    Notes
    -----
    For each k of K networks::

        L_k = w_hard · CE(z_k, y) + w_mutual · 1/(K − 1) · Σ_{l ≠ k} T² · KL(σ_T(z_l) ‖ σ_T(z_k))

    with all z_l held fixed in the loss of z_k. The value of the term is the student's part.

    All step at once, from the answers of one batch; the paper updates one after the other, each seeing what the one
    before became. Its public code adds the K − 1 divergences up where the paper takes their mean.

    References
    ----------
    Zhang, Xiang, Hospedales, Lu (2018), Deep Mutual Learning, CVPR, arXiv:1706.00384.

    Examples
    --------
    >>> from kdviz import HardLabels
    >>> HardLabels() + Mutual(peers=2)
    1 * HardLabels() + 1 * Mutual(peers=2, temperature=1.0)
    """

    peers: int | tuple[Peer, ...] = 1
    temperature: Hyperparameter = 1.0

    name: ClassVar[str] = "mutual"
    outside_alpha: ClassVar[bool] = True
    static_fields: ClassVar[tuple[str, ...]] = ("peers",)

    def __post_init__(self) -> None:
        for number in schedules.extremes(self.temperature):
            losses.check_temperature(number)
        object.__setattr__(self, "temperature", positive("temperature", self.temperature))
        given: Any = self.peers
        if isinstance(given, Sequence) and given and all(isinstance(peer, dict | nn.Module) for peer in given):
            object.__setattr__(self, "peers", tuple(given))
        elif hasattr(given, "__index__"):
            object.__setattr__(self, "peers", at_least_one("peers", given))
        else:
            raise TypeError(
                "peers must be a number, or a sequence of architectures ({'name': 'mlp', ...}) or modules, "
                f"got {given!r}"
            )

    def to_dict(self) -> dict[str, Any]:
        if isinstance(self.peers, tuple) and any(isinstance(peer, nn.Module) for peer in self.peers):
            raise ValueError(
                "a peer of this objective is a module of your own, which cannot be saved; "
                "pass its architecture for kdviz.models.build instead"
            )
        return super().to_dict()

    def auxiliary(self, seen: Seen) -> nn.Module:
        peers = self.peers
        if isinstance(peers, int):
            if seen.architecture is None:
                raise ValueError(
                    f"{peers} peer(s) of the student's architecture were asked for and the student is a module of your "
                    "own, which kdviz cannot build again; give the peers themselves: Mutual(peers=(module, ...))"
                )
            peers = (dict(seen.architecture),) * peers
        return Peers(_begun(peer, mix(seen.seed, 6, i)) for i, peer in enumerate(peers))

    def value(self, outputs: Outputs, hyper: dict[str, float]) -> Tensor:
        peers = outputs.auxiliary
        assert isinstance(peers, Peers)
        others = peers.answers(outputs)
        return _agreement(outputs.student, others, hyper["temperature"])

    def auxiliary_loss(self, outputs: Outputs, hyper: dict[str, float], weights: Mapping[str, float]) -> Tensor:
        peers = outputs.auxiliary
        assert isinstance(peers, Peers)
        everybody = [outputs.student, *peers.answers(outputs, last=True)]
        total = outputs.student.new_zeros(())
        for k in range(1, len(everybody)):  # the student's own loss is the objective
            others = everybody[:k] + everybody[k + 1 :]
            labels = self.on_labels(everybody[k], outputs)
            agreement = _agreement(everybody[k], others, hyper["temperature"])
            total = total + weights.get("hard", 0.0) * labels + weights["mutual"] * agreement
        return total


class Peers(nn.ModuleList):
    """Networks that learn beside a student.

    Asked once a batch: the student's loss and the peers' look at the same answers, so that dropout and batch
    statistics are those of one pass.
    """

    _held: tuple[Tensor, list[Tensor]] | None = None

    def answers(self, outputs: Outputs, *, last: bool = False) -> list[Tensor]:
        """Return each peer's logits (B, C) for a batch, with gradient; ``last``: nobody will ask for these again."""
        held = self._held
        if held is None or held[0] is not outputs.student:  # each pass of the student makes a new tensor
            with torch.enable_grad():  # a student's term of weight 0 is read without gradient; peers learn all the same
                held = (outputs.student, [peer(outputs.inputs) for peer in self])
        self._held = held if self.training and not last else None
        return held[1]


def _agreement(z: Tensor, others: Sequence[Tensor], temperature: float) -> Tensor:
    """Return the mean over others of T² · KL(σ_T(other) ‖ σ_T(z)); the others get no gradient."""
    each = [losses.soft_targets(z, other, temperature) for other in others]
    return torch.stack(each).mean()


def _begun(peer: Peer, seed: int) -> nn.Module:
    """Return a peer as it is before the first step: the same one each time."""
    if isinstance(peer, nn.Module):
        return copy.deepcopy(peer).requires_grad_(True)
    architecture = {key: value for key, value in peer.items() if key != "seed"}
    return models.build(architecture, seed=peer.get("seed", seed))
