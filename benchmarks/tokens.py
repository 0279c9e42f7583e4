"""Tokens per second of a run on text beside a bare PyTorch loop: same model, loss and optimizer, in one process.

    python benchmarks/tokens.py                     # a decoder of 64 numbers, rows of 64 characters; aim: 1.05

Both loops take turns, the order swapped each time, so that a machine that slows down slows both down. Told is the
median over the rounds of the ratio of their seconds. The teacher's logits are kept in both: neither asks it again.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import torch.nn.functional as F

import kdviz as kd


def bare(teacher_logits, student, data, batch_size, steps, seed):
    """Yield after each step of a plain loop: 0.9 · KL at T = 2 times 4, 0.1 · cross-entropy, Adam."""
    x, y = data.train.x, data.train.y
    optimizer = torch.optim.Adam(student.parameters(), lr=1e-3)
    student.train()
    generator, step = torch.Generator().manual_seed(seed), 0
    while True:
        for index in torch.randperm(len(x), generator=generator).split(batch_size):
            s, t, labels = student(x[index]).flatten(0, 1), teacher_logits[index].flatten(0, 1), y[index].flatten()
            counts = labels != -1
            if not bool(counts.all()):
                s, t, labels = s[counts], t[counts], labels[counts]
            soft = F.kl_div(F.log_softmax(s / 2, 1), F.log_softmax(t / 2, 1), log_target=True, reduction="batchmean")
            loss = 0.9 * 4 * soft + 0.1 * F.cross_entropy(s, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield
            step += 1
            if step == steps:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("rows", 512), ("length", 64), ("width", 64), ("blocks", 2), ("batch", 16), ("rounds", 10)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--part", type=int, default=8, help="steps that each loop takes before the other has its turn")
    given = parser.parse_args()
    data = kd.data.moby_dick(length=given.length)
    train = data.train.take(slice(0, given.rows))
    data = kd.data.Splits("some", "Some of Moby-Dick", data.classes, train, data.validation, data.test)
    symbols = len(data.classes)

    def decoder(seed: int) -> torch.nn.Module:
        return kd.models.decoder(symbols, given.length, given.width, given.blocks, 4, seed=seed)

    teacher = kd.distill.Teacher(decoder(1).eval())
    logits = teacher.logits(train)
    steps = given.rounds * given.part
    epochs = -(-steps // -(-given.rows // given.batch))
    run = kd.Distillation(
        teacher, decoder(0), data, 0.9 * kd.SoftTargets(2.0) + 0.1 * kd.HardLabels(), batch_size=given.batch,
        epochs=epochs, snapshot_every=10**6, allow_weaker_teacher=True,
    )  # fmt: skip
    run.prepare()
    plain = bare(logits, decoder(0), data, given.batch, steps, 0)
    loops = {"kdviz": run.step, "bare": lambda: next(plain)}
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(given.rounds):
        for name in sorted(loops, reverse=bool(turn % 2)):
            began = time.perf_counter()
            for _ in range(given.part):
                loops[name]()
            seconds[name].append(time.perf_counter() - began)
    ratios = [a / b for a, b in zip(seconds["kdviz"], seconds["bare"], strict=True)]
    tokens = given.part * given.batch * given.length
    for name, took in seconds.items():
        print(f"{name}: {tokens / statistics.median(took):,.0f} tokens a second")
    print(f"kdviz / bare: {statistics.median(ratios):.3f} (median of {len(ratios)} rounds, aim 1.05)")


if __name__ == "__main__":
    main()
