"""A page keeps its runs over a reload, and opens with a run that was trained elsewhere."""

from __future__ import annotations

import threading

import pytest

import kdviz as kd
from kdviz.panels import Lab

from .labs import say, settled, students, train, weights

TOKEN = "0123456789abcdef" * 2


def test_a_kept_page_comes_back_with_its_earlier_runs_and_branches(lab):
    panel = lab()
    panel.scene._handle_custom_msg({"hello": {"browser": TOKEN, "query": ""}}, [])
    train(panel)
    panel.scene.set_state({"temperature": 9.0})
    settled(train(panel))
    say(panel.curves, command="branch", step=20, temperature=1.0)
    assert settled(panel).wait("finished") and settled(panel).runs.verdict
    rows, before, said = panel.scene.runs, students(panel), panel.runs.verdict
    panel.close()
    fresh = lab()
    fresh.scene._handle_custom_msg({"hello": {"browser": TOKEN, "query": ""}}, [])
    fresh._publisher.wait_until_idle()
    say(fresh.kept, command="take_up", kept=fresh.kept.offers[0]["id"])
    assert fresh.wait("finished")
    assert [row["values"] for row in fresh.scene.runs] == [row["values"] for row in rows]
    assert [row["test"] for row in students(fresh)] == [row["test"] for row in before]
    assert fresh.runs.verdict == said and said.startswith("Branch 1 − Student")
    assert all(len(fresh.scene.films[row["id"]]) > 2 for row in (*fresh.scene.runs, *students(fresh)))


@pytest.fixture(scope="module")
def own() -> kd.Distillation:
    data = kd.data.mnist().with_labels(300)
    loss = kd.hinton(temperature=3, alpha=0.8)
    run = kd.Distillation(
        kd.models.pretrained("mnist-mlp-1200"), kd.models.mlp((16,)), data, loss,
        epochs=4, batch_size=32, snapshot_every=10,
    )  # fmt: skip
    return run.train(progress=False)


def test_a_trained_run_opens_finished_is_exported_so_and_gets_its_twins(own, tmp_path):
    panel = Lab(own)
    try:
        assert panel.transport.state == "finished" and panel.status == "Finished after 40 steps."
        (row,) = panel.scene.runs
        assert row["steps"] == [10, 20, 30, 40] and panel.scene.films[row["id"]].steps == [0, 10, 20, 30, 40]
        assert (panel.scene.temperature, panel.scene.alpha) == (3.0, 0.8)
        assert panel.curves.sentence.startswith("After step 40, on 5,000 validation examples, the student makes ")
        assert panel.runs.can_twin and panel.runs.verdict == ""
        assert "kdviz-runner" not in {thread.name for thread in threading.enumerate()}
        text = panel.to_html(tmp_path / "lab.html").read_text(encoding="utf-8")
        assert "After step 40, on 5,000" in text and "Ready to train" not in text
        before = weights(own)
        say(panel.runs, command="twins")
        assert panel.wait("finished") and not panel.runs.can_twin
        assert panel.twin.history.evaluated("validation")[0].step == 0 and weights(own) == before
        assert " test errors than the twin without a teacher (95" in panel.runs.verdict
        panel.scene.set_state({"temperature": 9.0})
        train(panel)  # a new run of the same student, beside the one given
        assert panel.run is not own and panel.scene.runs[0]["temperature"] == 9.0
        assert [row["temperature"] for row in students(panel)] == [3.0]
        panel.command("reset")
        assert panel.wait("finished") and panel.run is own and weights(own) == before
    finally:
        panel.close()
