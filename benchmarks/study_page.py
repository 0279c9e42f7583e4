"""How long the Study page's default study takes: ``python benchmarks/study_page.py``.

The default study, from Start to the last cell on the map, with a page that is shown to nobody; the same study without a
page; and a bare loop that trains the same runs one after the other and looks at nothing. Seconds, seconds of CPU, and
steps of a student a CPU second, which a busy machine changes less. All on one thread of one process, as on the page.
``--quick``: few labels, few epochs, one seed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

import kdviz as kd
from kdviz.panels.study.plan import Plan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    chosen = {"labels": 100, "epochs": 2, "seeds": 1} if arguments.quick else {}
    torch.set_num_threads(1)
    page = kd.panels.StudyPage(**chosen)
    assert page.wait("idle")
    choices, study = page._choices, page.study
    recipe = page._plan.recipe  # type: ignore[union-attr]
    data = study.parts.data_of(recipe)
    steps = -(-len(data.train) // recipe.batch_size) * recipe.epochs * study.total
    print(f"{page.setup.size}: {study.total} runs, {steps:,} steps of a student; {page.map.caption}")
    print(f"{page.setup.estimate}\n")

    def shown() -> None:
        page.start()
        assert page.wait("finished", timeout_s=3600)
        print("\n".join([*page.map.sentences, page.study.table().to_string(index=False), ""]), flush=True)

    rows: list[tuple[str, Callable[[], object]]] = [
        ("on the page", shown),
        ("without a page", lambda: Plan.of(choices).study.run(progress=False, n_jobs=1)),
        ("one after the other, no looks", lambda: bare(Plan.of(choices))),
    ]
    for name, work in rows:
        begun, busy = time.perf_counter(), time.process_time()
        work()
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
        print(f"{name:<32}{seconds:>8.1f} s{busy:>8.1f} s of CPU{steps / busy:>10,.0f} steps a CPU second", flush=True)
    page.close()


def bare(plan: Plan) -> None:
    """Train each run of a study by itself, and measure nothing; the teacher's answers are known."""
    study = plan.study
    for job in study.left_to_do:
        study.parts.distillation(job.recipe, job.role).train(progress=False, evaluate=False)


if __name__ == "__main__":
    main()
