"""Too few seeds or examples to see a difference."""

from __future__ import annotations

import pytest

from ..conftest import follow, trained


@pytest.mark.parametrize("name", ["too_few_examples", "too_few_seeds"])
def test_too_few_examples_or_seeds_to_see_it(make, world, name):
    run = make(data=world.few(60), seed=1, epochs=10)
    diagnosis = run.diagnose(twin=trained(run.twin()))
    found = diagnosis[name]
    assert found.severity == "doubt" and "could be chance" in diagnosis.headline
    left = follow(found.try_code.replace("study.run()", "study.run(progress=False, n_jobs=1)"), run=run)
    if name == "too_few_examples":
        assert found.evidence["examples"] == 60 < found.evidence["examples needed"]
        assert "kd.diagnosis.examples_needed(0.2," in found.try_code
    else:
        assert found.evidence["seeds"] == 1 and len(left["study"].seeds) == max(
            3, min(20, found.evidence["seeds needed"])
        )


def test_seeds_given(healthy):
    run, twin = healthy
    unclear = [(600, 680), (690, 605), (588, 650), (650, 600)]
    found = run.diagnose(twin=twin, seeds=unclear)["too_few_seeds"]
    assert found.confidence == "likely" and found.evidence["seeds needed"] > 4
    clear = [(600, 700), (640, 741), (588, 690)]
    assert run.diagnose(twin=twin, seeds=clear).clean
