"""The code in README and docs runs as written, and the figures for the shipped models are those of their cards."""

from __future__ import annotations

import re
from pathlib import Path

import kdviz as kd

PAGES = ("README.md", "docs/models-and-data.md", "docs/methods.md", "docs/teaching.md")


def blocks(repository: Path) -> list[tuple[str, str]]:
    return [
        (page, block)
        for page in PAGES
        for block in re.findall(r"```python\n(.*?)```", (repository / page).read_text(encoding="utf-8"), re.DOTALL)
    ]


def test_no_page_with_code_is_left_out(repository):
    pages = [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]
    with_code = {
        page.relative_to(repository).as_posix() for page in pages if "```python" in page.read_text(encoding="utf-8")
    }
    assert with_code == set(PAGES)


def test_links_between_pages_lead_to_files(repository):
    for page in [repository / "README.md", *(repository / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_code_runs_as_written(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for page, block in blocks(repository):
        exec(compile(block, page, "exec"), names)
    run, twin = names["run"], names["twin"]
    assert isinstance(run, kd.Distillation) and isinstance(twin, kd.Distillation)
    assert run.steps_done == twin.steps_done == 1920
    assert run.evaluate("test").errors < twin.evaluate("test").errors
    assert (tmp_path / "my-run" / "CURRENT").is_file()
    accuracy = names["report"].summary().set_index("model")["accuracy"]
    assert accuracy["student"] == 1 - run.evaluate("test").errors / 10_000
    assert accuracy["teacher"] > accuracy["student"] > accuracy["twin"]
    assert (tmp_path / "report.html").stat().st_size > 1_000_000


def test_the_table_of_models_agrees_with_their_cards(repository):
    text = (repository / "docs" / "models-and-data.md").read_text(encoding="utf-8")
    for name in kd.models.names():
        card = kd.models.card(name)
        row = f"{card.test_errors:,} of {card.test_examples:,} | {card.parameters:,} | `{card.command}` |"
        assert re.search(rf"\| `{name}`[^|]* \| {re.escape(row)}", text), f"{name}: {row}"
