"""What a text message asks for. Pure."""

import unicodedata
from enum import StrEnum
from typing import Final


class Keyword(StrEnum):
    """What a whole message can mean."""

    STOP = "STOP"
    START = "START"
    HELP = "HELP"


_WORDS: Final = {
    Keyword.STOP: "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT",
    Keyword.START: "START UNSTOP YES",
    Keyword.HELP: "HELP INFO",
}
_KEYWORDS: Final = {word: keyword for keyword, words in _WORDS.items() for word in words.split()}
_LONGEST: Final = 200


def keyword(text: str) -> Keyword | None:
    """The keyword that a message consists of, by its letters alone ("Opt out." is OPTOUT); None: it says more.

    The words that the FCC names for revoking consent (47 CFR 64.1200(a)(10)) are among those of STOP.
    """
    letters = (character for character in unicodedata.normalize("NFKC", text[:_LONGEST]) if character.isalpha())
    return _KEYWORDS.get("".join(letters).upper()) if len(text) <= _LONGEST else None
