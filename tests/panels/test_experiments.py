"""The page of experiments: its numbers are those recorded, its links open what they say, its guesses are few words."""

from __future__ import annotations

import json
import re

import pytest

import kdviz as kd
from kdviz.panels.compare_link import LINK as COMPARE
from kdviz.panels.compress.link import LINK as COMPRESS
from kdviz.panels.experiments import Experiments, guessed_row
from kdviz.panels.lab.link import follow
from kdviz.panels.methods.choices import LINK as METHODS
from kdviz.panels.writing.choices import LINK as WORDS
from kdviz.study.experiment import experiment
from kdviz.study.record import recorded, recorded_names
from kdviz.widgets.traits import WrongTraitError
from kdviz.words import languages

FOLLOWS = {
    **{"lab": follow, "methods": METHODS.follow, "compress": COMPRESS.follow, "compare": COMPARE.follow},
    "words": WORDS.follow,
}


@pytest.fixture
def panel():
    made = Experiments()
    yield made
    made.close()


def test_every_recorded_experiment_is_there_with_its_numbers(panel):
    shown = {one["name"]: one for one in panel.widget.experiments}
    assert set(shown) == set(recorded_names()) and next(iter(shown)) == panel.widget.chosen == "hinton-2015"
    for name, one in shown.items():
        record, source = recorded(name), experiment(name)
        guessed = guessed_row(source, record)
        right = {"fewer": "fewer", "more": "more"}.get(guessed.difference.verdict, "same")
        assert one["guess"]["right"] == right and str(round(guessed.errors.mean)) not in one["guess"]["text"]
        assert [row["mean"] for row in one["rows"]] == [row.errors.mean for row in record.rows]
        assert all(len(row["cells"]) == len(one["head"]) for row in one["rows"])
        assert one["question"] == source.question and one["command"] == f"kdviz run {name}"
        assert one["told"][0].startswith("Mean ± standard deviation")
        assert ("rounded" in one["told"][-1]) == (record.precision == "rounded")
        assert ("p after Holm" in one["head"]) == (len(record.compared) > 1)


def test_hinton_s_row_reads_as_the_docs_have_it(panel):
    one = panel.widget.experiments[0]
    row = next(row for row in one["rows"] if row["name"] == "2×800 distilled at T = 20")
    cells = [cell.replace("\u202f", " ") for cell in row["cells"]]
    assert cells[1:] == ["95 ± 4", "47 fewer (95 % CI 44 to 50)", "a clear gain"]
    assert one["guess"]["verdict"].replace("\u202f", " ") == (
        "2×800 distilled at T = 20: 47 fewer test errors than the twin without a teacher (95 % CI 44 to 50 fewer): "
        "a clear gain."
    )


def test_each_link_opens_its_page_with_nothing_left_out_and_says_the_same_call(panel):
    for one in panel.widget.experiments:
        if not one["href"]:
            assert one["call"] == one["page"] == ""
            continue
        name, query = re.fullmatch(r"(lab|methods|compress|compare|words)\.ipynb(\?.+)", one["href"]).groups()
        followed = FOLLOWS[name](query)
        assert followed.left_out == {} and followed.names
        called = eval(f"dict({one['call'].partition('(')[2]}")  # of this repository's own JSON
        assert {k: v for k, v in followed.state.items() if k in called} == called


def test_a_guess_is_kept_as_json_of_known_names_and_nothing_else(panel):
    panel.widget.guesses = json.dumps({"hinton-2015": "more", "born-again": "shown"})
    for wrong in ("", "[]", "5", '{"no-such": "more"}', '{"hinton-2015": "perhaps"}', "{" * 5000):
        with pytest.raises(WrongTraitError, match="guesses must be JSON of names to one of fewer, same, more, shown"):
            panel.widget.guesses = wrong
    assert json.loads(panel.widget.guesses)["born-again"] == "shown"
    with pytest.raises(WrongTraitError, match=r"experiments\[0\] must be a dict with name"):
        kd.widgets.Experiments(experiments=[{"name": "a"}])


def test_a_state_opens_the_same_experiment_and_a_wrong_name_is_a_sentence(panel):
    panel.widget.chosen = "born-again"
    again = Experiments.from_state(panel.state)
    assert again.widget.chosen == "born-again" and panel.state["experiment"] == "born-again"
    again.close()
    with pytest.raises(ValueError, match=r"experiment must be one of hinton-2015, .*, got 'hinton-2016'"):
        Experiments("hinton-2016")


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_titles_questions_and_verdicts_are_in_the_reader_s_language(language, monkeypatch):
    monkeypatch.setattr(kd.words, "_chosen", [language])
    made = Experiments()
    for one in made.widget.experiments:
        source = experiment(one["name"])
        assert one["title"] and one["question"] != source.question and one["differs"] != source.differs
        assert "than the" not in one["guess"]["verdict"] and "Compared" not in one["guess"]["text"]
    made.close()
