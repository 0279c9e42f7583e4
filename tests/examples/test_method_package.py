"""A method that another package brings is in the catalogue like kdviz's own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import nbformat
import pytest
from playwright.sync_api import expect

TRY = """
import json, sys
import torch, kdviz as kd
from kdviz.distill.objective import Objective
from kdviz.distill import pairing
data = kd.data.mnist().with_labels(300)
teacher = kd.models.pretrained("mnist-mlp-1200")
written = [{"weight": 0.9, "term": "TotalVariation", "temperature": 2.0}, {"weight": 0.1, "term": "HardLabels"}]
objective = Objective.from_dict(written)  # before anyone asked for the catalogue
run = kd.Distillation(teacher, kd.models.mlp((16,)), data, objective, epochs=1).train(progress=False)
run.save(sys.argv[1])
again = kd.Distillation.load(sys.argv[1])
from kdviz.distill.methods import METHODS, method
s = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
t = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1), requires_grad=True)
import kdviz_total_variation as own
value = own.total_variation(s, t, 3.0)
value.backward()
p, q = (t / 3).softmax(1), (s / 3).softmax(1)
print(json.dumps({
    "last": list(METHODS)[-1],
    "told": objective.to_dict(),
    "same": [torch.equal(a, b) for a, b in zip(run.student.parameters(), again.student.parameters())],
    "value": [float(value.detach()), float(3 * torch.maximum(p, q).sum(1).sub(1).mean().detach())],
    "teacher": t.grad is None,
}))
"""


def test_it_is_in_catalogue_recipes_and_saves(python_with: Callable, tmp_path) -> None:
    done = subprocess.run(
        [*python_with("method"), "-W", "error", "-c", TRY, str(tmp_path)], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["last"] == "total_variation" and found["told"][0]["term"] == "TotalVariation"
    assert found["same"] and all(found["same"]) and found["teacher"]
    assert found["value"][0] == pytest.approx(found["value"][1], abs=1e-12), "½ Σ|p − q| is Σ max(p, q) − 1"


def test_the_methods_page_offers_trains_and_explains_it(
    python_with: Callable, serve: Callable, page: Callable, tmp_path
) -> None:
    cell = nbformat.v4.new_code_cell("import kdviz as kd\nkd.panels.Methods(pair='mnist-mlp-1200', epochs=1)")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel}), tmp_path / "methods.ipynb")
    server = serve(tmp_path, program=(*python_with("method"), "-m", "kdviz.app.cli"))
    opened = page(f"{server.base}voila/render/methods.ipynb")
    opened.get_by_role("radio", name="Total variation", exact=True).check(timeout=120_000)
    expect(opened.get_by_text("Total variation compares the softened answers")).to_be_visible()
    expect(opened.get_by_text("Wen et al. 2023, arXiv:2307.15190")).to_be_visible()
    opened.get_by_role("button", name="Train", exact=True).click()
    expect(opened.locator(".kd-transport[data-state=finished]")).to_be_visible(timeout=240_000)
    expect(opened.get_by_text("test examples the student taught by Total variation")).to_be_visible()


def test_a_name_of_kdvizs_own_is_not_taken_and_ones_own_is_replaced() -> None:
    from dataclasses import replace

    from kdviz.distill import methods, terms

    hint = methods.method("hint")
    with pytest.raises(ValueError, match="the method 'hint' is kdviz's own; choose another name"):
        methods.register(hint)

    class SoftTargets(terms.Term):
        pass

    with pytest.raises(ValueError, match="the term SoftTargets is kdviz's own; choose another name for the class"):
        terms.register(SoftTargets)
    try:
        for title in ("Mine", "Mine again"):
            methods.register(replace(hint, name="mine", title=title))
        assert methods.method("mine").title == "Mine again" and list(methods.METHODS)[-1] == "mine"
    finally:
        del methods.METHODS["mine"]
