"""The translations against the texts in Python and JavaScript."""

import ast
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

# What looks like words in the Python of pages and is none that a reader sees, or cannot be translated yet.
PYTHON_NOT_YET = {
    "kdviz/panels/__init__.py": ["Compare", "Compress", "Experiments", "Pays", "Schemes", "Words"],
    "kdviz/panels/compress/code.py": ["import kdviz as kd"],
    "kdviz/panels/compress/kept.py": ["within the noise"],
    "kdviz/panels/compress/sentences.py": ["within the noise"],
    "kdviz/panels/experiments.py": ["Compare", "Compress", "Words", "within the noise"],
    "kdviz/panels/live/browser_folder.py": ["what is kept"],
    "kdviz/panels/live/checks.py": ["a value of the kind "],
    "kdviz/panels/live/code.py": ["import torch\n\nimport kdviz as kd\n", " is a term of your own", "None"],
    "kdviz/panels/live/messages.py": ["a mapping from names to numbers"],
    "kdviz/panels/schemes/counts.py": ["within the noise"] * 2,
    "kdviz/panels/soft_targets.py": ["an index in examples"],
    "kdviz/panels/writing/code.py": [
        "import math\nfrom dataclasses import replace\n\nimport torch\n\nimport kdviz as kd\n"
    ],
    "kdviz/panels/writing/settings.py": ["The whale "],
    "kdviz/measure/error_words.py": ["within the noise"],
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


def test_what_javascript_shows_is_in_the_catalogue():
    """Literals that read like words, outside of the calls that translate them."""
    found = {}
    for path in sorted(PACKAGE.glob("**/*.js")):
        source = tool().COMMENT.sub("", path.read_text(encoding="utf-8"))
        left = re.sub(r"\s//.*$", "", tool().CALL.sub("", source), flags=re.MULTILINE)
        literals = [text[1:-1] for text in re.findall(r'"(?:[^"\\\n]|\\.)*"', left)]
        sentences = [text for text in literals if text not in NAMES and reads_like_words(text)]
        if sentences:
            found[path.relative_to(ROOT).as_posix()] = sentences
    assert found == {}


def test_what_the_pages_python_shows_is_in_the_catalogue_or_named_above():
    """The same for literals of the pages and of the wording that they share, outside of errors and docstrings."""
    files = [*sorted((PACKAGE / "panels").glob("**/*.py")), PACKAGE / "measure" / "error_words.py"]
    found = {path.relative_to(ROOT).as_posix(): literals_left(path) for path in files}
    assert {name: texts for name, texts in found.items() if texts} == PYTHON_NOT_YET


def literals_left(path: Path) -> list[str]:
    """Return a file's literals that read like words and that nothing translates."""
    left = []

    def visit(node: ast.AST) -> None:
        called = node.func if isinstance(node, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if isinstance(node, ast.Raise | ast.Assert) or name in (
            *tool().TEXTS,
            "warning",
            "exception",
            "check",
            "convert",
        ):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and reads_like_words(node.value):
            left.append(node.value)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return left


def reads_like_words(text: str) -> bool:
    if re.search(r"kd-|[=#:<>()]", text) or text.startswith("M"):
        return False
    return bool(re.search(r"^[A-Z][a-z]{3,}$|^[A-Z][a-z]+ [a-z]|[a-z]{3,} [a-z]{2,} [a-z]{2,}", text))
