"""The Schemes page without a browser: what it shows, trains and says."""

from __future__ import annotations

import re
import time

import pytest

from kdviz.panels import Schemes
from kdviz.panels.schemes.catalogue import schemes
from kdviz.panels.schemes.counts import bits

from .small_text import small_of


def test_the_page_opens_with_a_scheme_its_picture_and_an_estimate(schemes_page):
    panel = schemes_page(scheme="TAKD", epochs=3)
    assert panel.schemes.chosen == panel.state["scheme"] == "assistant_chain"
    assert panel.picture.title == "Teacher assistants" and "def assistant_chain(" in panel.picture.code
    assert panel.picture.file == "kdviz/distill/schemes/assistant_chain.py"
    assert panel.status.startswith("Ready to train: about ") and panel.transport.state == "idle"
    assert panel.scene.total_steps == 48 and "48 steps of single networks" in panel.drawings.note
    assert panel.share.query == "?scheme=assistant_chain&epochs=3"
    assert panel.share.call == "kd.panels.Schemes(scheme='assistant_chain', epochs=3)"
    again = Schemes.from_state(panel.state)
    assert again.state == panel.state
    again.close()


def test_a_run_comes_to_its_end_with_sentences_and_drawings(schemes_page, small, course_of, tmp_path):
    panel = schemes_page(small, scheme="born_again")
    panel.command("train")
    assert panel.wait("finished", timeout_s=120), panel.status
    done = course_of("born_again")
    for role, lane in panel.runs.items():
        assert lane.evaluated("test")[-1].errors == done.lanes[role].evaluated("test")[-1].errors, role
    assert panel.curves.sentence.startswith("On 64 test examples Born-again networks makes") and panel.curves.against
    assert panel.drawings.drawings == schemes()["born_again"].draw(panel.course)
    assert [row["role"] for row in panel.scene.runs] == ["student", "hinton", "twin"]
    assert panel.status == "Finished after 72 steps." and panel.picture.phase == -1
    file = panel.to_html(tmp_path / "schemes.html")
    text = file.read_text(encoding="utf-8")
    assert "Errors of 64 examples, by generation" in text and "a copy without Python" in text


def test_stop_keeps_what_was_learned_and_the_run_goes_on(schemes_page, small):
    panel = schemes_page(small, scheme="assistant_chain", epochs=900)
    panel.command("train")
    for _ in range(2000):
        if panel.course is not None and panel.course.own.steps_done > 3:
            break
        time.sleep(0.01)
    panel.command("stop")
    assert panel.wait("stopped", timeout_s=60)
    stopped = panel.course.own.steps_done
    assert 0 < stopped < panel.course.own.total_steps and "what was learned is kept" in panel.status
    panel.command("step")
    assert panel.wait("paused", timeout_s=60) and panel.course.own.steps_done == stopped + 1
    assert panel.picture.phase == 0
    with pytest.raises(ValueError, match="A run is under way"):
        panel.choose("born_again")
    panel.command("reset")
    assert panel.wait("idle", timeout_s=60) and panel.course is None and panel.drawings.drawings == []


def test_another_scheme_or_option_is_shown_anew(schemes_page, small):
    panel = schemes_page(small)
    panel.schemes.chosen = "quantized"
    assert panel.wait(timeout_s=60) and panel.picture.title == "Quantized student"
    panel.command("option", name="bits", value="4")
    assert panel.wait(timeout_s=60) and panel.schemes.options[0]["chosen"] == "4"
    with pytest.raises(ValueError, match="bits of quantized must be one of 2, 3, 4, 8, got '5'"):
        panel.command("option", name="bits", value="5")
    panel._on_message(panel.schemes, {"command": "option", "name": "bits", "value": "7"}, [])
    assert panel.wait(timeout_s=60) and panel.schemes.options[0]["chosen"] == "4"
    panel.choose("DML", peers="2")
    assert panel.wait(timeout_s=60) and panel.picture.title == "Deep mutual learning"
    panel.command("step")
    assert panel.wait("paused", timeout_s=60) and len(panel.drawings.drawings[1]["rows"]) == 2


