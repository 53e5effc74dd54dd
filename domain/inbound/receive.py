"""Receive a provider's call: check that it is the provider's, then read it, then take it in."""

from collections.abc import Awaitable, Callable
from typing import Final

from domain.inbound.call import Call, Hook, Reading
from domain.inbound.hooks import received
from domain.inbound.providers import amazon_ses, dsn, generic_sms, mailgun, postmark, sendgrid, twilio
from domain.inbound.take import take
from domain.inbound.values import HookKind

_READERS: Final[dict[HookKind, Callable[[Hook, Call], Awaitable[Reading]]]] = {
    HookKind.TWILIO_SMS: twilio.read,
    HookKind.GENERIC_SMS: generic_sms.read,
    HookKind.AMAZON_SES: amazon_ses.read,
    HookKind.SENDGRID: sendgrid.read,
    HookKind.POSTMARK: postmark.read,
    HookKind.MAILGUN: mailgun.read,
    HookKind.DSN: dsn.read,
}


async def receive(hook: Hook, call: Call) -> Reading:
    """Apply a call. Raises Forged, Malformed, Unverifiable, each before anything was changed."""
    reading = await _READERS[hook.kind](hook, call)
    await take(hook, reading.incoming)
    await received(hook, reading.confirmation_url)
    return reading
