"""Pages open as their link says, and say what of it could not be followed: by the address, and by a hello."""

from __future__ import annotations

import pytest

from kdviz.panels import Compare, Lab, Methods

PAIR = ("mnist-mlp-1200", "mnist-mlp-overfit")


@pytest.fixture
def address(monkeypatch):
    def set_to(query: str) -> None:
        monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
        monkeypatch.delenv("VOILA_PREHEAT", raising=False)
        monkeypatch.setenv("QUERY_STRING", query)

    return set_to


@pytest.fixture
def opened():
    made = []

    def open_page(page, **chosen):
        made.append(page(**chosen))
        return made[-1]

    yield open_page
    for panel in made:
        panel.close()


def hello(panel, query: str) -> None:
    panel.scene._handle_custom_msg({"hello": {"browser": "", "query": query}}, [])
    assert panel.wait() if isinstance(panel, Compare) else panel.wait("idle")


def note(panel) -> str:
    assert panel.scene.link["answered"]
    return panel.scene.link["note"]


def test_methods_opens_as_a_link_says_and_makes_the_same_link_again(opened):
    panel = opened(Methods, method="soft_targets", epochs=1)
    assert panel.scene.link == {"answered": False, "note": ""} and "kd-follows" in panel.view._dom_classes
    query = "?method=decoupled&pair=mnist-mlp-1200&T=3&weight=0.5&epochs=2&seed=7&hide=curves"
    hello(panel, query)
    assert note(panel) == "" and panel.share.query == query
    assert (panel.picture.title, panel.picture.temperature, panel.picture.weight) == ("Decoupled (DKD)", 3.0, 0.5)
    assert panel.scene.question == "Decoupled (DKD)" and "curves" in panel.scene.hidden
    assert panel.share.call == (
        "kd.panels.Methods(method='decoupled', pair='mnist-mlp-1200', weight=0.5, temperature=3.0, epochs=2, seed=7)"
    )
    assert panel._trial("mnist-mlp-1200").epochs == 2


@pytest.mark.parametrize(("query", "says", "method"), [
    ("method=hint&T=3", "Hints (FitNets) has no T", "hint"),
    ("method=embeddings", "Embeddings (TinyBERT) compares embeddings and these two models have none", "hint"),
    ("method=hard_labels&weight=1", "Labels alone has no weight", "hard_labels"),
])  # fmt: skip
def test_what_a_method_does_not_have_is_said(opened, address, query, says, method):
    address(query)
    panel = opened(Methods)
    assert note(panel).startswith(f"This link has a mistake: {says}") and panel.methods.chosen == method


def test_compare_opens_as_a_link_says_and_makes_the_same_link_again(opened):
    panel = opened(Compare, teacher=PAIR[0], student=PAIR[1])
    hello(panel, "?teacher=mnist-mlp-overfit&student=mnist-mlp-1200&T=9&view=many&selected=7&hide=examples")
    assert note(panel) == "" and (panel.pair.teacher, panel.pair.student) == PAIR[::-1]
    assert (panel.scene.temperature, panel.scene.view, panel.scene.selected) == (9.0, "many", 7)
    assert panel.scene.hidden == ["examples"]
    assert panel.share.query == (
        "?teacher=mnist-mlp-overfit&student=mnist-mlp-1200&T=9&view=many&selected=7&hide=examples"
    )


def test_what_the_models_or_their_data_do_not_have_is_said(opened, address):
    address("teacher=mnist-mlp-1200&view=attention&bogus=1&selected=3")
    panel = opened(Compare)
    assert note(panel).startswith("This link has a mistake: a link has no 'bogus'; it may have data, teacher")
    assert panel.pair.teacher == PAIR[0] and panel.scene.selected == 3
    hello(panel, "?teacher=mnist-mlp-1200&student=mnist-mlp-overfit&view=draw")
    assert "with these data, view must be one of one, many" in note(panel) and panel.scene.view == "one"


def test_the_lab_is_made_as_its_address_says(opened, address):
    address("preset=omitted-digit&labels=300&view=saliency&selected=9999")
    panel = opened(Lab)
    assert panel.presets.chosen == "omitted-digit" and panel.setup.labels == 300 and panel.scene.view == "saliency"
    assert note(panel) == ("This link has a mistake: selected must be below 500, got 9999; the rest was followed.")
    assert panel.scene.question.startswith("The student never") and panel.transport.state == "idle"


def test_a_page_of_models_of_ones_own_follows_no_link(opened, address, monkeypatch):
    import kdviz as kd

    address("T=20")
    digits = kd.data.mnist().with_labels(100)
    run = kd.Distillation(kd.models.pretrained(PAIR[0]), kd.models.mlp((8,)), digits, epochs=1)
    panel = opened(Lab, run=run)
    assert panel.scene.link == {} and "kd-follows" not in panel.view._dom_classes and panel.scene.temperature == 4.0
