"""The server's own pages speak the address's language, else the server's, else the browser's."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest

from kdviz import words
from kdviz.app import spoken


def asked(query: str = "", accepted: str = "") -> SimpleNamespace:
    arguments = {name: [value.encode() for value in values] for name, values in parse_qs(query).items()}
    return SimpleNamespace(request=SimpleNamespace(query_arguments=arguments, headers={"Accept-Language": accepted}))


@pytest.mark.parametrize(
    ("query", "accepted", "server", "language"),
    [
        ("", "", "", "en"),
        ("", "fr-CH, de-AT;q=0.9, en;q=0.8", "", "de"),
        ("", "en-GB, de;q=0.5", "", "en"),
        ("lang=en", "de", "de", "en"),
        ("lang=de", "en", "", "de"),
        ("lang=xx", "de", "", "de"),
        ("", "en", "de", "de"),
        ("", "en," * 100 + "de", "", "en"),
    ],
)
def test_the_address_comes_before_the_server_and_that_before_the_browser(
    query: str, accepted: str, server: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(words.VARIABLE, server)
    assert spoken.language(asked(query, accepted)) == language  # type: ignore[arg-type]
    if "lang" not in query and not server:
        assert spoken.language(asked(query, accepted), browser=False) == "en"  # type: ignore[arg-type]


def test_addresses_carry_a_language_only_where_it_is_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(words.VARIABLE, "de")
    assert (spoken.query("de"), spoken.query("en")) == ("", "?lang=en")
