"""What the Words page's default runs take and come to: ``python benchmarks/words_page.py [data ...]``.

Each is run as on the page (student and twin side by side, evaluated along the way, read and written), once, with seed
0, and is a row of a table: the steps, the seconds it took, those of them that a processor worked on it (what a machine
with nothing else to do would take), the estimate that stands before Train, then what student, twin and teacher come to
on validation and on test text: bits a token, or where rows are tasks the share answered right as a whole. The last
column is the difference on test text with its 95 % interval over rows: in bits, below 0 where the student is better,
or in tasks answered right, above 0 where it is.

``--methods`` chooses some of the page's, ``--student`` another size; ``--sentences`` prints all that the page says.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch

import kdviz as kd
from kdviz.panels.writing import drawings
from kdviz.panels.writing.methods import METHODS
from kdviz.panels.writing.settings import OFFERS

COLUMNS = ("data", "method", "α, T", "steps", "seconds (processor)", "estimate", "validation", "test", "student − twin")
ROLES = ("student", "twin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", default=list(OFFERS))
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--student", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sentences", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
    for name in arguments.data:
        for method in arguments.methods:
            made = kd.panels.Words(data=name, method=method, seed=arguments.seed, student=arguments.student)
            print("| " + " | ".join(row(made)) + " |", flush=True)
            if arguments.sentences:
                print("\n".join(f"    {one}" for one in sentences(made)), flush=True)
            made.close()


def row(page: kd.panels.Words) -> list[str]:
    """Return a row of the table, of a page that has not been trained."""
    page.wait("idle")
    choices, estimate = page._choices, page._seconds or 0.0
    begun, worked = time.perf_counter(), time.process_time()
    page.command("train")
    if not page.wait("finished", "failed", timeout_s=1800) or not page._ended:
        raise SystemExit(f"{choices.data}, {choices.method}: {page.transport.status}")
    seconds, worked = time.perf_counter() - begun, time.process_time() - worked
    heated = f"{choices.alpha:g}, {choices.temperature:g}" if METHODS[choices.method].heated else "–"
    named = [choices.data, choices.method, heated, str(page.runs["student"].total_steps)]
    took = [f"{seconds:.0f} ({worked:.0f})", f"{estimate:.0f}"]
    return [*named, *took, outcome(page, "validation"), outcome(page, "test"), difference(page._ended)]


def outcome(page: kd.panels.Words, split: str) -> str:
    """Return what student, twin and teacher come to on a split."""
    setting = page._planned[0]
    teacher = setting.of_teacher(split)
    if not setting.is_task:
        bits = [drawings.bits(page.runs[role].history.evaluated(split)[-1]) for role in ROLES]
        return ", ".join(f"{one:.3f}" for one in (*bits, teacher.bits.value))
    if split == "validation":
        shares = [page._seen[-1][1][role] for role in ROLES]
    else:
        shares = [getattr(page._ended["answered"], role).value for role in ROLES]
    return ", ".join(f"{one:.1%}" for one in (*shares, teacher.exact.value))


def difference(ended: dict[str, Any]) -> str:
    """Return the difference on test text with its interval."""
    bits = ended["difference"]
    if "answered" not in ended:
        return f"{bits.value:+.3f} ({bits.low:+.3f} to {bits.high:+.3f}) bits".replace("-", "−")
    wrong = ended["answered"].difference
    tasks = f"{0 - wrong.mean:+.0f} ({0 - wrong.high:+.0f} to {0 - wrong.low:+.0f}) of {wrong.n} tasks"
    return tasks.replace("-", "−")


def sentences(page: kd.panels.Words) -> list[str]:
    """Return all that a page says of its run."""
    fields = [field["hint"] for field in page.setup.fields if field["hint"]]
    pictures = [*page.drawings.drawings, *page.findings.drawings]
    drawn = [one[part] for one in pictures for part in ("title", "sentence", "meaning") if one.get(part)]
    return [*fields, page.setup.note, page.transport.status, page.bet.question, page.bet.verdict, *drawn]


if __name__ == "__main__":
    main()
