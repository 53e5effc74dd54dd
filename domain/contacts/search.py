"""What a person types into a search box, as LIKE patterns over `contact.search` (see `rules.search_text`)."""

import re
import unicodedata

from domain.contacts.rules import storable, strip

MOST = 1_000
_SPACE = re.compile(r"\s+")
_PHONE = re.compile(r"\+?[0-9\s().\-/\u2010-\u2015]+")
_FEWEST_DIGITS, _FEWEST_NATIONAL = 3, 7


def patterns(typed: str) -> list[str] | None:
    """The patterns of which one must match; None when nothing was typed, an empty list when nothing can match."""
    if len(typed) > MOST or not storable(typed):
        return []
    words = _SPACE.sub(" ", strip(unicodedata.normalize("NFC", typed)).casefold())
    if not words:
        return None
    return [f"%{escape(words)}%", *(f"%\t%{number}%" for number in _numbers(words))]


def _numbers(words: str) -> list[str]:
    """The digits of what looks like a written phone number; a national one also without its leading noughts."""
    if not _PHONE.fullmatch(words):
        return []
    digits = "".join(character for character in words if character.isdecimal())
    if len(digits) < _FEWEST_DIGITS:
        return []
    whole = f"+{digits}" if words.startswith("+") else digits
    national = digits.lstrip("0") if digits.startswith("0") and len(digits) >= _FEWEST_NATIONAL else ""
    return [number for number in (whole, national) if number and number != words]


def contains(typed: str | None) -> str | None:
    """A pattern for any part of a lower-cased text; None when nothing was typed. NUL finds nothing."""
    if typed is None or not strip(typed):
        return None
    return f"%{escape(strip(typed).lower())}%" if len(typed) <= MOST and storable(typed) else ""


def escape(text: str) -> str:
    """Text that LIKE takes as it is."""
    return re.sub(r"([\\%_])", r"\\\1", text)
