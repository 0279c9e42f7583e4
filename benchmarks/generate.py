"""What a cache is worth while a model writes: ``python benchmarks/generate.py``.

In one run, for each model, tokens a second

* with the cache: :func:`kdviz.models.generate` as anyone would call it;
* without it: the same, but each token reads the whole text again;
* a bare loop: plain PyTorch that reads the whole text again, and draws.

They are measured in short turns, in a new order each round, so that a busy machine slows all alike; ratios are of the
medians of turns. The tokens of the first two are compared.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

import kdviz as kd

SYMBOLS, CONTEXT, BEGUN = 78, 64, 4
MODELS: dict[str, Callable[[], nn.Module]] = {
    "moby-dick-decoder": lambda: kd.models.pretrained("moby-dick-decoder"),
    "decoder 32, 2 blocks": lambda: kd.models.decoder(SYMBOLS, CONTEXT, 32, 2, 2).eval(),
    "GRU 96": lambda: kd.models.gru(SYMBOLS, 96).eval(),
}


def bare(model: nn.Module, ids: Tensor, tokens: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for _ in range(tokens):
            z = model(ids[:, -CONTEXT:])[:, -1]
            ids = torch.cat([ids, torch.multinomial(z.softmax(-1), 1, generator=generator)], 1)
    return ids


def turns(model: nn.Module, rows: int, tokens: int, rounds: int) -> dict[str, list[float]]:
    """Return seconds of each turn."""
    ids = torch.randint(3, SYMBOLS, (rows, BEGUN), generator=torch.Generator().manual_seed(0))
    ways: dict[str, Callable[[], Tensor]] = {
        "cache": lambda: kd.models.generate(model, ids, tokens),
        "no cache": lambda: kd.models.generate(model, ids, tokens, cache=False),
        "bare loop": lambda: bare(model, ids, tokens),
    }
    same = (ways["cache"]() == ways["no cache"]()).float().mean()
    print(f"    the same tokens with and without: {same:.1%}")
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way in random.sample(list(ways), len(ways)):
            began = time.perf_counter()
            ways[way]()
            seconds[way].append(time.perf_counter() - began)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=CONTEXT - BEGUN, help="written after a beginning of four")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name, make in MODELS.items():
        model = make()
        for rows in (1, 32):
            print(f"{name}, {rows} {'text' if rows == 1 else 'texts'} of {options.tokens} tokens")
            seconds = turns(model, rows, options.tokens, options.rounds)
            median = {way: statistics.median(found) for way, found in seconds.items()}
            speed = ", ".join(f"{way} {rows * options.tokens / value:,.0f}" for way, value in median.items())
            beside = ", ".join(f"{way} {median[way] / median['cache']:.2f}×" for way in ("no cache", "bare loop"))
            print(f"    tokens a second: {speed}\n    seconds beside the cache's: {beside}", flush=True)


if __name__ == "__main__":
    main()
