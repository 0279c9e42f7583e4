"""The code in README and docs runs as written, and the figures for the shipped models are those of their cards."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import kdviz as kd
from kdviz.app import cli

ROOT = Path(__file__).parents[1]
README, FIRST = "README.md", "docs/tutorials/first-model.md"  # the tutorial goes on from README's five lines
PAGES = [README, *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]
HERE = "https://github.com/kdviz/kdviz/blob/main/"
RAW = "https://raw.githubusercontent.com/kdviz/kdviz/main/"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text_of(page), re.DOTALL)


def run(*pages: str) -> dict[str, object]:
    """Run the code of pages from top to bottom, what stands on two of them once; return the names it leaves."""
    names: dict[str, object] = {"__name__": "__main__"}
    done: set[str] = set()
    for page in pages:
        for program in programs(page):
            if (same := ast.dump(ast.parse(program))) not in done:
                exec(compile(program, page, "exec"), names)
            done.add(same)
    return names


@pytest.mark.parametrize("page", [page for page in PAGES if programs(page) and page not in (README, FIRST)])
def test_the_code_of_a_page_runs_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(page)


def test_the_first_model_comes_out_as_it_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ast.dump(ast.parse(programs(README)[0])) == ast.dump(ast.parse(programs(FIRST)[0]))
    names = run(README, FIRST)
    student, twin = names["run"], names["twin"]
    assert isinstance(student, kd.Distillation) and isinstance(twin, kd.Distillation)
    assert student.steps_done == twin.steps_done == 1920
    assert student.evaluate("test").errors < twin.evaluate("test").errors
    assert (tmp_path / "my-run" / "CURRENT").is_file()
    accuracy = names["report"].summary().set_index("model")["accuracy"]
    assert accuracy["student"] == 1 - student.evaluate("test").errors / 10_000
    assert accuracy["teacher"] > accuracy["student"] > accuracy["twin"]
    assert (tmp_path / "report.html").stat().st_size > 1_000_000


def test_what_is_typed_into_a_terminal_is_a_command_of_kdviz():
    found = 0
    for page in [*PAGES, "CONTRIBUTING.md"]:
        for block in re.findall(r"```(?:bash|text)?\n(.*?)```", text_of(page), re.DOTALL):
            for line in re.findall(r"(?:^|&& )kdviz ((?!COMMAND).*?)(?: && .*| #.*|  .*)?$", block, re.MULTILINE):
                assert cli.parser().parse_args(line.split()), f"{page}: kdviz {line}"
                found += 1
    assert found > 10


def test_readme_leads_to_files_from_anywhere():
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(README))
    assert all(target.startswith((HERE, RAW)) for target in targets), "a package index shows README too"
    for target in targets:
        assert (ROOT / target.removeprefix(HERE).removeprefix(RAW)).is_file(), target


FORMS = {
    "arxiv.org": r"/abs/\d\d(0[1-9]|1[0-2])\.\d{4,5}",
    "doi.org": r"/10\.\d{4,5}/\S+[^.,;:]",
}


def test_addresses_of_others_have_the_form_of_addresses():
    files = [ROOT / page for page in PAGES] + sorted((ROOT / "notebooks").rglob("*.ipynb"))
    found = {link for file in files for link in re.findall(r"https?://[^][\s()<>\"'`|,\\]+", file.read_text("utf-8"))}
    assert len(found) > 40
    for link in found:
        address = urlsplit(link)
        local = address.hostname in {"127.0.0.1", "localhost"}
        assert local or (address.scheme == "https" and re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", address.netloc)), link
        assert re.fullmatch(FORMS.get(address.netloc, r".*[^.;:]|"), address.path), link


def test_the_table_of_models_agrees_with_their_cards():
    text = text_of("docs/models-and-data.md")
    for name in kd.models.names():
        card = kd.models.card(name)
        row = f"{card.test_errors:,} of {card.test_examples:,} | {card.parameters:,} | `{card.command}` |"
        assert re.search(rf"\| `{name}`[^|]* \| {re.escape(row)}", text), f"{name}: {row}"
    for name in kd.models.names("text"):
        card = kd.models.card(name)
        match = card.figures.get("exact match")
        row = (
            f"| `{name}` | {card.test_errors:,} of {card.test_examples:,} | {card.figures['bits a token']:.3f} | "
            f"{'–' if match is None else f'{match:.1%}'} | {card.parameters:,} | `{card.command}` |"
        )
        assert row in text, row
