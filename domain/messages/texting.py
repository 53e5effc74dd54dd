"""What a text message may say, and what it says to one contact."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.mail.sms.text import MOST
from domain.mail.template import check_template, rendered
from domain.messages.journeys.words import NAMES
from domain.recipients.words import translations

_LINK: Final = "https://example.com/u/the-link-of-this-message"
_ANOTHER: Final = "https://example.com/p/another-link-of-this-message"
LEAVING: Final = ("unsubscribe", "preferences")


def check(source: str, fields: Sequence[str], *, marketing: bool, opt_out_words: bool) -> None:
    """Raise DomainError at `text` unless it is a template of a text message that may be kept: INVALID, TOO_LARGE.

    Marketing tells how to leave in every case: by the link, or by our words below it.
    """
    if not source.strip():
        raise invalid("This cannot be empty.", "text")
    names = (*(name for name in NAMES if marketing or name not in LEAVING), *fields)
    check_template(source, names, (), "text")
    links = {"unsubscribe": _LINK, "preferences": _ANOTHER}
    for sample in ("", "Anna"):
        said = rendered(source, dict.fromkeys(names, sample) | links, html=False)
        if not said.strip():
            raise invalid("It needs words, also where no value is known.", "text")
        if len(said) > MOST:
            raise DomainError(ErrorCode.TOO_LARGE, f"At most {MOST:,} characters.", "text")
        if marketing and not opt_out_words and _LINK not in said:
            raise invalid("Show the link {{ unsubscribe }} in every case, or set optOutWords.", "text")


def said(source: str, values: Mapping[str, str], language: str | None) -> str:
    """The words for one contact; a language: that of our words on how to leave. Raises DomainError."""
    text = rendered(source, values, html=False).strip()
    return text if language is None else f"{text}\n{leave_words(language)}"


def leave_words(language: str) -> str:
    """How to leave, by an answer: STOP is the keyword in every language (see domain/inbound/rules.py)."""
    _ = translations(language).gettext
    return _("Reply STOP to opt out.")
