"""The runs of a Lab in a folder and back, and what is said where they cannot be."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

import kdviz as kd
from kdviz.panels import Lab

from .labs import mlp, three_classes

S = kd.distill.schemes


@pytest.fixture(scope="module")
def toy():
    return three_classes()


def test_a_chain_comes_back_with_names_teachers_and_curves(toy, tmp_path):
    class Own(torch.nn.Linear):
        """A teacher that kdviz cannot build."""

    teacher = Own(4, 3).eval()
    chain = S.assistant_chain(teacher, [mlp(12), mlp(4)], toy, epochs=2, allow_weaker_teacher=True)
    runs = S.train_each(chain, progress=False)
    panel = Lab(runs)
    panel.save(tmp_path)
    panel.close()
    again = Lab.load(tmp_path, teacher=teacher, data=toy, shown="Assistant 1")
    assert [row["name"] for row in again.given.runs] == ["Assistant 1", "Student"]
    assert again.run.history.evaluations == runs[0].history.evaluations and again.run.teacher.module is teacher
    again.command("show", run="run-2")
    assert again.wait("finished") and again.given.note == "Student is taught by Assistant 1."
    again.close()
    with pytest.raises(ValueError, match=r"Assistant 1 cannot be loaded: .* pass it as teacher="):
        Lab.load(tmp_path, data=toy)
    kd.language("de")
    try:
        panel = Lab.load(tmp_path, teacher={"Assistent 1": teacher}, data=toy)
        assert panel.given.runs[0]["name"] == "Assistent 1"  # the name is no translated text
        panel.close()
    finally:
        kd.language("en")


def test_peers_come_back_with_their_curves_and_those_of_your_own_are_refused_in_a_sentence(toy, tmp_path):
    run = S.mutual_learning([mlp(seed=0), mlp(seed=1)], toy, epochs=2).train(progress=False)
    panel = Lab(run)
    panel.save(tmp_path / "peers")
    panel.close()
    again = Lab.load(tmp_path / "peers", data=toy)
    rows = again.scene.runs
    again.close()
    assert [row["role"] for row in rows] == ["student", "peer"] and len(rows[1]["values"]) == 2
    own = S.mutual_learning([mlp(seed=0), torch.nn.Linear(4, 3)], toy, epochs=1).train(progress=False)
    panel = Lab(own)
    with pytest.raises(ValueError, match="the run cannot be saved: a peer of this objective is a module of your own"):
        panel.save(tmp_path / "own")
    panel.close()
    with pytest.raises(FileNotFoundError, match="holds no runs that a Lab has saved"):
        Lab.load(tmp_path / "own")


def test_a_page_of_choices_and_a_damaged_list_are_named(tmp_path):
    (tmp_path / "runs.json").write_text('{"version": 1, "names": [3]}')
    with pytest.raises(ValueError, match="the list of runs is damaged"):
        Lab.load(tmp_path)
    with pytest.raises(ValueError, match="opened with choices, not with runs"):
        Lab.save(SimpleNamespace(_given=()), tmp_path)
