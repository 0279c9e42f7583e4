"""What comes out of the Lab's presets: ``python benchmarks/presets.py``.

Each preset is run as the page runs it: student, twin and a twin with smoothed labels side by side on one thread,
evaluated along the way, the test set opened at the end. Printed as the table of ``docs/presets.md``. The seconds are
from Train to the end, the teacher's answers included; they depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import torch

import kdviz as kd
from kdviz.distill import Distillation, Runner, Teacher, leave_room
from kdviz.distill.evaluate import answer
from kdviz.distill.runner import KeepGoing
from kdviz.panels.lab.choices import NONE_OMITTED, Choices
from kdviz.panels.lab.presets import PRESETS, Preset

COLUMNS = ("preset", "seed", "student", "twin", "smoothed twin", "teacher", "agreement", "seconds (CPU)")
BIASES = [step / 4 for step in range(33)]  # added to the omitted class's logit, as far as the page's slider goes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[p.name for p in PRESETS], metavar="PRESET")
    parser.add_argument("--as-page", action="store_true", help="train the smoothed twin only where the preset does")
    arguments = parser.parse_args()
    leave_room()
    print("Test errors of 10,000.\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
    for preset in PRESETS:
        if preset.name in arguments.only:
            for seed in range(arguments.seeds):
                print(row(preset, seed, as_page=arguments.as_page), flush=True)


def row(preset: Preset, seed: int, *, as_page: bool) -> str:
    """Run a preset and return a row of the table."""
    choices = replace(Choices(**preset.choices), seed=seed)
    wall, cpu = time.perf_counter(), time.process_time()
    runs = taught(choices, smoothing=choices.smoothing or not as_page)
    seconds = f"{time.perf_counter() - wall:.1f} ({time.process_time() - cpu:.1f})"
    test = [run.history.evaluated("test")[-1] for run in runs]
    errors = [f"{e.errors:,}" for e in test] + ["–"] * (3 - len(test))
    if choices.omit != NONE_OMITTED:
        errors[: len(runs)] = [mended(run, choices.omit) for run in runs]
    agreement = f"{test[0].agreement or 0:.1%}".replace("%", " %")
    return f"| {preset.name} | {seed} | {' | '.join(errors)} | {test[0].teacher_errors:,} | {agreement} | {seconds} |"


def taught(choices: Choices, *, smoothing: bool) -> Sequence[Distillation]:
    """Train student and twins to the end of the plan, as the page does."""
    teacher = Teacher(kd.models.pretrained(choices.teacher))

    def build(keep_going: KeepGoing) -> Sequence[Distillation]:
        run = choices.distillation(teacher)
        run.prepare(keep_going)
        if not run.data.train.labelled:
            return (run,)
        return (run, run.twin(), run.twin(smoothing=0.1)) if smoothing else (run, run.twin())

    ended = Event()
    runner = Runner(build, lambda r: ended.set() if r.state in ("finished", "failed") else None)
    runner.send("train")
    ended.wait()
    if runner.state == "failed":
        raise RuntimeError(runner.message)
    runner.close()
    return runner.runs


def mended(run: Distillation, omitted: int) -> str:
    """Return test errors as they are, and with the omitted class's bias that is best on validation data."""
    validation, test = run.data.validation, run.data.test
    says, tested = answer(run.student, validation), answer(run.student, test)
    best = min(BIASES, key=lambda bias: wrong(says, validation.y, omitted, bias))
    return f"{wrong(tested, test.y, omitted, 0):,} → {wrong(tested, test.y, omitted, best):,} at bias {best:g}"


def wrong(logits: torch.Tensor, labels: torch.Tensor, raised: int, bias: float) -> int:
    raised_logits = logits.clone()
    raised_logits[:, raised] += bias
    return int((raised_logits.argmax(1) != labels).sum())


if __name__ == "__main__":
    main()
