"""On which channel a template goes, and what that asks of its words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError, Refusals, invalid
from domain.messages import texting, wording
from domain.messages.journeys.words import Templates
from domain.values import Channel


@dataclass(frozen=True, slots=True)
class Form:
    """A mail, or a text message with or without our words on how to leave below it."""

    channel: Channel = Channel.EMAIL
    opt_out_words: bool = False


MAIL: Final = Form()


def check_form(form: Form) -> None:
    """Raise DomainError INVALID for a channel that nothing is sent on, or words to leave under a mail."""
    if form.channel not in (Channel.EMAIL, Channel.SMS):
        raise invalid("Templates are for EMAIL and SMS; for CALL and POST, export the contacts.", "channel")
    if form.opt_out_words and form.channel is not Channel.SMS:
        raise invalid("These words are for text messages; a mail shows {{ unsubscribe }}.", "optOutWords")


def check_words(form: Form, words: Templates, fields: Sequence[str], *, marketing: bool) -> None:
    """Raise Refusals unless the words may be kept: a mail's three parts, or a text message's text alone."""
    if form.channel is not Channel.SMS:
        wording.check(words, fields, marketing=marketing)
        return
    errors = [
        invalid("A text message is text alone: leave this out.", "message", name)
        for name in ("subject", "html")
        if getattr(words, name)
    ]
    try:
        texting.check(words.text, fields, marketing=marketing, opt_out_words=form.opt_out_words)
    except DomainError as error:
        errors.append(error.under("message"))
    if errors:
        raise Refusals(errors)
