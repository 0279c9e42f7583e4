"""What the page says of its points."""

import csv
import io

from kdviz.panels.compress import sentences
from kdviz.panels.compress.choices import CompressChoices

from .test_kept import COUNTED, POINT


def point(**changed):
    settings = {"teacher": "adult-mlp", "weights": 0.0, **changed.pop("settings", {})}
    counted = {**COUNTED, "errors": 2400, "examples": 16281, "teacher_errors": 2392}
    counted |= {name: changed.pop(name) for name in list(changed) if name in counted}
    counted = {name: value for name, value in counted.items() if value is not None}
    numbers = {"gzipped": 3000, "validation": counted, "test": {**counted, "errors": 2500}}
    return {**POINT, **numbers, **changed, "settings": CompressChoices.of(settings).to_dict()}


def test_a_point_names_its_form_its_twin_and_what_was_left_undone():
    shown = sentences.shown(point(settings={"units": 0.5}, twin_errors=2500, low=-150.0, high=-50.0, verdict="fewer"))
    assert shown["way"] == "units" and shown["beside_twin"] == "100 fewer (95\u202f% CI 50 to 150): a clear gain"
    assert "without_units(small, 0.5)" in shown["code"] and "kd.HardLabels()" in shown["twin_code"]
    assert sentences.shown(point(steps=3, planned=64))["note"] == "stopped after 3 of 64 steps"
    none = sentences.shown(point(settings={"integers": "dynamic", "teaching": 0}, twin_errors=None, planned=0, steps=0))
    assert (none["beside_twin"], none["twin_code"], none["taught"]) == ("none: nothing was learned", "", False)
    both = {"student": 8, "weights": 0.5}
    assert sentences.way_of(CompressChoices.of({"teacher": "adult-mlp", **both})) == "several"


def test_the_sentences_name_the_smallest_good_one_and_those_that_are_slower():
    points = [point(), point(gzipped=9000, errors=2392), point(errors=5000, gzipped=10, ratio_low=1.2)]
    first, second, third = sentences.sentences(points, "adult-mlp")
    assert "point 1 has the fewest bytes after gzip: the teacher has 7 times as many" in first
    assert second.startswith("Of 3 points that learned, 0 have clearly fewer errors")
    assert third == "Fewer bytes, and yet slower than the teacher here: 3."
    assert sentences.sentences([point(errors=9000)], "adult-mlp")[0].startswith("No point keeps 99")
    assert sentences.sentences([], "adult-mlp") == []


def test_test_errors_are_shown_where_they_are_meant_and_what_was_made_with_them_in_view_is_named():
    made = [point(), point(opened=True)]
    assert sentences.shown(made[0])["errors"] == 2400 and "data.test" not in sentences.shown(made[0])["code"]
    shown = sentences.shown(made[0], "test")
    assert shown["errors"] == 2500 and "data.test" in shown["code"]
    assert sentences.sentences(made, "adult-mlp", "test")[-1].endswith("may have guided the choice: 2.")


def test_the_table_has_the_numbers_and_the_settings():
    (row,) = csv.DictReader(io.StringIO(sentences.table([point(settings={"units": 0.5})])))
    assert (row["name"], row["units"]) == ("50\u202f% of units away", "0.5")
    assert (row["validation_errors"], row["validation_twin_errors"]) == ("2400", "4") and "test_errors" not in row
    (row,) = csv.DictReader(io.StringIO(sentences.table([point()], test=True)))
    assert row["test_errors"] == "2500"
    assert sentences.table([]) == ""
