"""Runs that are opened together: what the Lab takes, how it names them, and what it says instead."""

from __future__ import annotations

import pytest

import kdviz as kd
from kdviz.panels import Lab
from kdviz.panels.lab.several import first_shown, given_runs

from .labs import mlp, three_classes

S = kd.distill.schemes


@pytest.fixture(scope="module")
def toy():
    return three_classes()


@pytest.fixture(scope="module")
def generations(toy):
    return S.train_each(S.born_again(mlp(), toy, generations=3, epochs=2), progress=False)


@pytest.fixture
def opened():
    made = []

    def make(run, **options) -> Lab:
        made.append(Lab(run, **options))
        return made[-1]

    yield make
    for panel in made:
        panel.close()


def test_names_come_from_the_scheme_from_a_mapping_or_from_pairs_and_models_are_left_out(toy, generations):
    assert [str(one.name) for one in given_runs(generations)] == ["Generation 1", "Generation 2", "Generation 3"]
    assert [one.name for one in given_runs({"first": generations[0], "last": generations[2]})] == ["first", "last"]
    pairs = [("a", generations[0]), ("b", generations[1]), ("together", S.ensemble(generations))]
    assert [one.name for one in given_runs(pairs)] == ["a", "b"]
    plain = [kd.Distillation(None, mlp(), toy, kd.HardLabels(), epochs=1).train(progress=False) for _ in range(2)]
    assert [str(one.name) for one in given_runs(plain)] == ["Run 1", "Run 2"]
    given = given_runs(generations)
    assert first_shown(given, None) is given[2] and first_shown(given, "Generation 1") is given[0]
    assert len({one.examples for one in given}) == 1


def test_what_holds_no_run_is_answered_with_what_to_open_instead(toy, generations):
    untrained = kd.Distillation(None, mlp(), toy, kd.HardLabels())
    for wrong, error, says in (
        (S.ensemble(generations), TypeError, "an? Ensemble is a model without one; open kd.panels.Compare"),
        (S.born_again(mlp(), toy), TypeError, r"open kd.panels.Lab\(kd.schemes.train_each\(scheme\)\)"),
        (S.labelled_by(mlp().eval(), toy), TypeError, "a sequence or mapping of runs, got Splits"),
        ([toy], TypeError, "got Splits among them"),
        ([generations[0], untrained], ValueError, "Run 2 was not trained yet"),
        ([], ValueError, "opens 1 to 60 runs together, got 0"),
    ):
        with pytest.raises(error, match=says):
            Lab(wrong)
    with pytest.raises(ValueError, match=r"shown must be one of Generation 1, .* got 'Generation 9'"):
        Lab(generations, shown="Generation 9")
    with pytest.raises(TypeError, match="got no runs"):
        Lab(shown="Student")


def test_each_run_is_shown_with_its_own_teacher_and_the_others_stand_behind_it(opened, generations):
    panel = opened(generations)
    assert panel.given.chosen == "run-3" and panel.given.note == "Generation 3 is taught by Generation 2."
    behind = [(row["name"], row["same_page"], len(row["values"])) for row in panel.scene.earlier]
    assert behind == [("Generation 1", True, 2), ("Generation 2", True, 2)]
    logits = panel.scene.teacher_logits
    panel.scene.view = "many"
    panel.given._handle_custom_msg({"command": "show", "run": "run-1"}, [])
    assert panel.wait("finished") and panel.run is generations[0]
    assert panel.given.note == "Generation 1 learns without a teacher." and panel.views.offered == []
    assert "sliders" in panel.scene.hidden and panel.scene.view == "one"
    panel.command("show", run="run-2")
    assert panel.wait("finished") and panel.scene.view == "many" and "sliders" not in panel.scene.hidden
    assert panel.scene.teacher_logits != logits and panel.scene.teacher_name == "8 hidden units"
    assert panel.scene.films["run-2"].steps[-1] == generations[1].steps_done
    panel.command("twins")  # what the generation before was worth
    assert panel.wait("running", "finished") and panel.wait("finished")
    assert panel.scene.runs[0]["name"] == "Generation 2" and panel.twin is not None


def test_a_peer_has_a_curve_a_name_and_a_sentence_of_its_own(opened, toy):
    run = S.mutual_learning([mlp(seed=seed) for seed in range(3)], toy, epochs=3).train(progress=False)
    run.evaluate("test")
    errors = run.history.evaluated("test")[-1].peer_errors
    said = [S.frozen(peer)(toy.test.inputs()).argmax(1) for peer in S.peers(run)]
    assert errors == tuple(int((one != toy.test.y).sum()) for one in said)
    panel = opened(run)
    assert [row["name"] for row in panel.given.runs] == ["Student", "Peer 1", "Peer 2"] and panel.given.note == ""
    peers = [row for row in panel.scene.runs if row["role"] == "peer"]
    assert [row["test"] for row in peers] == list(errors) and [len(row["values"]) for row in peers] == [3, 3]
    assert f"Its peers make {errors[0]}, {errors[1]}." in panel.curves.sentence
    panel.command("show", run="run-1/peer-2")
    assert panel.wait("finished") and panel.given.chosen == panel.scene.shown_run == "run-1/peer-2"
    assert f"Peer 2 makes {errors[1]} errors" in panel.curves.sentence and panel.run is run
    panel.command("rename", run="run-1/peer-2", name="Ann")
    panel.command("hide", run="run-1/peer-1")
    panel.command("hide", run="run-1/peer-9")  # nobody
    assert panel.wait("finished")
    assert [(row["name"], row["hidden"]) for row in panel.scene.runs[1:]] == [("Peer 1", True), ("Ann", False)]


def test_clearing_comes_back_to_the_run_and_another_press_makes_one_beside_it(opened, generations):
    panel = opened(generations)
    panel.command("reset")
    assert panel.wait("finished") and "this is the run that the page was opened with" in panel.transport.status.lower()
    panel.command("train")
    assert panel.wait("running", "finished") and panel.wait("finished")
    assert panel.run is not generations[2] and len(panel.scene.earlier) == 3
    panel.command("show", run="run-2")
    assert panel.wait("finished") and panel.run is generations[1] and panel.given.chosen == "run-2"
