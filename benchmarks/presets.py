"""What comes out of the Lab's presets: ``python benchmarks/presets.py``.

Each preset is run as the page runs it: student, twin and a twin with smoothed labels side by side on one thread,
evaluated along the way, the test set opened at the end. Printed as the table of ``docs/presets.md``. The seconds are
from Train to the end, the teacher's answers included; they depend on what else the machine does.

With ``--answers`` each preset is opened, bet on (the first answer, or 1,000), trained and, where several seeds settle
it, repeated by the Lab itself; printed is what the page then says.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from threading import Event

import kdviz as kd
from kdviz.distill import Distillation, Runner, Teacher, leave_room
from kdviz.distill.runner import KeepGoing
from kdviz.distill.schemes.omitted_class import best_shift, with_raised
from kdviz.models import inference
from kdviz.panels import Lab
from kdviz.panels.lab.choices import NONE_OMITTED, Choices
from kdviz.panels.lab.preset import Preset
from kdviz.panels.lab.presets import BY_NAME, DEFAULT, PRESETS
from kdviz.panels.views.wall import stops
from kdviz.widgets.scene import BIAS_SLIDER

COLUMNS = ("preset", "seed", "student", "twin", "smoothed twin", "teacher", "agreement", "seconds (CPU)")
SHIPPED = (DEFAULT, *PRESETS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[p.name or "default" for p in SHIPPED], metavar="PRESET")
    parser.add_argument("--as-page", action="store_true", help="train the smoothed twin only where the preset does")
    parser.add_argument("--drawn-alone", action="store_true", help="made-up-digits without what is made up, seed 0")
    parser.add_argument("--answers", action="store_true", help="print what the page says of each, seed 0")
    arguments = parser.parse_args()
    leave_room()
    if arguments.drawn_alone:
        print(drawn_alone())
        return
    if arguments.answers:
        print("| preset | verdict, with a bet | why |\n| --- | --- | --- |", flush=True)
        for preset in SHIPPED:
            if (preset.name or "default") in arguments.only:
                print(answer(preset), flush=True)
        return
    print("Test errors of 10,000.\n")
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
    for preset in SHIPPED:
        if (preset.name or "default") in arguments.only:
            for seed in range(arguments.seeds):
                print(row(preset, seed, as_page=arguments.as_page), flush=True)


def answer(preset: Preset) -> str:
    """Let the Lab settle a bet on a preset, and return what it says as a row."""
    lab = Lab(preset=preset.name, bet=next(iter(preset.answers), "1000"), **preset.choices)
    lab.command("train")
    lab.wait("finished")
    if preset.seeds > 1:
        lab.command("repeat", seeds=preset.seeds)
        lab.wait("running")
        lab.wait("finished")
    said = lab.presets.answer
    lab.close()
    return f"| `{preset.name or 'default'}` | {said['verdict']} | {said['why']} |"


def drawn_alone() -> str:
    """Train made-up-digits on its labelled digits alone, for as many steps, and return the errors."""
    choices = Choices(**BY_NAME["made-up-digits"].choices)
    alone = replace(choices, extra="none", epochs=1)
    alone = replace(alone, epochs=-(-choices.steps // alone.steps))
    errors = [run.history.evaluated("test")[-1].errors for run in taught(alone, smoothing=False)]
    return f"student and twin after {alone.steps:,} steps, with nothing made up: {errors[0]:,} and {errors[1]:,} errors"


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
    figures = " | ".join([*errors, f"{test[0].teacher_errors:,}", agreement, seconds])
    return f"| {preset.name or 'default'} | {seed} | {figures} |"


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
    tested = inference.logits(run.student, test)
    best = best_shift(inference.logits(run.student, validation), validation.y, omitted, stops(list(BIAS_SLIDER)))
    plain, raised = (int((with_raised(tested, omitted, bias).argmax(1) != test.y).sum()) for bias in (0.0, best))
    return f"{plain:,} → {raised:,} at bias {best:g}"


if __name__ == "__main__":
    main()
