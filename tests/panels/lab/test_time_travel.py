"""Time travel: every recorded step is filmed, and looking edits nothing."""

from __future__ import annotations

import numpy as np

from kdviz.panels import Lab

from .labs import train


def shown(panel: Lab) -> np.ndarray:
    return np.frombuffer(panel.scene.exact_logits, "<f4").reshape(-1, 10)


def test_every_recorded_step_is_filmed_and_is_exact_where_the_cursor_rests(lab):
    panel = train(lab())
    film = panel.scene.films[panel.scene.shown_run]
    assert film.steps[0] == 0 and film.steps[-1] == 40 and len(film) >= 20
    for step in (film.steps[7], 0, film.steps[-4]):
        panel.scene.step = step
        assert panel.wait("finished")
        assert panel.scene.exact == {"run": panel.scene.shown_run, "step": step}
        exact = panel.run.at(step)(panel._watched.examples.inputs()).detach().numpy()
        np.testing.assert_allclose(shown(panel), exact, atol=1e-5)
        np.testing.assert_allclose(film.before(step).logits(), exact, atol=film.before(step).scale)
    panel.scene.step = None
    assert panel.wait("finished")
    assert panel.scene.exact["step"] == 40


def test_sliding_over_a_finished_run_is_looking_and_edits_nothing(lab):
    panel = train(lab())
    panel.scene.temperature = 20.0
    assert panel.wait("finished")
    assert panel.run.history.edits == [] and panel.scene.runs[0]["edits"] == []
    assert panel.state["temperature"] == 20.0
