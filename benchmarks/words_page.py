"""Seconds and bits of the Words page's runs: ``python benchmarks/words_page.py [method ...]``.

Each is run as on the page (student and twin side by side, evaluated along the way, read and written), once, with seed
0: the estimate that stands before Train, the seconds it took, those of them that a processor worked on it (what a
machine with nothing else to do would take), the bits a token on validation and on test text of both and of the teacher,
and the difference on test text with its 95 % interval over rows. ``--data`` and ``--student`` choose others.
"""

from __future__ import annotations

import argparse
import time

import torch

import kdviz as kd
from kdviz.panels.writing import drawings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", help="those of the page (forward)")
    parser.add_argument("--data", default="moby-dick")
    parser.add_argument("--student", default="")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    more = {"student": arguments.student} if arguments.student else {}
    for method in arguments.methods or ["forward"]:
        page = kd.panels.Words(data=arguments.data, method=method, seed=arguments.seed, **more)
        estimate = page._seconds or 0.0
        begun, worked = time.perf_counter(), time.process_time()
        page.command("train")
        if not page.wait("finished", "failed", timeout_s=1800) or not page._ended:
            raise SystemExit(f"{method}: {page.status}")
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        took = f"{estimate:.0f} s estimated, {seconds:.1f} s ({worked:.1f} s of a processor)"
        print(f"{arguments.data}, {page._choices.student}, {method}: {page.runs['student'].total_steps} steps, {took}")
        for split in ("validation", "test"):
            bits = {role: drawings.bits(run.history.evaluated(split)[-1]) for role, run in page.runs.items()}
            bits["teacher"] = page._planned[0].of_teacher(split).bits.value
            print(f"    {split}: " + ", ".join(f"{role} {value:.3f}" for role, value in bits.items()) + " bits a token")
        d = page._ended["difference"]
        print(f"    student − twin on test text: {d.value:+.3f} ({d.low:+.3f} to {d.high:+.3f})", flush=True)
        page.close()


if __name__ == "__main__":
    main()
