"""Runs pile up on the page: a new one keeps those before it, and what is removed comes back bit for bit."""

from __future__ import annotations

from kdviz.panels.lab import earlier

from .labs import say, settled, students, train, weights


def test_a_new_run_keeps_the_one_before_and_each_can_be_shown_branched_removed_and_brought_back(lab):
    panel = train(lab())
    first, at_the_end, at_20 = panel.run, weights(panel.run), weights(panel.run, 20)
    film, said, verdict = panel.scene.films["run-1"].steps, panel.curves.sentence, panel.runs.verdict
    panel.scene.set_state({"temperature": 9.0})
    settled(train(panel))  # Train after the end, as Space does that was meant to pause
    assert [row["temperature"] for row in students(panel)] == [4.0] and panel.run is not first
    assert [row["otherwise"] for row in students(panel)] == [""], "T alone differs"
    assert panel.scene.films["run-1"].steps == film and len(first.snapshots) <= earlier.SNAPSHOTS
    assert panel.run.data is first.data, "runs that learn from the same examples share them"
    second, now = panel.run, panel.scene.shown_run

    say(panel.runs, command="show", run="run-1")
    assert panel.wait("finished") and panel.run is first
    assert (panel.curves.sentence, panel.runs.verdict) == (said, verdict)
    assert weights(panel.run) == at_the_end and weights(panel.run, 20) == at_20
    assert [row["temperature"] for row in students(panel)] == [9.0]

    say(panel.curves, command="branch", step=20, temperature=1.0)
    assert panel.wait("finished")
    branch = panel.scene.shown_run
    assert "Branch 1 makes" in panel.curves.sentence and "Student, which it left" in panel.curves.sentence
    assert panel.runs.verdict.startswith("Branch 1 − Student: ")
    assert panel.scene.temperature == 1.0, "the slider follows the branch"
    learned = weights(panel.roster.get(branch).run)
    say(panel.runs, command="remove", run=branch)
    assert panel.wait("finished") and panel.roster.get(branch) is None
    assert panel.runs.undo == "Removed: Branch 1." and panel.runs.verdict == verdict
    say(panel.runs, command="undo")
    assert panel.wait("finished") and panel.runs.undo == ""
    assert weights(panel.roster.get(branch).run) == learned and branch in panel.scene.films

    say(panel.runs, command="remove", run=now)
    assert settled(panel).scene.earlier == [] and panel.runs.undo == "Removed: Student, T = 9."
    say(panel.runs, command="undo")
    assert settled(panel).roster.get(now).run is second and len(students(panel)) == 1


def test_a_run_that_was_cleared_comes_back_with_its_page_unless_another_took_its_place(lab):
    panel = train(lab())
    run, said = panel.run, panel.curves.sentence
    say(panel.presets, command="preset", name="temperature-too-high")
    assert panel.wait("idle") and panel.scene.temperature == 100 and panel.scene.runs == []
    assert panel.runs.undo == "Cleared: Student, T = 4." and len(students(panel)) == 1
    say(panel.runs, command="undo")
    assert panel.wait("finished") and panel.run is run and panel.curves.sentence == said
    assert panel.setup.labels == 300 and panel.scene.temperature == 4 and panel.presets.chosen == ""
    say(panel.transport, command="reset")
    assert panel.wait("idle")
    say(panel.transport, command="step")
    assert panel.wait("paused") and settled(panel).runs.undo == ""
    say(panel.runs, command="undo")
    panel._publisher.wait_until_idle()
    assert panel.transport.status == "There is nothing to bring back."
    assert panel.run is not run and students(panel)[0]["test"] is not None


def test_what_differs_from_the_page_is_told_in_words_and_a_branch_has_no_difference_to_the_twin(lab):
    panel = train(lab())
    student, difference = panel.scene.shown_run, panel.curves.against
    assert difference["seeds"]
    say(panel.curves, command="branch", step=20, temperature=1.0)
    assert panel.wait("finished") and panel.scene.shown_run != student
    assert panel.curves.against == {}, "the student's difference is not the branch's"
    say(panel.presets, command="preset", name="omitted-digit")
    assert panel.wait("idle")
    told = {row["otherwise"] for row in settled(panel).scene.earlier if row["role"] == "student"}
    assert len(told) == 1 and "no class left out" in told.pop()


def test_earlier_runs_are_bounded_and_it_is_said_when_one_goes(lab, monkeypatch):
    monkeypatch.setattr(earlier, "MOST_ROUNDS", 2)
    panel = lab()
    for _ in range(4):
        panel.command("step")
        assert panel.wait("paused")
        panel.command("reset")
        assert panel.wait("idle")
        settled(panel)
    assert len(students(panel)) == 2 and "older ones are gone" in panel.runs.note
    assert set(panel.scene.films) == {row["id"] for row in panel.scene.earlier} | {panel.scene.shown_run}
