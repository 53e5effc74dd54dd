"""A mail as it travels: headers that nobody can add to, text and HTML, in the shape of RFC 5322 and MIME."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from math import inf
from typing import Final
from uuid import UUID

from domain.infra.settings import settings
from domain.mail.mime import header, written
from domain.mail.transport import Letter

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BARE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255}")
MAX_SUBJECT: Final = 200


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says, and to whom. `name` is the sender's, as recipients see it."""

    recipient: str
    name: str
    subject: str
    text: str
    html: str
    language: str = "en"
    headers: tuple[tuple[str, str], ...] = ()
    """Further ones, such as List-Unsubscribe; of our own making."""


def letter(mail: Mail, mail_id: UUID, at: datetime, fresh_until: float = inf) -> Letter:
    """The mail in its envelope: for the same mail, id and time the same bytes, so that a repeat can be recognised."""
    sender = _bare(settings().sender)
    recipient = _ascii_domain(mail.recipient)
    boundary = f"assent-{mail_id.hex}"
    headers = [
        ("Subject", one_line(mail.subject)[:MAX_SUBJECT]),
        ("Date", format_datetime(at)),
        ("Message-ID", f"<{mail_id.hex}@{sender.rpartition('@')[2]}>"),
        # RFC 3834: written by a program, so no out-of-office answers.
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", mail.language),
        *((name, one_line(value)) for name, value in mail.headers),
    ]
    ascii_alone = (sender + recipient).isascii()
    addresses = _address("From", sender, one_line(mail.name)[:MAX_SUBJECT], utf8=not ascii_alone)
    addresses += header("To", recipient).encode() if _BARE.fullmatch(recipient) else _address("To", recipient)
    return Letter(sender, recipient, addresses + written(headers, mail.text, mail.html, boundary), fresh_until)


def one_line(text: str) -> str:
    """Text on one line, each run of control characters and line ends a space: what a header may hold."""
    return " ".join(_CONTROL.sub(" ", text).split())


@lru_cache
def _bare(sender: str) -> str:
    return parseaddr(sender)[1]


@lru_cache(maxsize=1_024)
def _address(name: str, address: str, of: str = "", *, utf8: bool = True) -> bytes:
    """A header of one address, as the library writes it: quoted, encoded, folded."""
    policy = SMTPUTF8 if utf8 else SMTP
    local, _, domain = address.rpartition("@")
    return policy.fold_binary(name, policy.header_factory(name, Address(of, local, domain)))


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    from idna import encode  # noqa: PLC0415 - heavy, and rarely needed

    return f"{local}@{encode(domain, uts46=True).decode()}"
