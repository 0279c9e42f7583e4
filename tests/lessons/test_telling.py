"""When it is told: of a notebook, a server and a link, what tells least."""

from __future__ import annotations

from itertools import product

import pytest

from kdviz.lessons import telling


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch) -> None:
    for name in (telling.VARIABLE, "SERVER_SOFTWARE", "QUERY_STRING"):
        monkeypatch.delenv(name, raising=False)


def test_it_is_told_at_once_where_nobody_says_otherwise() -> None:
    assert telling.way() == "at-once"


@pytest.mark.parametrize("places", list(product([None, *telling.WAYS], repeat=3)), ids=str)
def test_a_stricter_way_cannot_be_loosened_from_any_place(places: tuple, monkeypatch) -> None:
    here, environment, link = places
    if environment:
        monkeypatch.setenv(telling.VARIABLE, environment)
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    if link:
        monkeypatch.setenv("QUERY_STRING", f"T=4&tell={link}")
    strictest = max((telling.WAYS.index(one) for one in places if one), default=0)
    assert telling.way(here) == telling.WAYS[strictest]


@pytest.mark.parametrize("query", ["tell=", "tell=all", "tell", "tell=NEVER", "never", "&&tell=%00", "tell=at-once"])
def test_a_link_with_another_word_says_nothing(query: str, monkeypatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    monkeypatch.setenv("QUERY_STRING", query)
    assert telling.way() == "at-once"


def test_of_two_words_in_a_link_the_stricter_counts(monkeypatch) -> None:
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    monkeypatch.setenv("QUERY_STRING", "tell=at-once&tell=never&tell=at-once")
    assert telling.way() == "never"
    monkeypatch.delenv("SERVER_SOFTWARE")
    assert telling.way() == "at-once", "a query that is no page's counts for nothing"


def test_another_word_is_one_sentence(monkeypatch) -> None:
    with pytest.raises(ValueError, match=r"^tell must be one of at-once, submitted, never, got 'later'$"):
        telling.way("later")
    monkeypatch.setenv(telling.VARIABLE, "later")
    with pytest.raises(ValueError, match=r"^KDVIZ_TELL must be one of at-once, submitted, never, got 'later'$"):
        telling.way("never")
