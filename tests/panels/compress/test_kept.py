"""What is kept is read again; what is damaged is left out."""

import json

from kdviz.panels.compress import kept
from kdviz.panels.compress.choices import CompressChoices

COUNTED = {
    "errors": 3, "examples": 10, "teacher_errors": 2, "low_of_teacher": -1.0, "high_of_teacher": 3.0, "twin_errors": 4,
    "low": -3.0, "high": 1.0, "verdict": "within the noise",
}  # fmt: skip
POINT = {
    "id": 1, "settings": CompressChoices(units=0.5).to_dict(), "bytes": 100, "gzipped": 90, "steps": 4, "planned": 4,
    "ms": 0.1, "ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6, "validation": COUNTED, "opened": False,
    "test": {**COUNTED, "errors": 5},
}  # fmt: skip


def test_what_was_kept_is_read_again(tmp_path):
    kept.keep(tmp_path, [POINT], CompressChoices(rank=8).to_dict(), {"adult-mlp"})
    found = kept.kept(tmp_path)
    assert found.points == [POINT] and found.settings["rank"] == 8 and found.opened == ["adult-mlp"]
    assert sorted(file.name for file in tmp_path.iterdir()) == [".lock", kept.FILE]


def test_two_pages_of_a_browser_lose_nothing_of_each_other_s(tmp_path):
    chosen = CompressChoices().to_dict()
    one, two, three = ({**POINT, "ms": ms} for ms in (0.1, 0.2, 0.3))
    begun = kept.keep(tmp_path, [one], chosen).points
    left = kept.keep(tmp_path, [one, {**two, "id": 2}], chosen, {"adult-mlp"}, begun)
    right = kept.keep(tmp_path, [one, {**three, "id": 2}], chosen, (), begun)
    assert [(point["id"], point["ms"]) for point in right.points] == [(1, 0.1), (2, 0.3), (3, 0.2)]
    assert right.opened == ["adult-mlp"] and kept.kept(tmp_path) == right
    left = kept.keep(tmp_path, left.points[1:], chosen, (), left.points)
    assert [point["ms"] for point in left.points] == [0.2, 0.3], "removed here, made there"
    right = kept.keep(tmp_path, right.points, chosen, (), right.points)
    assert [point["ms"] for point in right.points] == [0.3, 0.2], "and so it goes there"
    (tmp_path / kept.FILE).write_text("{")
    assert kept.keep(tmp_path, right.points, chosen, (), right.points).points == right.points


def test_a_damaged_point_is_left_out_and_the_rest_stays(tmp_path):
    strange = [
        {**POINT, "settings": {"teacher": "os:abort"}},
        {**POINT, "ratio": "fast"},
        {**POINT, "test": {"errors": -1}},
        7,
    ]
    said = {"version": 2, "settings": {"units": 9}, "points": [*strange, POINT], "opened": []}
    (tmp_path / kept.FILE).write_text(json.dumps(said))
    assert kept.kept(tmp_path) == kept.Kept([POINT])
    (tmp_path / kept.FILE).write_text("{")
    assert kept.kept(tmp_path) == kept.Kept()
