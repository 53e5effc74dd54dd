"""What a confirmation mail says: the account's own words, or ours in the recipient's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from domain.errors import DomainError, Refusals, invalid
from domain.mail.compose import MAX_SUBJECT, one_line
from domain.mail.template import check_template, rendered
from domain.recipients.words import translations

NAMES: Final = ("account_name", "link", "first_name", "postal_address", "days")
LISTS: Final = ("topics",)


@dataclass(frozen=True, slots=True)
class Templates:
    """A confirmation mail that an account wrote."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a confirmation mail says."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What there is to be said. Empty where it is not known."""

    account_name: str
    link: str
    first_name: str = ""
    postal_address: str = ""
    topics: Sequence[str] = ()
    days: int = 7

    def values(self) -> dict[str, object]:
        """By the names that templates have for them."""
        return {name: getattr(self, name) for name in (*NAMES, *LISTS)}


def check(templates: Templates) -> None:
    """Raise Refusals unless the templates may be kept: each is one, and text and HTML hold the link, whatever else.

    Tried with every combination of what may be missing.
    """
    errors: list[DomainError] = []
    for name in ("subject", "text", "html"):
        try:
            _check_one(name, getattr(templates, name))
        except DomainError as error:
            errors.append(error if error.field else error.under(name))
    if errors:
        raise Refusals(errors)


def filled_in(templates: Templates, facts: Facts) -> Words:
    """The mail in the account's words. Raises DomainError when they cannot be filled in, or hold no link."""
    values = facts.values()
    words = Words(
        one_line(rendered(templates.subject, values, html=False))[:MAX_SUBJECT],
        rendered(templates.text, values, html=False),
        rendered(templates.html, values, html=True),
    )
    if facts.link not in words.text or facts.link not in links(words.html):
        raise invalid("The mail would not hold the link.")
    return words


def ours(facts: Facts, language: str) -> Words:
    """The mail in our words."""
    _ = translations(language).gettext
    name = {"name": facts.account_name, "days": facts.days}
    lines = [
        _("Please confirm that you would like to hear from %(name)s.") % name,
        f"{_('It is about:')} {', '.join(facts.topics)}" if facts.topics else "",
        _("Open this page and press the button there:"),
        facts.link,
        _("The link is good for %(days)s days.") % name,
        _("If you did not ask for this, do nothing: you will hear no more of it."),
    ]
    greeting = _("Hello %(name)s,") % {"name": facts.first_name} if facts.first_name else _("Hello,")
    paragraphs = [greeting, *(line for line in lines if line)]
    text = "\n\n".join([*paragraphs, f"-- \n{facts.account_name}\n{facts.postal_address}".rstrip()]) + "\n"
    values = facts.values() | {
        "lang": language,
        "above": paragraphs[: paragraphs.index(facts.link)],
        "below": paragraphs[paragraphs.index(facts.link) + 1 :],
        "press": _("Confirm"),
    }
    return Words(_("Please confirm: %(name)s") % name, text, rendered(_HTML, values, html=True))


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def links(html: str) -> list[str]:
    """Where the links of a page lead."""
    parser = _Links()
    parser.feed(html)
    return parser.found


def _check_one(name: str, source: str) -> None:
    if not source.strip():
        raise invalid("This cannot be empty.", name)
    check_template(source, NAMES, LISTS, name)
    link = "https://example.com/c/the-link-of-this-mail"
    for first_name in ("", "Anna"):
        for postal in ("", "1 Example Street"):
            for topics in ((), ("News", "Offers")):
                facts = Facts("Example Ltd", link, first_name, postal, topics)
                _check_said(name, rendered(source, facts.values(), html=name == "html"), link)


def _check_said(name: str, said: str, link: str) -> None:
    if name == "subject" and not one_line(said):
        raise invalid("A subject needs words, also where no first name is known.", name)
    if name == "text" and link not in said:
        raise invalid("The text must hold the confirmation link, {{ link }}, in every case.", name)
    if name == "html" and link not in links(said):
        raise invalid('The HTML must hold the confirmation link in every case: <a href="{{ link }}">.', name)


_HTML: Final = """\
<!doctype html>
<html lang="{{ lang }}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{ account_name }}</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 36em; margin: 0 auto; padding: 1em">
{% for line in above %}<p>{{ line }}</p>
{% endfor %}<p><a href="{{ link }}" style="display: inline-block; padding: .6em 1.4em; border-radius: .4em; \
background: #0b5cad; color: #ffffff; font-weight: bold; text-decoration: none">{{ press }}</a></p>
<p style="font-size: .9em; overflow-wrap: anywhere">{{ link }}</p>
{% for line in below %}<p>{{ line }}</p>
{% endfor %}<hr>
<p style="font-size: .9em; white-space: pre-line">{{ account_name }}
{{ postal_address }}</p>
</body>
</html>
"""
