"""What each provider's calls are checked with, as an operator copies it from there."""

import re
from typing import Final

from domain.errors import DomainError, ErrorCode, invalid
from domain.inbound.providers import amazon_ses, sendgrid
from domain.inbound.values import HookKind

MAX: Final = 1_000
WANTED: Final = {
    HookKind.TWILIO_SMS: "the account's auth token",
    HookKind.AMAZON_SES: "the ARN of the SNS topic",
    HookKind.SENDGRID: "the verification key of the signed event webhook",
    HookKind.MAILGUN: "the HTTP webhook signing key",
}
KEYED: Final = frozenset({HookKind.GENERIC_SMS, HookKind.DSN})
"""These are signed with a key that we make."""
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]+")


def checked(kind: HookKind, secret: str | None) -> str | None:
    """A secret for this kind. Raises DomainError: REQUIRED, INVALID, TOO_LARGE.

    A generic hook takes none, since it gets one of ours; Postmark's is a name and password, joined by a colon.
    """
    secret = (secret or "").strip() or None
    if kind in KEYED:
        if secret:
            raise invalid("Leave this out: the answer holds a key that was made for this hook.", "secret")
        return None
    if secret is None:
        if kind in WANTED:
            raise DomainError(ErrorCode.REQUIRED, f"This provider needs {WANTED[kind]}.", "secret")
        return None
    if len(secret) > MAX:
        raise DomainError(ErrorCode.TOO_LARGE, f"At most {MAX} characters.", "secret")
    if not _PRINTABLE.fullmatch(secret):
        raise invalid("Letters, digits and ASCII signs alone, without spaces.", "secret")
    return _of_kind(kind, secret)


def _of_kind(kind: HookKind, secret: str) -> str:
    if kind is HookKind.AMAZON_SES:
        amazon_ses.region(secret)
    elif kind is HookKind.SENDGRID:
        sendgrid.public_key(secret)
    elif kind is HookKind.POSTMARK and not all(secret.partition(":")):
        raise invalid("A name and a password, joined by a colon.", "secret")
    return secret
