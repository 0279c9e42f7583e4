"""A study on disk: what is finished is not done again, whatever happened to the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest

import kdviz as kd
from kdviz.distill import durable
from kdviz.study import folder as on_disk
from kdviz.study import workers

from ..damage import COUNT, of_json
from .conftest import without_clock

# Stops for good within the third write, between the temporary file and the name that counts.
KILLED_WHILE_WRITING = """
import os, sys
from dataclasses import replace
import kdviz as kd

def stuck(fresh, place):
    if len(os.listdir(sys.argv[1])) > 4:  # two outcomes, the third's temporary file, the lock, and the sign
        raise AssertionError("only the third is to be stuck")
    if sum(name.endswith(".json") for name in os.listdir(sys.argv[1])) == 2:
        print("writing the third", flush=True)
        sys.stdin.read()
    os_replace(fresh, place)

os_replace = os.replace
whole = kd.data.mnist().with_labels(300)
few = slice(0, 400)
digits = replace(whole, name="few digits", validation=whole.validation.take(few), test=whole.test.take(few))
recipe = kd.Recipe.from_json(sys.argv[2])
os.replace = stuck
kd.Study.grid(recipe, temperature=[1, 2, 4, 8], seeds=1, data=digits).run(
    sys.argv[1], progress=False, n_jobs=1, stacked=False
)
"""


def left_over(folder) -> list:
    return [path for path in folder.iterdir() if path.name.startswith(".") and path.name != durable.LOCK]


@pytest.fixture
def done(monkeypatch):
    """The keys of the jobs that are done, in turn."""
    keys = []

    def counted(unit, *more):
        keys.extend(job.key for job in unit)
        return original(unit, *more)

    original = workers.work
    monkeypatch.setattr(workers, "work", counted)
    return keys


def test_a_process_killed_while_writing_loses_that_run_alone(recipe, digits, tmp_path, done):
    code = [sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path), recipe.to_json()]
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "writing the third"
        process.kill()
    assert process.returncode == -9
    kept = sorted(path for path in tmp_path.iterdir() if path.suffix == ".json" and not path.name.startswith("."))
    assert len(kept) == 2 and len(left_over(tmp_path)) == 1
    before = [path.read_bytes() for path in kept]
    study = kd.Study.grid(recipe, temperature=[1, 2, 4, 8], seeds=1, data=digits)
    study.run(tmp_path, progress=False, n_jobs=1, stacked=False)
    assert study.left == 0 and len(done) == study.total - 2 == 3
    assert not {path.stem for path in kept} & set(done)
    assert left_over(tmp_path) == [], "what the dead one left is cleared away"
    assert [path.read_bytes() for path in kept] == before
    anew = kd.Study.grid(recipe, temperature=[1, 2, 4, 8], seeds=1, data=digits)
    anew.run(progress=False, n_jobs=1, stacked=False)
    ours, theirs = ({r.outcome["key"]: without_clock(r.outcome) for r in s.results} for s in (study, anew))
    assert ours == theirs


def test_what_is_on_disk_is_read_by_another_object_and_another_study(recipe, digits, tmp_path, done):
    first = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits).run(tmp_path, progress=False, n_jobs=1)
    assert len(done) == first.total == 6
    done.clear()
    again = kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=digits).run(tmp_path, progress=False, n_jobs=1)
    assert not done and again.frame().equals(first.frame())
    wider = kd.Study.grid(recipe, temperature=[1, 4, 8], seeds=[0, 1], data=digits)
    wider.run(tmp_path, progress=False, n_jobs=1)
    assert len(done) == 2  # the twins and the other temperatures are there
    done.clear()
    other = replace(digits, train=digits.train.take(slice(0, 200)))  # the same recipe, other data
    kd.Study.grid(recipe, temperature=[1, 4], seeds=2, data=other).run(tmp_path, progress=False, n_jobs=1)
    assert len(done) == 6


def test_what_memory_holds_is_written_to_a_new_folder(recipe, digits, tmp_path, done):
    study = kd.Study({"Hinton": recipe}, seeds=1, data=digits).run(progress=False, n_jobs=1)
    done.clear()
    study.run(tmp_path / "deep" / "kept", progress=False, n_jobs=1)
    assert not done and len(list((tmp_path / "deep" / "kept").glob("*.json"))) == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"version": 1, "key"', "Expecting"),
        ("[]", "outcome must be a mapping with version"),
        ('{"version": 1}', "outcome has no hash"),
        ("\x00\xff", "cannot be read"),
    ],
    ids=["cut off", "a list", "fields missing", "not JSON"],
)
def test_a_damaged_file_is_said_and_the_run_done_anew(recipe, digits, tmp_path, done, text, reason):
    how = {"progress": False, "n_jobs": 1, "stacked": False}
    study = kd.Study({"Hinton": recipe}, seeds=1, data=digits).run(tmp_path, **how)
    damaged = tmp_path / f"{done[0]}.json"
    whole = json.loads(damaged.read_text(encoding="utf-8"))
    damaged.write_text(text, encoding="latin-1")
    first = done[0]
    done.clear()
    again = kd.Study({"Hinton": recipe}, seeds=1, data=digits)
    with pytest.warns(UserWarning, match=f"{damaged.name} cannot be read .*so this run is done anew") as said:
        again.run(tmp_path, **how)
    assert reason in str(said[0].message) and done == [first]
    assert without_clock(json.loads(damaged.read_text(encoding="utf-8"))) == without_clock(whole)
    assert study.table().equals(again.table())


def test_damage_to_an_outcome_is_a_warning_and_never_another_number(recipe, digits, tmp_path):
    study = kd.Study({"Hinton": recipe}, seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    outcome = study.results[0].outcome
    file, count = tmp_path / f"{outcome['key']}.json", 0
    whole = file.read_text(encoding="utf-8")
    assert on_disk.read(tmp_path, outcome["key"]) == outcome
    for done, damaged in of_json(whole):
        file.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            read = on_disk.read(tmp_path, outcome["key"])
        assert read is None or (read == outcome and not said), done
        if read is None:
            told = str(said[0].message)
            assert len(said) == 1 and "\n" not in told and told.endswith("so this run is done anew"), (done, told)
            count += 1
    print(f"\n{count} of {COUNT} damaged outcomes are done anew, the others are what was written")
    assert count > 0.9 * COUNT


WRITE_OFTEN = """
import json, sys
from pathlib import Path
from kdviz.study import folder
outcome = json.loads(sys.argv[2])
for _ in range(100):
    folder.clear(Path(sys.argv[1]))
    folder.write(Path(sys.argv[1]), outcome)
    assert folder.read(Path(sys.argv[1]), outcome["key"]) == outcome
