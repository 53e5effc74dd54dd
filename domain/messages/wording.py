"""What a template may say, and what it says to one contact."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.errors import DomainError, Refusals, invalid
from domain.mail.compose import MAX_SUBJECT, one_line
from domain.mail.template import check_template, rendered
from domain.messages.journeys import words
from domain.messages.journeys.words import NAMES, Templates

OF_ALL: Final = tuple(name for name in NAMES if name not in ("unsubscribe", "preferences"))
"""The names that every template knows; a marketing one knows the links, too."""


def check(templates: Templates, fields: Sequence[str], *, marketing: bool) -> None:
    """Raise Refusals unless each is a template; marketing: both parts hold the link to leave in every case."""
    if marketing:
        words.check(templates)
        return
    errors: list[DomainError] = []
    for name in ("subject", "text", "html"):
        try:
            _check_one(name, getattr(templates, name), fields)
        except DomainError as error:
            error.field = ("message", name)
            errors.append(error)
    if errors:
        raise Refusals(errors)


def said(templates: Templates, values: Mapping[str, str], *, marketing: bool) -> Templates:
    """The words for one contact. Raises DomainError when the template cannot be filled in."""
    if marketing:
        return words.filled_in(templates, values)
    return Templates(
        one_line(rendered(templates.subject, values, html=False))[:MAX_SUBJECT],
        rendered(templates.text, values, html=False),
        rendered(templates.html, values, html=True),
    )


def _check_one(name: str, source: str, fields: Sequence[str]) -> None:
    if not source.strip():
        raise invalid("This cannot be empty.", name)
    names = (*OF_ALL, *fields)
    check_template(source, names, (), name)
    empty = rendered(source, dict.fromkeys(names, ""), html=name == "html")
    if name == "subject" and not one_line(empty):
        raise invalid("A subject needs words, also where no value is known.", name)
