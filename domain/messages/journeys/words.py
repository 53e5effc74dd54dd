"""What a journey's mail says: the account's templates, and the foot that the law asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.confirmations.words import links
from domain.errors import DomainError, Refusals, invalid
from domain.mail.compose import MAX_SUBJECT, one_line
from domain.mail.template import check_template, rendered

NAMES: Final = (
    "account_name",
    "first_name",
    "last_name",
    "name",
    "email",
    "topic",
    "unsubscribe",
    "preferences",
    "postal_address",
)
_LINK: Final = "https://example.com/u/the-link-of-this-mail"
_WHOLE_LINK: Final = re.compile(rf"{re.escape(_LINK)}(?![\w/-])")
_SAMPLE: Final = dict.fromkeys(NAMES, "") | {"account_name": "Example Ltd", "unsubscribe": _LINK}
_SAMPLE["preferences"] = "https://example.com/p/another-link-of-this-mail"
_FULL = _SAMPLE | {"first_name": "Anna", "last_name": "Example", "name": "Anna Example", "topic": "News"}
_FULL |= {"email": "anna@example.com", "postal_address": "1 Example Street"}
_OPTIONAL: Final = ("first_name", "last_name", "name", "topic", "postal_address")
_HTML_FOOT: Final = """
<p style="font-size: .9em; white-space: pre-line">{{ account_name }}
{{ postal_address }}</p>
"""


@dataclass(frozen=True, slots=True)
class Templates:
    """The mail of a journey, as an account wrote it."""

    subject: str
    text: str
    html: str


def check(templates: Templates) -> None:
    """Raise Refusals unless each is a template, the subject is never empty, and both parts hold the link to leave."""
    errors: list[DomainError] = []
    for name in ("subject", "text", "html"):
        try:
            _check_one(name, getattr(templates, name))
        except DomainError as error:
            error.field = ("message", name)
            errors.append(error)
    if errors:
        raise Refusals(errors)


def filled_in(templates: Templates, values: Mapping[str, str]) -> Templates:
    """The mail for one contact, with the account's name and postal address at its foot. Raises DomainError."""
    foot = f"\n\n-- \n{values['account_name']}\n{values['postal_address']}".rstrip() + "\n"
    text, html = rendered(templates.text, values, html=False), rendered(templates.html, values, html=True)
    if values["unsubscribe"] not in text or values["unsubscribe"] not in html:
        raise invalid("The mail would not hold the link to unsubscribe.")
    below = rendered(_HTML_FOOT, values, html=True)
    start, end, rest = html.rpartition("</body>")
    return Templates(
        one_line(rendered(templates.subject, values, html=False))[:MAX_SUBJECT],
        text.rstrip() + foot,
        f"{start}{below}{end}{rest}" if end else html + below,
    )


def _check_one(name: str, source: str) -> None:
    if not source.strip():
        raise invalid("This cannot be empty.", name)
    check_template(source, NAMES, (), name)
    for values in (_SAMPLE, _FULL, *(_FULL | {missing: ""} for missing in _OPTIONAL)):
        said = rendered(source, values, html=name == "html")
        if name == "subject" and not one_line(said):
            raise invalid("A subject needs words, also where no name is known.", name)
        if name == "text" and not _WHOLE_LINK.search(said):
            raise invalid("Show the link {{ unsubscribe }} in every case, with a space or a line's end after it.", name)
        if name == "html" and _LINK not in links(said):
            raise invalid('Show the link in every case: <a href="{{ unsubscribe }}">.', name)
