"""Dark experience replay: a memory that any example of the stream may enter."""

from __future__ import annotations

import torch

from kdviz.distill.terms.replay import Reservoir


def test_every_example_of_a_stream_stays_with_the_same_chance():
    torch.manual_seed(0)
    kept = torch.zeros(60)
    rounds = 1000
    for _ in range(rounds):
        memory = Reservoir(12, 1)
        for batch in torch.arange(60.0).view(-1, 20, 1):
            memory.add(batch, batch[:, 0].long(), torch.zeros(20, 1))
        kept[memory.labels] += 1
    expected, spread = rounds * 12 / 60, (rounds * 0.2 * 0.8) ** 0.5
    assert (kept - expected).abs().max() < 4.5 * spread  # 60 places: 4.5 standard deviations


def test_a_batch_at_once_is_one_by_one():
    """The reservoir after whole batches is the one that a loop over single examples gives, for the same draws."""
    draws = torch.rand(50, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).tolist()
    by_hand: list[int] = []
    for n in range(50):
        j = n if n < 7 else int(draws[n] * (n + 1))
        if n < 7:
            by_hand.append(n)
        elif j < 7:
            by_hand[j] = n
    memory = Reservoir(7, 2)
    torch.manual_seed(1)
    for batch in torch.arange(50.0).view(5, 10, 1):
        memory.add(batch, batch[:, 0].long(), torch.zeros(10, 2))
    assert memory.labels.tolist() == by_hand


def test_drawn_examples_belong_together_and_are_different():
    memory = Reservoir(30, 2)
    for batch in torch.arange(60.0).view(6, 10, 1):
        memory.add(batch, batch[:, 0].long(), batch.expand(10, 2))
    x, y, z = memory.draw(20)
    assert len(y.unique()) == 20
    assert torch.equal(x[:, 0].long(), y) and torch.equal(z[:, 1].long(), y)
    assert len(memory.draw(99)[1]) == 30
