"""The German catalogue against the texts in Python and JavaScript."""

import re
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import kdviz

PACKAGE = Path(kdviz.__file__).parent
METHODS = [("**.py", "python"), ("**.js", "javascript")]
OPTIONS = {"**.js": {"parse_template_string": "true"}}
KEYWORDS = {"t": None, "later": None, "tParts": None, "tn": (1, 2), "tab": (2,), "part": (2,)}


@cache
def texts() -> frozenset:
    found = extract_from_dir(PACKAGE, METHODS, OPTIONS, KEYWORDS)
    return frozenset(message for _, _, message, _, _ in found)


@cache
def german() -> dict:
    with (PACKAGE / "words" / "de.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    assert catalogue.plural_forms == "nplurals=2; plural=(n != 1);"
    return {message.id: message for message in catalogue if message.id}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_every_text_has_its_german():
    assert len(texts()) > 50
    assert sorted(map(str, texts() - german().keys())) == []
    assert [
        key
        for key, message in german().items()
        if not all([message.string] if isinstance(key, str) else message.string)
    ] == []
    assert [key for key, message in german().items() if message.fuzzy] == []


def test_no_german_is_left_over():
    assert sorted(map(str, german().keys() - texts())) == []


def test_a_translation_has_the_places_of_its_text():
    for key, message in german().items():
        pairs = [(key, message.string)] if isinstance(key, str) else zip(key, message.string, strict=True)
        for text, translated in pairs:
            assert places(text) == places(translated), text
