"""What an account's own details may hold."""

import re
from typing import TYPE_CHECKING

from domain.errors import DomainError, ErrorCode, invalid
from domain.infra.lazily import lazily

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = lazily("phonenumbers")

LANGUAGES = ("en", "de", "fr", "es")
"""As the catalogues of domain/recipients have them."""
MAX_NAME, MAX_TYPES, MAX_TYPE, MAX_POSTAL = 200, 50, 60, 500
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def line(text: str, limit: int, *field: str) -> str:
    """Text trimmed of surrounding space. Raises DomainError: INVALID (control characters, empty), TOO_LARGE."""
    text = text.strip()
    if len(text) > limit:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {limit} characters.", *field)
    if not text:
        raise invalid("This cannot be empty.", *field)
    if _CONTROL.search(text):
        raise invalid("Control characters are not allowed.", *field)
    return text


def account_name(name: str) -> str:
    """An account's name. Raises DomainError."""
    return line(name, MAX_NAME, "name")


def contact_types(types: list[str]) -> list[str]:
    """The kinds of contact an account tells apart, each once, in order. Raises DomainError."""
    if len(types) > MAX_TYPES:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX_TYPES} contact types.", "contactTypes")
    return list(dict.fromkeys(line(name, MAX_TYPE, "contactTypes", str(i)) for i, name in enumerate(types)))


def country(code: str | None) -> str | None:
    """An ISO 3166 alpha-2 code, in capitals. Raises DomainError INVALID when it is none that has phone numbers."""
    if code is None:
        return None
    code = code.strip().upper()
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise invalid("Not an ISO 3166 country code with telephone numbers, such as DE or US.", "defaultCountry")
    return code


def postal_address(text: str | None) -> str | None:
    """The address at the foot of each mail (CAN-SPAM), or None. Raises DomainError."""
    return None if text is None else line(text, MAX_POSTAL, "postalAddress")


def language(code: str | None) -> str:
    """A language that we have words in; None: English. Raises DomainError INVALID."""
    code = "en" if code is None else code.strip().lower()
    if code not in LANGUAGES:
        raise invalid(f"The languages are {', '.join(LANGUAGES)}.", "language")
    return code
