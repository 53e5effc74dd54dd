"""Tokens: what a recipient's link carries. Signed, for one purpose, about one address; no login, nothing readable.

A token is binary, in base64url: key id (1 byte), purpose and which optional parts follow (1), account (16), subject
(16), the moment of issue in microseconds (8, optional), topic (16, optional), and the first 128 bits of HMAC-SHA256
over all of that. An unsubscribe link's is 67 characters, short enough for a line of plain text.

Keys are derived from `ASSENT_SECRET`, and from the secrets in `ASSENT_SECRETS_OLD`, which sign nothing any more.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID

from domain.errors import DomainError, ErrorCode
from domain.infra.settings import settings


class Purpose(StrEnum):
    """What a token is good for; one for something else is as good as forged."""

    UNSUBSCRIBE = "UNSUBSCRIBE"
    PREFERENCES = "PREFERENCES"
    CONFIRM = "CONFIRM"
    UNDO = "UNDO"
    """The recipient's "I did not mean to"."""
    FORM = "FORM"
    """Hidden in a page's form: who posts it has seen the page."""
    SIGNUP = "SIGNUP"
    """A sign-up form's address."""


_CODES: Final = {purpose: code for code, purpose in enumerate(Purpose, 1)}
_PURPOSES: Final = {code: purpose for purpose, code in _CODES.items()}
GOOD_FOR: Final = {
    Purpose.CONFIRM: timedelta(days=7),
    Purpose.UNDO: timedelta(days=1),
    Purpose.FORM: timedelta(hours=12),
}
"""How long after its issue a token is good. Those that are not named never expire: whoever has a mail can leave."""

_MAC: Final = 16
_TIMED, _ABOUT_TOPIC = 0x80, 0x40
_CODE: Final = 0x3F
_SHORTEST: Final = 2 + 32 + _MAC
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says. `subject_id` is an address, for most purposes."""

    purpose: Purpose
    account_id: UUID
    subject_id: UUID
    topic_id: UUID | None = None
    issued_at: datetime | None = None


class Expired(DomainError):  # noqa: N818 - a state of a token, said as a refusal
    """A token that was good once: genuine, and too old."""

    def __init__(self, token: Token) -> None:
        super().__init__(ErrorCode.INVALID, "This link has expired.", "token")
        self.token = token


def issue(
    purpose: Purpose, account_id: UUID, subject_id: UUID, *, topic_id: UUID | None = None, at: datetime | None = None
) -> str:
    """A token; the same one each time, but for purposes that expire, which carry `at` (now when left out)."""
    if at is None and purpose in GOOD_FOR:
        at = datetime.now(UTC)
    flags = (_TIMED if at else 0) | (_ABOUT_TOPIC if topic_id else 0)
    key_id, key = _keys()[0]
    body = bytes([key_id, flags | _CODES[purpose]]) + account_id.bytes + subject_id.bytes
    body += (((at - _EPOCH) // _MICROSECOND).to_bytes(8) if at else b"") + (topic_id.bytes if topic_id else b"")
    return urlsafe_b64encode(body + _mac(key, body)).decode().rstrip("=")


def read(purpose: Purpose, text: str) -> Token:
    """What a token says. Raises DomainError INVALID when it is forged, cut or for another purpose; Expired."""
    raw = _decoded(text)
    body, mac = raw[:-_MAC], raw[-_MAC:]
    genuine = [key for key_id, key in _keys() if key_id == body[0] and hmac.compare_digest(_mac(key, body), mac)]
    if not genuine:
        raise _bad()
    token = _parsed(body)
    if token.purpose is not purpose:
        raise _bad()
    good_for = GOOD_FOR.get(purpose)
    if good_for and (token.issued_at is None or token.issued_at + good_for < datetime.now(UTC)):
        raise Expired(token)
    return token


def _bad() -> DomainError:
    return DomainError(ErrorCode.INVALID, "This link is not valid. It may have been cut off.", "token")


def _decoded(text: str) -> bytes:
    # One spelling for one token: no padding, no other alphabet, no bits beyond the end.
    if not text.isascii() or len(text) > _LONGEST:
        raise _bad()
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise _bad() from None
    if len(raw) < _SHORTEST or urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise _bad()
    return raw


def _parsed(body: bytes) -> Token:
    flags, rest = body[1], body[34:]
    at = _EPOCH + int.from_bytes(rest[:8]) * _MICROSECOND if flags & _TIMED else None
    topic = UUID(bytes=rest[-16:]) if flags & _ABOUT_TOPIC else None
    return Token(_PURPOSES[flags & _CODE], UUID(bytes=body[2:18]), UUID(bytes=body[18:34]), topic, at)


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:_MAC]


def _keys() -> Sequence[tuple[int, bytes]]:
    """Key ids and keys, the one that signs first."""
    given = settings()
    assert given.secret is not None, "ASSENT_SECRET is required; `assent dev` makes one"
    return _derived((given.secret.get_secret_value(), *given.old_secrets))


@lru_cache(maxsize=8)
def _derived(secrets: tuple[str, ...]) -> tuple[tuple[int, bytes], ...]:
    keys = [hmac.digest(secret.encode(), b"assent: a recipient's link", "sha256") for secret in secrets]
    return tuple((sha256(key).digest()[0], key) for key in keys)
