"""Markdown in another language."""

from kdviz.words import catalogue, markdown


def test_what_is_translated_is_put_in_its_place_and_code_and_all_else_stays():
    text = "# Methods\n\nNobody translated this.\n\n```python\nx = 1\n\n# Methods\n```\n"
    assert markdown.texts(text) == ["# Methods", "Nobody translated this."]
    assert markdown.translated(text, "de") == text.replace("# Methods", catalogue("de")[("# Methods",)][0], 1)
    assert markdown.translated(text, "en") == text
