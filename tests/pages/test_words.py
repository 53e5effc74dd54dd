"""Every word that a recipient reads is there in every language, and says what the page says."""

import re

import pytest

from domain.recipients.words import LANGUAGES, language, translations
from tests.pages.catalogue import said, translated

OTHERS = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("code", OTHERS)
def test_catalogues_are_complete(code: str) -> None:
    """Nothing is missing, and nothing is kept that no page says any more."""
    words, phrases = translated(code), said()
    assert {phrase: where for phrase, where in phrases.items() if not words.get(phrase)} == {}
    assert words.keys() - phrases.keys() == set()


@pytest.mark.parametrize("code", OTHERS)
def test_placeholders_survive_translation(code: str) -> None:
    """A translation names what the English names, and nothing that is not there."""
    for phrase, words in translated(code).items():
        names = re.findall(r"%\(\w+\)s", phrase)
        assert sorted(re.findall(r"%\(\w+\)s", words)) == sorted(names), words
        assert "%" in phrase or "%" not in words


def test_the_catalogue_is_the_po_file() -> None:
    """What is shown comes from the file, without a step between."""
    assert translations("de").gettext("Save") == "Speichern"
    assert translations("en").gettext("Save") == "Save"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((None, "de-AT,de;q=0.9,en;q=0.8"), "de"),
        (("fr", "de"), "fr"),
        (("xx", "en;q=0.2, es;q=0.7"), "es"),
        ((None, "pt-BR, fr;q=0"), "en"),
        ((None, "it, FR-ca;q=0.1"), "fr"),
        ((None, "*"), "en"),
        ((None, None), "en"),
        (("de;q=x", ";;,,=,q"), "en"),
    ],
)
def test_the_language_is_the_links_then_the_browsers(wanted: tuple[str | None, ...], found: str) -> None:
    """The first that is here, by the browser's own order; English when there is none."""
    assert language(*wanted) == found
