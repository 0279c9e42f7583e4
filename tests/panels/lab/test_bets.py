"""Bets: locked at Train, answered from the run on the page, never made up."""

from __future__ import annotations

import re

import pytest

from kdviz.panels import Lab
from kdviz.panels.lab import presets
from kdviz.panels.lab.bets import answered
from kdviz.panels.lab.outcome import IDENTICAL
from kdviz.panels.lab.presets import BY_NAME, DEFAULT, PRESETS, named

from .labs import against, facts, train

ALL = (DEFAULT, *PRESETS)
BEST = {"student": 440, "twin": 470}
MEASURED = {
    "weights": 101_770.0, "of_class": 1010.0, "known": 388.0, "known_raised": 900.0, "known_twin": 0.0, "bias": 7.0,
    "lowest": 0.093, "highest": 0.114, "logits_apart": 20.0, "soft_share": 0.05, "hard_share": 0.95,
    "soft_share_t2": 0.95, "moments": 9.0, "torn": 40.0, "lesser_teacher": 0.31, "lesser_student": 0.12,
    "lesser_twin": 0.2, "misled": 9000.0, "misled_twin": 9600.0, "misled_teacher": 12.0, "drawn_alone": 1807.0,
    "class_share": 0.98,
}  # fmt: skip
SEEDS = [{"student": 460 + k, "twin": 660 + 2 * k} for k in range(5)]


def made(student: int, twin: int | None, **more):
    """What a run came to that made so many errors, beside a twin; what presets measure is among it."""
    errors = {"student": student, "teacher": 68, "smoothed": 500} | ({} if twin is None else {"twin": twin})
    beside = {} if twin is None else {"twin": against(student - 200, twin - 200, 200)}
    beside |= {"smoothed": against(student - 200, 300, 200)}
    usual = {"errors": errors, "against": beside, "best": BEST, "usual": 461, "agreement": 0.975, "temperature": 20.0}
    return facts(student, **(usual | {"measured": MEASURED} | more))


RUNS = {
    "fewer": made(461, 660), "more": made(967, 661), "same": made(655, 661),
    "identical": made(677, 677, same=("twin",)), "seeds": made(461, 660, seeds=SEEDS), "near": made(358, 478),
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("preset", ALL, ids=lambda preset: preset.name or "default")
def test_every_outcome_has_a_verdict_and_a_reason_with_no_place_left_open(preset, run):
    found = RUNS[run]
    settled = preset.settle(found)
    assert settled in ("", *preset.answers) or not preset.answers or (settled == IDENTICAL and run == "identical")
    for bet in ("", *(preset.answers or ["3000"])):
        said = answered(preset, bet, found)
        assert "{" not in said["verdict"] + said["why"] and said["why"].endswith(".")
        assert len(said["why"]) < 330, "two lines beside the picture of a page 1,280 pixels wide"
        assert ("You said" in said["verdict"]) == bool(bet)
        if preset.answers and bet and settled in preset.answers:
            assert ("right" in said["verdict"]) == (bet == settled)
    for reason in preset.why:  # a reason that knows this outcome can say it
        text = reason.texts.get(reason.by(found))
        assert text is None or set(re.findall(r"\{(\w+)\}", text)) <= set(found.figures()), text


def test_a_number_is_answered_by_a_number():
    said = answered(named("no-labels"), "3000", made(269, None, against={}))
    assert said["verdict"] == "You said 3,000. It made 269."
    assert "Guessing makes about 9,000" in said["why"] and "461" in said["why"] and not said["repeat"]
    against_the_usual = answered(named("no-labels"), "", made(900, None, against={}))
    assert against_the_usual["verdict"] == "It made 900." and "fewer than this" in against_the_usual["why"]


def test_one_seed_that_misleads_leaves_the_bet_open_and_offers_five():
    said = answered(named("teacher-too-big"), "more", made(600, 533))
    assert "still open" in said["verdict"] and "five settle the bet" in said["why"] and said["repeat"]
    settled = answered(named("teacher-too-big"), "fewer", RUNS["seeds"])
    assert "right" in settled["verdict"] and "Over 5 seeds: 20" in settled["why"] and not settled["repeat"]
    chance = answered(DEFAULT, "fewer", RUNS["same"])
    assert (
        "it is “No clear difference”" in chance["verdict"] and "could be chance" in chance["why"] and chance["repeat"]
    )


def test_a_run_against_the_usual_gets_its_own_sentence():
    became = made(967, 661, errors={"student": 967, "twin": 661, "teacher": 960}, agreement=0.984)
    assert "became its teacher" in answered(named("overfit-teacher"), "fewer", became)["why"]
    assert "became" not in answered(named("overfit-teacher"), "fewer", RUNS["fewer"])["why"]
    unmoved = made(461, 660, measured=MEASURED | {"known": 100.0, "known_raised": 104.0})
    assert "knows more than it says" not in answered(named("omitted-digit"), "few", unmoved)["why"]
    teaching = answered(named("t2-forgotten"), "labels", made(461, 660, measured=MEASURED | {"soft_share": 0.9}))
    assert "it is “The teacher”" in teaching["verdict"]


def test_a_run_that_was_changed_answers_another_question():
    said = answered(named("labels-only"), IDENTICAL, RUNS["fewer"], changed=True)
    assert "still open" in said["verdict"] and "another question" in said["why"] and not said["repeat"]
    preset = named("labels-only")
    assert not preset.changed({"alpha": 0.0, "epochs": 2}, {"temperature"})
    assert preset.changed({"alpha": 0.5}, set()) and preset.changed({"alpha": 0.0}, {"alpha"})


def test_the_nexts_lead_through_all_presets():
    seen, name = [], ""
    while name not in seen:
        seen.append(name)
        name = named(name).next
    assert name == "" and sorted(seen) == sorted(["", *BY_NAME])


@pytest.mark.parametrize(
    ("name", "bet"), [("no-labels", "many"), ("no-labels", "1234567"), ("", "3000"), ("hinton", 3)]
)
def test_a_bet_that_cannot_be_is_refused(name, bet):
    with pytest.raises(ValueError, match="bet must be"):
        presets.check_bet(name, bet)


def test_a_bet_is_kept_with_the_page_and_answered_from_its_run(lab):
    panel = lab(preset="labels-only", alpha=0.0)
    assert panel.bet is None
    panel.presets.set_state({"bet": "fewer"})
    assert panel.bet == "fewer" == panel.state["bet"]
    train(panel)
    panel.presets.set_state({"bet": IDENTICAL})  # too late
    assert panel.bet == "fewer"
    said = panel.presets.answer
    assert said["verdict"].startswith("You said “The student ahead”; it is “Not at all”. Student and twin:")
    assert "weights are equal, bit for bit" in said["why"]
    assert "one network" in panel.runs.verdict and "CI" not in panel.runs.verdict and panel.runs.caveat == ""
    assert "bet" not in panel.share.query and "bet" not in panel.share.call
    again = Lab.from_state(panel.state)
    assert again.bet == "fewer" and again.presets.answer == {}
    again.close()


def test_the_gradients_that_settle_a_bet_are_measured_in_its_run_and_kept(lab):
    panel = train(lab(**{**BY_NAME["t2-forgotten"].choices, "labels": 300}, preset="t2-forgotten", bet="labels"))
    said = panel.presets.answer
    assert "right" in said["verdict"] and re.search(r"Measured \d+ times in this run", said["why"])
    kept = panel._bets.results
    assert len(kept["gradients"]) > 1 and kept["trained"]["alpha"] == 0.5
    panel._bets.take_up(kept)
    assert panel._bets.answer("t2-forgotten", "labels")["answer"] == said
