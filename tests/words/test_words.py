import pytest

import kdviz as kd
from kdviz import words


@pytest.fixture(autouse=True)
def no_language_chosen(monkeypatch):
    monkeypatch.setattr(words, "_chosen", [])
    for name in ("KDVIZ_LANGUAGE", "QUERY_STRING", "SERVER_SOFTWARE"):
        monkeypatch.delenv(name, raising=False)


def test_a_language_is_chosen_once_for_all():
    assert kd.language() == "en" and words.t("Soft targets") == "Soft targets"
    assert kd.language("de") == "de"
    assert words.t("Soft targets") == "Weiche Zielwerte"
    assert words.tn("{n} example", "{n} examples", 1) == "1 Beispiel"
    assert words.tn("{n} example", "{n} examples", 1234, n="1.234") == "1.234 Beispiele"


def test_a_language_that_is_not_there_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match=r"^expected a language of en, de, got 'xx'$"):
        kd.language("xx")
    assert kd.language() == "en"


def test_the_environment_and_the_address_of_a_dashboard_choose_too(monkeypatch):
    monkeypatch.setenv("KDVIZ_LANGUAGE", "de")
    assert words.language() == "de"
    monkeypatch.setenv("QUERY_STRING", "T=4&lang=en")
    assert words.language() == "de", "of another server"
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5")
    assert words.language() == "en"
    monkeypatch.setenv("QUERY_STRING", "lang=tlh")
    assert words.language() == "de", "a page opens, whatever its link names"
    assert words.language("en") == "en"


def test_a_text_that_nobody_translated_stays_english(monkeypatch):
    words.language("de")
    assert words.t("Nobody wrote {this}.", this="x") == "Nobody wrote x."


def test_a_po_file_is_read_as_babel_reads_it():
    from babel.messages.pofile import read_po

    with open(f"{words.__path__[0]}/de.po", "rb") as file:
        theirs = {m.id: m.string for m in read_po(file, locale="de") if m.id}
    mine = words.for_page("de")
    assert mine == {
        (i if isinstance(i, str) else i[0]): (s if isinstance(s, str) else list(s)) for i, s in theirs.items()
    }
