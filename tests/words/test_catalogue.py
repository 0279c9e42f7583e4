"""The translations against the texts in Python and JavaScript."""

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

import kdviz
from kdviz import words

PACKAGE = Path(kdviz.__file__).parent
ROOT = Path(__file__).parents[2]
LANGUAGES = [name for name in words.languages() if name != words.ENGLISH]

# What readers see that cannot be translated yet: whole files of JavaScript, and all of Python but the tabs' titles.
NOT_YET = {
    "kdviz/app/jupyter/voila/templates/kdviz/static/page.js",
    "kdviz/report/report.js",
}
NAMES = {
    "Grad-CAM",
    "Brier",
    "Enter",
    "Escape",
    "Twin, no teacher",
    "Twin, label smoothing",
    "Error on validation data",
    "Rest",
}


@cache
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words_tool", ROOT / ".ci" / "words.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def translated(language: str) -> dict:
    with (PACKAGE / "words" / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    assert catalogue.plural_forms == "nplurals=2; plural=(n != 1);", "words.py and words.js have that rule alone"
    return {message.id: message for message in catalogue if message.id}


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_its_translation(language):
    texts = tool().texts()
    assert len(texts) > 500
    assert sorted(map(str, texts.keys() - translated(language).keys())) == []
    assert [key for key, message in translated(language).items() if not all(forms(message.string))] == []
    assert [key for key, message in translated(language).items() if message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language):
    assert sorted(map(str, translated(language).keys() - tool().texts().keys())) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_of_its_text(language):
    for key, message in translated(language).items():
        for text, other in zip(forms(key), forms(message.string), strict=True):
            assert places(text) == places(other), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_percents_follow_a_no_break_space_and_a_minus_is_a_true_one(language):
    for key, message in translated(language).items():
        for text in (*forms(key), *forms(message.string)):
            assert not re.search(r"[\d}] %|[ (]-[\d{]", text), text


def test_one_text_is_not_both_alone_and_a_plural():
    alone = [key for key in tool().texts() if isinstance(key, str)]
    plurals = [one for key in tool().texts() if not isinstance(key, str) for one in key]
    assert sorted(set(alone) & set(plurals)) == []


def test_what_a_reader_sees_is_in_the_catalogue_or_in_a_file_named_above():
    """Literals that read like words, outside of the calls that translate them."""
    found = {}
    for path in sorted(PACKAGE.glob("**/*.js")):
        source = tool().COMMENT.sub("", path.read_text(encoding="utf-8"))
        left = re.sub(r"\s//.*$", "", tool().CALL.sub("", source), flags=re.MULTILINE)
        literals = [text[1:-1] for text in re.findall(r'"(?:[^"\\\n]|\\.)*"', left)]
        sentences = [text for text in literals if text not in NAMES and reads_like_words(text)]
        if sentences:
            found[path.relative_to(ROOT).as_posix()] = sentences
    assert {name: texts for name, texts in found.items() if name not in NOT_YET} == {}
    assert {name for name in NOT_YET if name not in found} == set(), "translated by now"


def reads_like_words(text: str) -> bool:
    if re.search(r"kd-|[=#:<>()]", text) or text.startswith("M"):
        return False
    return bool(re.search(r"^[A-Z][a-z]{3,}$|^[A-Z][a-z]+ [a-z]|[a-z]{3,} [a-z]{2,} [a-z]{2,}", text))
