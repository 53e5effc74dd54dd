"""What a message would say to one contact, or to somebody made up: nothing is written, and its links do nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.contacts.queries import Lookup, find
from domain.errors import DomainError, ErrorCode, Refusals, invalid, not_found
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.mail.compose import MAX_SUBJECT, one_line
from domain.mail.template import check_template, rendered
from domain.messages import texting, wording
from domain.messages.forms import MAIL, Form, check_form, check_words
from domain.messages.journeys.words import NAMES, Templates
from domain.messages.templates import check_fields, field_value, template
from domain.messages.wording import OF_ALL
from domain.values import Channel

_MADE_UP: Final = {"first_name": "Anna", "last_name": "Example", "name": "Anna Example", "email": "anna@example.com"}
_ACCOUNT: Final = "SELECT name, postal_address, language FROM account WHERE account_id = $1"
_TOPIC: Final = "SELECT name FROM topic WHERE account_id = $1 AND id = $2"


@dataclass(frozen=True, slots=True)
class Draft:
    """A template, kept or not yet."""

    words: Templates
    marketing: bool = True
    fields: Sequence[str] = ()
    form: Form = MAIL


@dataclass(frozen=True, slots=True)
class To:
    """For whom, None: somebody made up; about which topic; with which texts for the template's own fields."""

    contact: Lookup | None = None
    topic_id: UUID | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What it would say; a part that cannot be filled in is None. With problems, the foot is left out."""

    subject: str | None
    text: str | None
    html: str | None
    problems: Sequence[DomainError]


async def kept_or(actor: Actor, what: UUID | Draft) -> Draft:
    """The kept template as a draft. Raises DomainError NOT_FOUND; INVALID for a draft that is no template's."""
    if isinstance(what, Draft):
        check_form(what.form)
        check_fields(what.fields, marketing=what.marketing)
        return what
    kept = await template(actor, what, "template")
    return Draft(kept.words, kept.marketing, kept.fields, kept.form)


async def preview_template(actor: Actor, what: UUID | Draft, to: To) -> Preview:
    """Put a message together, or say what is wrong with its template.

    Raises DomainError: NOT_FOUND (template, contact, topic), INVALID for data that is not texts for its fields.
    """
    draft = await kept_or(actor, what)
    values, language = await _facts(actor, draft, to)
    problems = _problems(draft)
    if not problems:
        try:
            said = filled_in(draft, values, language)
        except DomainError as error:
            problems = [error.under("message")]
        else:
            return _said(draft, said, _missing(draft, values))
    names = _names(draft)
    subject = _part(draft.words.subject, names, values, html=False)
    return Preview(
        None if subject is None else one_line(subject)[:MAX_SUBJECT],
        _part(draft.words.text, names, values, html=False),
        _part(draft.words.html, names, values, html=True),
        problems,
    )


async def said_to(actor: Actor, what: UUID | Draft, to: To) -> tuple[Draft, Templates, str]:
    """A message as it would be, and the account's name. Raises as `preview_template`, and Refusals for its problems."""
    draft = await kept_or(actor, what)
    values, language = await _facts(actor, draft, to)
    if problems := _problems(draft):
        raise Refusals(problems)
    return draft, filled_in(draft, values, language), values["account_name"]


def filled_in(draft: Draft, values: Mapping[str, str], language: str) -> Templates:
    """The words, with all that is put below them. Raises DomainError when they cannot be filled in."""
    if draft.form.channel is Channel.SMS:
        below = language if draft.form.opt_out_words else None
        return Templates("", texting.said(draft.words.text, values, below), "")
    return wording.said(draft.words, values, marketing=draft.marketing)


def _said(draft: Draft, said: Templates, problems: Sequence[DomainError]) -> Preview:
    mail = draft.form.channel is Channel.EMAIL
    return Preview(said.subject if mail else None, said.text, said.html if mail else None, problems)


def _problems(draft: Draft) -> list[DomainError]:
    try:
        check_words(draft.form, draft.words, draft.fields, marketing=draft.marketing)
    except Refusals as refusals:
        return refusals.errors
    return []


def _missing(draft: Draft, values: Mapping[str, str]) -> list[DomainError]:
    if not draft.marketing or draft.form.channel is not Channel.EMAIL or values["postal_address"]:
        return []
    message = "The account has no postal address, which the law asks for at the foot (CAN-SPAM): updateAccount."
    return [DomainError(ErrorCode.REQUIRED, message, "postalAddress")]


def _names(draft: Draft) -> Sequence[str]:
    return (*(NAMES if draft.marketing else OF_ALL), *draft.fields)


def _part(source: str, names: Sequence[str], values: Mapping[str, str], *, html: bool) -> str | None:
    """A part alone; None unless it is a template that is safe to run."""
    try:
        check_template(source, names, ())
        return rendered(source, values, html=html)
    except DomainError:
        return None


async def _facts(actor: Actor, draft: Draft, to: To) -> tuple[dict[str, str], str]:
    account = await pool().fetchrow(_ACCOUNT, actor.account_id)
    assert account is not None
    topic = "" if to.topic_id is None else await pool().fetchval(_TOPIC, actor.account_id, to.topic_id)
    if topic is None:
        raise not_found("topic", "topic")
    values = _data(draft, to.data) | {
        "account_name": account["name"],
        "postal_address": account["postal_address"] or "",
    }
    values |= await _somebody(actor, to.contact) | {"topic": topic}
    # No page knows these: whoever opens one is told so, and nothing happens.
    links = {name: f"{settings().base_url}/{path}/test" for name, path in (("unsubscribe", "u"), ("preferences", "p"))}
    if draft.form.channel is Channel.SMS:
        values["email"] = ""
    return values | links, str(account["language"])


async def _somebody(actor: Actor, lookup: Lookup | None) -> dict[str, str]:
    if lookup is None:
        return dict(_MADE_UP)
    contact = await find(actor, lookup)
    if contact is None:
        raise not_found("contact", "contact")
    found: Mapping[str, Any] = {name: getattr(contact, name) for name in _MADE_UP}
    return {name: value or "" for name, value in found.items()}


def _data(draft: Draft, data: Mapping[str, object]) -> dict[str, str]:
    """What the template's own fields say; those that are not given show their name."""
    found = {name: f"[{name}]" for name in draft.fields}
    for name, value in data.items():
        if name not in found:
            raise invalid(f"The template's fields are: {', '.join(draft.fields) or 'none'}.", "data", name)
        found[name] = field_value(name, value)
    return found
