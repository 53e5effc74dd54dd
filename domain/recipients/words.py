"""The words that recipients read, in their language.

English stands in templates and code; every other language in `po/<language>/*.po`, one file a room, read as they are
at first use. `tests/pages/test_words.py` holds the files against what templates and code say. To add a language, add
its folder and its name here.
"""

from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel.support import Translations

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"}
"""By ISO 639 code, each by its own name; the first when nothing that is asked for is here."""
CATALOGUES: Final = Path(__file__).parent / "po"
_LONGEST: Final = 500


def language(*wanted: str | None) -> str:
    """The first language among the wishes that is here; each is a code or an Accept-Language header (RFC 9110)."""
    for wish in wanted:
        for code in _preferences(wish or ""):
            if code in LANGUAGES:
                return code
    return next(iter(LANGUAGES))


@lru_cache
def translations(code: str) -> "Translations":
    """The catalogue of a language that is here; English is its own."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - heavy, and no page was asked for yet
    from babel.messages.pofile import read_po  # noqa: PLC0415
    from babel.support import Translations  # noqa: PLC0415

    whole = Translations()
    for path in sorted((CATALOGUES / code).glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        whole.merge(Translations(compiled))
    return whole


def _preferences(header: str) -> Sequence[str]:
    """The primary subtags of an Accept-Language header, best first."""
    weighed = []
    for part in header[:_LONGEST].split(","):
        name, _, parameters = part.strip().partition(";")
        weighed.append((_weight(parameters), name.strip().lower().partition("-")[0]))
    return [name for weight, name in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