def test_a_scheme_of_text_counts_bits_draws_them_and_links_to_the_words_page(schemes_page, tmp_path):
    panel = schemes_page(small_of("text"), scheme="on-policy")
    assert panel.picture.file == "kdviz/distill/schemes/on_policy.py" and "<math" in panel.picture.formula
    assert 'kd.schemes.published("gkd", teacher, student, data)' in panel.picture.settings
    assert "curves" in panel.scene.hidden and "Counted are bits a token" in panel.schemes.note
    panel.command("train")
    assert panel.wait("finished", timeout_s=120), panel.status
    curves, *others = panel.drawings.drawings
    assert curves["title"] == "Bits a token on validation text" and others == schemes()["on_policy"].draw(panel.course)
    assert re.match(r"On \d+ tokens of test text On-policy distillation needs \d\.\d+ bits a token", curves["sentence"])
    assert curves["sentence"] == panel.curves.sentence and panel.curves.against == {}
    last = panel.course.own.evaluated("validation")[-1]
    assert curves["lines"][0]["y"][-1] == bits(last) and len(curves["lines"]) == 4
    assert not panel.to_lab.possible and panel.trained == {}
    with pytest.raises(ValueError, match="answer token by token"):
        panel.command("lab")
    text = panel.to_html(tmp_path / "text.html").read_text(encoding="utf-8")
    assert "Bits a token on validation text" in text and "What the teacher finds of the text" in text


def test_hidden_words_are_a_share_of_words_and_of_the_teachers_too(schemes_page):
    setting = small_of("masked")
    panel = schemes_page(setting, scheme="distilbert")
    panel.command("train")
    assert panel.wait("finished", timeout_s=120), panel.status
    assert "curves" not in panel.scene.hidden and panel.curves.sentence.startswith("Of ")
    found = setting.of_teacher("validation")
    assert panel.scene.teacher_error == 100 * found.errors / found.examples <= 100
    assert panel.scene.runs[0]["values"][-1] <= 100 and panel.curves.against != {}


def test_a_scheme_that_does_not_fit_a_setting_is_refused(schemes_page, small):
    with pytest.raises(ValueError, match="on_policy runs on running text, and this setting holds images of one class"):
        Schemes(small, scheme="on_policy")
    panel = schemes_page(small)
    panel.schemes.chosen = "tinybert"
    assert panel.wait() and panel.schemes.chosen == "mutual_learning"
    assert "tinybert runs on lines of one kind each" in panel.transport.status


def test_a_link_to_a_run_like_it_opens_the_page_that_shows_it(schemes_page):
    panel = schemes_page(scheme="SeqKD", epochs=1)
    assert (panel.to_lab.page, panel.to_lab.query) == ("words.ipynb", "?method=sequence")
    panel.choose("distilbert")
    assert panel.wait() and panel.to_lab.page + panel.to_lab.query == "experiments.ipynb?experiment=distilbert-small"
    panel.choose("quantized")
    assert panel.wait() and panel.to_lab.page == "lab.ipynb" and panel.to_lab.query.startswith("?labels=1000")
    assert panel.to_lab.possible and "curves" not in panel.scene.hidden


def test_a_setting_of_ones_own_has_no_link(schemes_page, small):
    panel = schemes_page(small)
    assert panel.share not in panel.view.children[0].children[0].children[2].children
    with pytest.raises(ValueError, match="a state can only name the page's"):
        _ = panel.state


def test_a_finished_run_is_shown_again_without_its_networks_and_train_begins_anew(kept_page):
    quick = {"scheme": "born_again", "epochs": 1}
    page = kept_page(Schemes, browser=True, **quick)
    page.command("train")
    assert page.wait("finished", timeout_s=120), page.status
    again = kept_page(Schemes, browser=True, **quick)
    assert again.wait("finished")
    for shown in ("sentence", "against"):
        assert getattr(again.curves, shown) == getattr(page.curves, shown) != ""
    assert again.scene.runs == page.scene.runs and again.drawings.drawings == page.drawings.drawings != []
    assert again.transport.status == f"{page.status} This run is from an earlier visit."
    assert not again.to_lab.ready and again.to_lab.note.startswith("These runs are from an earlier visit")
    with pytest.raises(ValueError, match="Train makes them anew"):
        again.command("lab")
    again.command("train")
    assert again.wait("finished", timeout_s=120) and again.to_lab.ready and "earlier" not in again.transport.status
    assert again.scene.runs == page.scene.runs, "as it was the first time"
