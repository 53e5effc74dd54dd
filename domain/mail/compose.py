"""A mail as it travels: headers that nobody can add to, text and HTML, in the shape of RFC 5322 and MIME."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final
from uuid import UUID

from domain.infra.settings import settings
from domain.mail.transport import Letter

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
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


def letter(mail: Mail, mail_id: UUID, at: datetime) -> Letter:
    """The mail in its envelope: for the same mail, id and time the same bytes, so that a repeat can be recognised."""
    sender = parseaddr(settings().sender)[1]
    recipient = _ascii_domain(mail.recipient)
    message = EmailMessage(policy=SMTP if (sender + recipient).isascii() else SMTPUTF8)
    message["From"] = Address(one_line(mail.name)[:MAX_SUBJECT], addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = one_line(mail.subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail_id.hex}@{sender.rpartition('@')[2]}>"
    # RFC 3834: written by a program, so no out-of-office answers.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    for name, value in mail.headers:
        message[name] = one_line(value)
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = mail.language
    message.set_boundary(f"assent-{mail_id.hex}")
    return Letter(sender, recipient, message.as_bytes())


def one_line(text: str) -> str:
    """Text on one line, each run of control characters and line ends a space: what a header may hold."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _ascii_domain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    from idna import encode  # noqa: PLC0415 - heavy, and rarely needed

    return f"{local}@{encode(domain, uts46=True).decode()}"
