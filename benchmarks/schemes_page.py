"""Seconds and errors of the Schemes page's default runs: ``python benchmarks/schemes_page.py``.

Each scheme is run as on the page (its lanes side by side, evaluated along the way, drawn), once, with seed 0: the
estimate that stands before Train, the seconds it took, those of them that a processor worked on it (what a machine with
nothing else to do would take), what is counted of all three on test data (errors; wrong answers, hidden words not found
or bits a token of text), and the paired differences with 95 % intervals over the test examples. ``--temperatures``
compares offline distillation at T = 4 and 10 with the twin instead.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch

import kdviz as kd
from kdviz.panels.schemes import sentences
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.setting import Setting


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of schemes (all)")
    parser.add_argument("--temperatures", action="store_true")
    parser.add_argument("--write", type=Path, help="a JSON file to write the numbers to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.temperatures:
        temperatures()
        return
    found = {}
    for name in arguments.names or schemes():
        panel = kd.panels.Schemes(scheme=name)
        estimate = panel._seconds or 0.0
        begun, worked = time.perf_counter(), time.process_time()
        panel.command("train")
        if not panel.wait("finished", "failed", timeout_s=1200) or panel.course is None:
            raise SystemExit(f"{name}: {panel.status}")
        seconds, worked = time.perf_counter() - begun, time.process_time() - worked
        course = panel.course
        count = course.setting.count
        counted = {r: count.written(course.lanes[r].evaluated("test")[-1]) for r in ("student", "hinton", "twin")}
        against = {role: count.against(role, d) for role, d in sentences.differences(course).items()}
        times = {"estimate_s": round(estimate, 1), "seconds": round(seconds, 1), "processor_s": round(worked, 1)}
        found[name] = {"steps": course.own.total_steps, **times, "counted": counted, "against": against}
        took = f"{estimate:.0f} s estimated, {seconds:.1f} s ({worked:.1f} s of a processor)"
        counts = ", ".join(f"{role} {written}" for role, written in counted.items())
        print(f"{name}: {course.own.total_steps} steps, {took}; {counts}")
        for text in against.values():
            print(f"    {text}", flush=True)
        panel.close()
        if arguments.write:
            arguments.write.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def temperatures() -> None:
    """Print the validation errors that T is chosen by: offline distillation's and the twin's, over three seeds."""
    for seed in range(3):
        setting = Setting.of(seed=seed)
        steps = setting.steps()
        runs = {f"T = {t}": setting.run(kd.hinton(0.9, t), steps) for t in (4, 10)} | {"twin": setting.twin(steps)}
        for run in runs.values():
            run.train(progress=False, evaluate=False)
        data = setting.data.validation
        print(
            f"seed {seed}: " + ", ".join(f"{n} {setting.wrong(r.student, data)}" for n, r in runs.items()), flush=True
        )


if __name__ == "__main__":
    main()
