"""The links of all pages: declared fields come back as they were; all else is named in one sentence."""

from __future__ import annotations

import random
from urllib.parse import quote

import pytest

from kdviz.panels import Compare, Lab, Methods
from kdviz.panels.live.link import MOST_CHARACTERS, Link, of_address
from kdviz.panels.live.parameters import number, whole

PAGES = {"Lab": Lab.links, "Methods": Methods.links, "Compare": Compare.links}
GIVEN = {
    "Lab": "?preset=hinton&T=20&labels=300&hide=setup,runs",
    "Methods": "?method=decoupled&pair=mnist-mlp-1200&T=3&weight=0.5&epochs=2&seed=7&hide=curves",
    "Compare": "?teacher=mnist-vit&student=mnist-vit-twin&T=9&view=attention&selected=7&hide=examples",
}
HOSTILE = [
    "", "1", "-1", "0", "nan", "inf", "1e999", "1e-320", "9" * 400, "0x10", "1_0", "٣", "true", "None", "mnist", "DKD",
    "x" * 3000, "../../etc/passwd", "os:abort", "__class__", "<script>alert(1)</script>", "%ff", "\ud800", "\x00",
    "a,b", ",", "share,share", "1,2", "draw", "RKD", "hint", "embeddings", "adult-mlp",
]  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_what_a_link_says_is_what_the_page_opens_with(page):
    found = PAGES[page].follow(GIVEN[page])
    assert found.left_out == {} and found.note == ""
    values = {name: found.state[name] for name, called in PAGES[page].names.items() if called in found.names}
    assert sorted(PAGES[page].written(values)[1:].split("&")) == sorted(GIVEN[page][1:].split("&"))
    assert PAGES[page].follow(PAGES[page].written(values)).state == found.state


@pytest.mark.parametrize("page", PAGES)
def test_whatever_a_link_says_it_is_followed_or_named_in_a_sentence(page):
    link, rng, refused = PAGES[page], random.Random(0), 0
    for name in (*link.names.values(), "present", "theme", "lang", "colour", "__class__"):
        for text in HOSTILE:
            raw = rng.choice([quote, str])(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
            found = link.follow(f"?{name}={raw}")
            assert set(found.left_out) | set(found.names) <= {name, raw.partition("&")[0], ""}
            for sentence in found.left_out.values():
                assert 10 < len(sentence) < 900 and "\n" not in sentence
                assert found.note.startswith("this link has a mistake: ")
            refused += bool(found.left_out)
            assert link.follow(
                link.written({n: found.state[n] for n in link.fields if link.names[n] in found.names})
            ).state
    assert refused > 100


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("query", "says"), [
    ("?colour=red", "a link has no 'colour'; it may have"),
    ("?present=loud", "present must be one of 0, 1, got 'loud'"),
    ("?theme=pink", "theme must be one of light, dark, got 'pink'"),
    ("?lang=tlh", "lang must be one of en, de, got 'tlh'"),
    ("?T=5&T=6", "T must be given once, got it 2 times"),
    ("?T", "T must have a value, as in T=…, got none"),
    ("?T=%ff", "T must be plain text"),
    ("?T=0", "T must be a number above 0, up to 1000, got 0.0"),
    ("?hide=everything", "hide must be one of"),
    ("?" + "T" * (MOST_CHARACTERS + 1), "a link may have 4,000 characters, got 4,002"),
])  # fmt: skip
def test_every_page_names_what_is_wrong(page, query, says):
    found = PAGES[page].follow(query)
    (sentence,) = found.left_out.values()
    assert sentence.startswith(says) and found.note == f"this link has a mistake: {sentence}" and found.names == ()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_s_own_form_and_colours_are_no_settings(page):
    for query in ("?present", "?present=1", "?present=0", "?theme=dark&lang=de&voila-theme=x&token=secret", "?", ""):
        found = PAGES[page].follow(query)
        assert (found.names, found.left_out, found.state) == ((), {}, PAGES[page].follow("").state)


@pytest.mark.parametrize(("page", "query", "kept", "says"), [
    ("Methods", "?method=DKD&epochs=0", {"method": "decoupled"}, "epochs must be a whole number from 1 to 1000"),
    ("Methods", "?method=RKD&seed=3", {"seed": 3, "method": "hint"}, "relational_distance, relational_angle, got"),
    ("Methods", "?weight=2&method=soft_targets", {"method": "soft_targets", "weight": None}, "soft_targets must lie"),
    ("Methods", "?pair=own", {"pair": "mnist-convnet"}, "pair must be one of"),
    ("Compare", "?data=adult&teacher=mnist-vit", {"teacher": "adult-mlp"}, "teacher must be one of adult-mlp"),
    ("Compare", "?teacher=mnist-vit&student=adult-mlp", {"student": "mnist-vit-student"}, "student must be one"),
    ("Lab", "?hide=setup,wheels,runs", {"hidden": ["setup", "runs"]}, "hide must be one of"),
    ("Lab", "?lock=wheels,alpha", {"locked": ["alpha"]}, "lock must be one of"),
    ("Methods", "?hide=curves,curtains", {"hidden": ["curves"]}, "hide must be one of"),
    ("Compare", "?selected=100001", {"selected": -1}, "selected must be a whole number from -1 to 100000"),
])  # fmt: skip
def test_the_rest_of_a_link_is_followed(page, query, kept, says):
    found = PAGES[page].follow(query)
    assert {name: found.state[name] for name in kept} == kept
    (sentence,) = found.left_out.values()
    assert says in sentence and (not found.names or found.note.endswith("; the rest was followed"))


def test_a_page_made_later_declares_its_fields():
    def opened(given):
        if given.get("seed") == given.get("temperature"):
            raise ValueError("seed must not be T")
        return {"temperature": 4.0, "seed": 0, **given}

    link = Link({"temperature": number(10), "seed": whole(0, 9)}, opened, {"temperature": "T"})
    assert link.written({"seed": 3, "temperature": 2.0}) == "?T=2&seed=3"
    found = link.follow("?seed=2&T=2")
    assert (found.state, found.names, found.left_out) == (
        {"temperature": 2.0, "seed": 0},
        ("T",),
        {"seed": "seed must not be T"},
    )


def test_the_address_is_known_where_a_kernel_was_started_for_it(monkeypatch):
    for name in ("SERVER_SOFTWARE", "VOILA_PREHEAT", "QUERY_STRING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUERY_STRING", "T=20")
    assert of_address() == "", "a notebook's address is not the page's"
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert of_address() == "?T=20"
    monkeypatch.setenv("VOILA_PREHEAT", "True")
    assert of_address() == "", "a warm kernel waits for whoever comes"
