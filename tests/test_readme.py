"""What the README shows runs as it stands, and the figures it gives for the teachers are those of their cards."""

from __future__ import annotations

import re
from pathlib import Path

import kdviz as kd


def blocks(repository: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (repository / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_code_runs_as_it_stands(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks(repository):
        exec(compile(block, "README.md", "exec"), names)
    run, twin = names["run"], names["twin"]
    assert isinstance(run, kd.Distillation) and isinstance(twin, kd.Distillation)
    assert run.steps_done == twin.steps_done == 1920
    assert run.evaluate("test").errors < twin.evaluate("test").errors
    assert (tmp_path / "my-run" / "CURRENT").is_file()
    accuracy = names["report"].summary().set_index("model")["accuracy"]
    assert accuracy["student"] == 1 - run.evaluate("test").errors / 10_000
    assert accuracy["teacher"] > accuracy["student"] > accuracy["twin"]
    assert (tmp_path / "report.html").stat().st_size > 1_000_000


def test_the_teachers_table_says_what_the_cards_say(repository):
    text = (repository / "README.md").read_text(encoding="utf-8")
    for name in kd.models.names():
        card = kd.models.card(name)
        told = f"{card.test_errors:,} of {card.test_examples:,} | {card.parameters:,} | `{card.command}` |"
        assert re.search(rf"\| `{name}`[^|]* \| {re.escape(told)}", text), f"{name}: {told}"
