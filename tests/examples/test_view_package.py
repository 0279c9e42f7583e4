"""A view that another package brings is on the pages like kdviz's own, and no file of kdviz was touched for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from kdviz.widgets import bundle

from .conftest import EXAMPLES

VIEW = EXAMPLES / "view" / "kdviz_margins"
TRAINED_MS = 240_000


@pytest.fixture(scope="module")
def program(python_with: Callable) -> tuple[str, ...]:
    """``kdviz`` with the package installed beside it."""
    return (*python_with("view"), "-m", "kdviz.app.cli")


def test_the_tab_is_in_the_lab_follows_the_run_and_t_and_can_be_linked_and_hidden(
    serve: Callable, page: Callable, program: tuple[str, ...]
) -> None:
    server = serve(program=program)
    opened = page(f"{server.url}?view=margins&labels=300&units=16&epochs=4&smoothing=0")
    tab = opened.get_by_role("radiogroup", name="Show").get_by_role("radio", name="Margins", exact=True)
    expect(tab).to_be_checked(timeout=120_000)
    opened.get_by_role("button", name="Train", exact=True).click()
    expect(opened.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=TRAINED_MS)
    expect(opened.get_by_text("lies ahead of the second by")).to_be_visible()
    counts = [int(text.replace(",", "")) for text in opened.locator(".kd-margins-cell").all_inner_texts()]
    assert sum(counts[::2]) == sum(counts[1::2]) == 400, "each of the sample once, of teacher and student"
    before = opened.locator(".kd-margins-cell").all_inner_texts()
    opened.get_by_role("slider", name="Temperature").press("End")
    expect(opened.locator(".kd-margins-cell").first).not_to_have_text(before[0])
    opened.goto(f"{server.url}?hide=margins&labels=300&units=16&epochs=4")
    expect(opened.get_by_role("radio", name="Fidelity", exact=True)).to_be_attached(timeout=120_000)
    expect(opened.get_by_role("radio", name="Margins", exact=True)).not_to_be_visible()


def test_the_tab_is_in_the_comparison_of_two_models(serve: Callable, page: Callable, program: tuple[str, ...]) -> None:
    opened = page(f"{serve(program=program).base}voila/render/dashboards/compare.ipynb")
    opened.get_by_role("radio", name="Can it be trusted", exact=True).check(timeout=120_000)
    opened.get_by_role("radio", name="Margins", exact=True).check()
    expect(opened.get_by_text("lies ahead of the second by")).to_be_visible()


def test_its_numbers_are_those_of_torch(page: Callable) -> None:
    logits = 3 * np.random.default_rng(0).standard_normal((50, 7)).astype(np.float32)
    opened = page("about:blank")
    told = opened.evaluate(
        """async ([text, logits]) => {
          const f = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
          const found = f.margins(Float32Array.from(logits), [...Array(50).keys()], 7, 2.5);
          return [found, f.histogram(found, 4)];
        }""",
        [bundle.script(VIEW / "numbers.js"), logits.ravel().tolist()],
    )
    two = torch.softmax(torch.tensor(logits, dtype=torch.float64) / 2.5, 1).topk(2).values
    wanted = (two[:, 0] - two[:, 1]).numpy()
    assert told[0] == pytest.approx(wanted.tolist(), abs=1e-12)
    assert told[1] == np.histogram(wanted, bins=4, range=(0, 1))[0].tolist()
