"""Each order of the three steps, on one start; what was pruned and rounded before the teaching is so after it."""

from dataclasses import replace
from itertools import permutations

import torch

from kdviz import compress
from kdviz.distill.schemes import integer_weights, quantized_layers
from kdviz.study import compression
from kdviz.study.experiment import experiment


def test_all_orders_come_from_one_start_and_end_pruned_and_rounded(monkeypatch):
    seen = []
    monkeypatch.setattr(compression.Bench, "found", _found(compression.Bench.found, seen))
    base = experiment("compression-order").base
    tiny = replace(
        base, draw={"count": 60}, epochs=2, student={"name": "mlp", "hidden": [8]}, teacher="mnist-mlp-overfit"
    )
    found = list(compression.compression_order(tiny, share=0.75, bits=3, later=1))
    orders = {", ".join(order) for order in permutations(compression.STEPS)}
    assert orders < {one.name for one in found}
    models = dict(seen)
    start = models["labels alone, not made small"]
    for name in orders | {"prune, quantize, labels again", "a third of the teaching after each step"}:
        small = models[name]
        assert compress.share_of_zeros(small) >= 0.75 and quantized_layers(small) == ("linear1", "logits")
        assert max(int(w.abs().max()) for w in integer_weights(small).values() if w.dtype == torch.int8) == 3
        assert not torch.equal(small.linear1.weight, start.linear1.weight)
    assert compress.share_of_zeros(start) < 0.01  # it is copied, not changed
    differing = [models[name].logits.bias for name in sorted(orders)]
    assert len({tuple(bias.tolist()) for bias in differing}) > 2  # the order does something
    against = {one.name: one.other for one in found if one.other}
    assert against["prune, quantize, labels again"] == "prune, quantize, distil"
    assert against["quantize, prune, distil"] == "distil, prune, quantize"


def _found(call, seen):
    def kept(bench, name, model, *more, **others):
        seen.append((name, model))
        return call(bench, name, model, *more, **others)

    return kept
