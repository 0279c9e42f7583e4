"""What README and docs say in numbers is what the things themselves say."""

from __future__ import annotations

import re

import hatch_build
import kdviz as kd
from kdviz.data.catalogue import FOLDERS
from kdviz.panels.lab.presets import PRESETS, USUAL_ERRORS
from kdviz.study.experiment import experiment

LEAGUE_TOLD = ("Label smoothing", "Soft targets (Hinton)")


def text_of(repository, *parts: str) -> str:
    return " ".join(repository.joinpath(*parts).read_text(encoding="utf-8").split())


def test_nothing_is_fetched_as_readme_has_it(repository):
    assert "Nothing is fetched at run time" in text_of(repository, "README.md")
    carried = {target.split("/")[-1] for target in hatch_build.CARRIED.values()}
    assert {FOLDERS.get(name, name) for name, (_, files) in kd.data.catalogue.LOADERS.items() if files} <= carried
    client = re.compile(r"^\s*(?:import|from) (?:urllib\.request|requests|httpx|aiohttp|pooch)\b", re.MULTILINE)
    modules = repository.joinpath("kdviz").rglob("*.py")
    assert [path.name for path in modules if client.search(path.read_text(encoding="utf-8"))] == []


def test_the_league_is_told_as_it_came_out_and_beside_chance(repository):
    section = text_of(repository, "docs", "results.md").split("<!-- method-league -->")[1]
    arms, fewer, more = map(int, re.search(r"Of (\d+) arms, (\d+) with fewer .*?, (\d+) with more", section).groups())
    by_chance = float(re.search(r"chance alone would call about ([\d.]+) of them", section)[1])
    assert arms == 23 and abs(by_chance - 0.05 * arms) < 0.06
    words = {1: "one", 2: "two", 3: "three"}
    told = (
        f"of {arms} methods on 4,000 labels of Fashion-MNIST and a short budget, {words[fewer]} (correlation) is "
        f"better than no teacher at the 95 % level and {words[more]} are worse, where chance alone would call "
        f"{words[round(by_chance)]} of {arms} different"
    )
    assert told in text_of(repository, "docs", "results.md")


def test_the_league_where_teaching_helps_is_told_as_it_came_out(repository):
    section = text_of(repository, "docs", "results.md").split("<!-- method-league-digits -->")[1]
    arms, fewer, more = map(int, re.search(r"Of (\d+) arms, (\d+) with fewer .*?, (\d+) with more", section).groups())
    differ = int(re.search(r"correction for \d+ comparisons, (\d+) differ", section)[1])
    assert differ == fewer + more
    told = (
        f"{fewer} of {arms} methods make fewer errors than the twin and {more} make more, and all {differ} stay after "
        "Holm's correction"
    )
    assert told in text_of(repository, "docs", "results.md")
    spared = {
        name: float(re.search(rf"\| {re.escape(name)} \|[^|]*\| ([\d.]+) fewer", section)[1]) for name in LEAGUE_TOLD
    }
    assert spared["Label smoothing"] > spared["Soft targets (Hinton)"]


def test_the_presets_ask_a_question_of_a_minute_or_less(repository):
    assert len(PRESETS) == 14 and "fourteen presets" in text_of(repository, "docs", "pages.md")
    table = repository.joinpath("docs", "presets.md").read_text(encoding="utf-8")
    for preset in PRESETS:
        row = next(line for line in table.splitlines() if line.startswith(f"| `{preset.name}`"))
        assert float(row.rsplit("|", 2)[1]) < 70
        assert f"| `{preset.name}` | {preset.question} |" in table
    assert f"| `default` | {USUAL_ERRORS} (one seed) |" in table


def test_the_errors_of_the_five_lines_are_those_of_the_default_preset(repository):
    table = repository.joinpath("docs", "presets.md").read_text(encoding="utf-8")
    student, twin = re.search(r"\| `default` \| (\d+) \(one seed\) \| (\d+) \|", table).groups()
    told = f"It makes {student} errors on 10,000 test images; its twin, the same student without the teacher, {twin}."
    assert told in text_of(repository, "README.md")
    told = f"On this seed the student makes {student} errors, its twin {twin}."
    assert told in text_of(repository, "docs", "tutorials", "first-model.md")


def test_the_teacher_of_hinton_s_table_is_described_as_its_card_has_it(repository):
    card = kd.models.card("mnist-mlp-1200")
    augment = card.recipe["augment"]
    warp = augment["warp"]
    assert list(augment) == ["warp"] and card.architecture["dropout"] > 0
    told = (
        f"trained with dropout and random warps (±{warp['degrees']:g}°, size and shear ±{warp['zoom']:.0%}, "
        f"±{warp['pixels']:g} pixel, elastic)"
    ).replace("%", " %")
    assert warp["zoom"] == warp["shear"] and warp["elastic"] > 0
    assert told in text_of(repository, "docs", "results.md")
    assert told in experiment("hinton-2015").differs