"""


def test_several_processes_may_write_into_one_folder(tmp_path):
    outcome = {"version": 2, "key": "0a", "role": "twin", "recipe": {}, "state": "failed", "sentence": "é"}
    code = [sys.executable, "-c", WRITE_OFTEN, str(tmp_path), json.dumps(outcome)]
    several = [subprocess.Popen(code, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[1] for process in several] == ["", "", ""]
    assert on_disk.read(tmp_path, "0a") == outcome and left_over(tmp_path) == []


def test_an_outcome_under_another_key_is_not_believed(recipe, digits, tmp_path, done):
    kd.Study({"Hinton": recipe}, seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    a, b = (tmp_path / f"{key}.json" for key in done)
    os.replace(a, b)
    with pytest.warns(UserWarning, match="the key of its name"):
        assert on_disk.read(tmp_path, b.stem) is None


def test_a_run_that_diverged_is_kept_and_one_that_failed_otherwise_is_tried_again(recipe, digits, tmp_path, done):
    arms = {
        "diverges": replace(recipe, objective=1e38 * kd.HardLabels() + 1e38 * kd.SoftTargets(20)),
        "does not fit": replace(recipe, student={"name": "mlp", "hidden": [8], "classes": 7}),
    }
    study = kd.Study(arms, seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    assert study.total == 4 and study.left == 2
    done.clear()
    kd.Study(arms, seeds=1, data=digits).run(tmp_path, progress=False, n_jobs=1)
    assert len(done) == 2
