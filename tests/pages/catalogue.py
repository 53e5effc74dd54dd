"""The words of recipients' pages and mails, as templates and code say them.

`python -m tests.pages.catalogue` lists what a language lacks.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from domain.recipients.words import CATALOGUES, LANGUAGES

ROOT = Path(__file__).parents[2]
METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract"), ("**.txt", "jinja2.ext:babel_extract")]
_DOMAIN = ("recipients", "confirmations", "signups", "messages", "inbound")
ROOMS = ("api/pages", *(f"domain/{room}" for room in _DOMAIN))


@cache
def said() -> dict[str, str]:
    """Each phrase that a recipient may read, and a file that says it."""
    return {phrase: name for name, phrase in _phrases()}


def translated(code: str) -> dict[str, str]:
    """Each phrase of a language's catalogues, with its translation; those marked fuzzy count as missing."""
    found: dict[str, str] = {}
    for path in sorted((CATALOGUES / code).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code)
        for message in catalogue:
            if message.id and not message.fuzzy:
                assert isinstance(message.id, str)
                found[message.id] = str(message.string)
    return found


def _phrases() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        if not (ROOT / room).is_dir():
            continue
        for name, _, message, _, _ in extract_from_dir(ROOT / room, METHODS, keywords={"_": None, "gettext": None}):
            yield f"{room}/{name}", message if isinstance(message, str) else message[0]


if __name__ == "__main__":
    for code in list(LANGUAGES)[1:]:
        for phrase in said():
            if not translated(code).get(phrase):
                print(f'{code}: "{phrase}"')  # noqa: T201 - a list to work through
