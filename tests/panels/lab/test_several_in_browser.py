"""A chain and peers in one Lab, in a real browser: each of the runs is chosen by the keyboard and shown as its own."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from ...axe import serious

READY_MS = 120_000
SOURCE = """from dataclasses import replace
import kdviz as kd
few = kd.data.mnist().with_labels(200)
few = replace(few, validation=few.validation.take(slice(0, 500)))
chain = [kd.models.mlp((width,)) for width in (24, 12)]
teacher = kd.models.pretrained("mnist-mlp-1200")
first, last = kd.schemes.train_each(kd.schemes.assistant_chain(teacher, chain, few, epochs=3), progress=False)
students = [kd.models.mlp((12,), seed=seed) for seed in range(3)]
peers = kd.schemes.mutual_learning(students, few, epochs=3).train(progress=False)
kd.panels.Lab({"Assistant": first, "Last": last, "Three": peers}, shown="Last")"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("pages")
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Runs"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": SOURCE, "outputs": [], "execution_count": None},
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    told = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (place / "runs.ipynb").write_text(json.dumps(told))
    return place


def test_a_chain_and_peers_are_walked_through_by_the_keyboard(serve, page, folder):
    opened: Page = page(f"{serve(folder).base}voila/render/runs.ipynb")
    choice = opened.get_by_role("group", name="Run shown")
    expect(choice.get_by_role("radio")).to_have_count(5, timeout=READY_MS)
    note, said = opened.locator(".kd-run-choice > .kd-note").first, opened.locator(".kd-host-curves p.kd-sentence")
    teacher = opened.locator(".kd-host-hero")

    def choose(name: str) -> None:
        choice.get_by_role("radio", name=name, exact=True).focus()
        opened.keyboard.press("Space")
        expect(choice.get_by_role("radio", name=name, exact=True)).to_be_checked()

    expect(note).to_have_text("Last is taught by Assistant.")
    expect(teacher).to_contain_text("24 hidden units", timeout=READY_MS)
    expect(opened.locator(".kd-earlier-line")).to_have_count(2)  # the others' curves
    choose("Assistant")
    expect(note).to_have_text("Assistant; its teacher: MNIST, 2×1200 ReLU units (Hinton 2015).")
    expect(teacher).to_contain_text("2×1200")
    choose("Three")
    expect(note).to_have_text("Three learns without a teacher.")
    expect(said).to_contain_text("Its peers make ")
    expect(teacher).to_be_hidden()
    expect(opened.locator(".kd-line-peer")).to_have_count(2)
    choose("Peer 2")
    expect(said).to_contain_text("Peer 2 makes ")
    expect(opened.locator(".kd-line-peer.kd-bold")).to_have_count(1)
    assert serious(opened) == []
