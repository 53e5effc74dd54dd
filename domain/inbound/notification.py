"""Delivery status notifications (RFC 3464, RFC 6533): what a mail server reports of a mail, read. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser, HeaderParser
from enum import StrEnum
from typing import Final

MOST: Final = 1_000
"""Recipients of one report."""
_PARTS: Final = 200
"""Parts of a report that are looked at."""
_READ: Final = 256 * 1024
"""Octets that are looked at: what is reported comes first, and the headers of the returned mail right behind it."""
_NESTED: Final = 20
"""More of these within one another are nobody's report, and would take long to read."""
_NEST: Final = re.compile(rb"(?:multipart|message)/", re.IGNORECASE)
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY: Final = re.compile(r"(?<!\d)([45]\d\d)(?=[ -])")
_ID: Final = re.compile(r"<[^<>\s]{3,250}>")
_BLANK: Final = re.compile(r"\r?\n[ \t]*\r?\n")
_FOR_GOOD: Final = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""No such mailbox, no such domain, a mailbox that is closed."""
_NO_MAILBOX: Final = frozenset({"550", "551", "553"})


class Fate(StrEnum):
    """What became of a mail to one recipient."""

    GONE = "GONE"
    """It failed, and so will any other: there is nobody."""
    LOST = "LOST"
    """It failed; another may arrive (a full mailbox, a refusal of what it said)."""
    LATE = "LATE"
    """It is still being tried."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One recipient of a report."""

    recipient: str
    fate: Fate
    words: str | None
    message_id: str | None
    """Of the mail that is reported on, with its angle brackets."""


def notices(raw: bytes) -> list[Notice]:
    """What a report says of each recipient whose mail failed or is late; nothing for any other mail.

    The original recipient comes before the final one: it is whom we wrote to, wherever that was forwarded.
    """
    head = raw[:_READ]
    if len(_NEST.findall(head)) > _NESTED:
        return []
    mail = BytesParser().parsebytes(head)
    parts = list(_parts(mail))
    blocks = [block for part in parts for block in _blocks(part)]
    if not blocks:
        return []
    message_id = _message_id(mail, parts, blocks)
    found = (_notice(block, message_id) for block in blocks[:MOST])
    return [notice for notice in found if notice]


def _parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number >= _PARTS:
            return
        yield part


def _blocks(part: Message) -> Sequence[Message]:
    """The groups of fields of a status part; those of the whole message first."""
    kind = part.get_content_type()
    payload = part.get_payload()
    if kind == "message/delivery-status" and isinstance(payload, list):
        return [block for block in payload if isinstance(block, Message)]
    if kind == "message/global-delivery-status":
        text = "\n".join(map(str, payload)) if isinstance(payload, list) else str(payload)
        return [HeaderParser().parsestr(block) for block in _BLANK.split(text)[: MOST + 1]]
    return []


def _notice(block: Message, message_id: str | None) -> Notice | None:
    recipient = _typed(block, "Original-Recipient") or _typed(block, "Final-Recipient")
    action = _field(block, "Action").partition(" ")[0].lower()
    if not recipient or action not in ("failed", "delayed"):
        return None
    words = _typed(block, "Diagnostic-Code")
    fate = Fate.LATE if action == "delayed" else _fate(_field(block, "Status"), words)
    return Notice(recipient.strip("<>"), fate, words or None, message_id)


def _fate(status: str, words: str) -> Fate:
    code = _enhanced(status)
    # "5.0.0" is what is said when nothing better is known: the remote server's own words may say more.
    if code in (None, "5.0.0"):
        code = _enhanced(words) or code
    if code in (None, "5.0.0"):
        reply = _REPLY.search(words)
        gone = reply[1] in _NO_MAILBOX if reply else code == "5.0.0"
        return Fate.GONE if gone else Fate.LOST
    return Fate.GONE if code in _FOR_GOOD else Fate.LOST


def _enhanced(text: str) -> str | None:
    found = _STATUS.search(text)
    return ".".join(str(int(part)) for part in found.groups()) if found else None


def _message_id(mail: Message, parts: Sequence[Message], blocks: Sequence[Message]) -> str | None:
    """Of the mail that is reported on: as the report names it, as the returned part has it, as it is answered to."""
    named = [_field(blocks[0], "Original-Message-ID"), _field(blocks[0], "X-Original-Message-ID")]
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
            named.append(_field(HeaderParser().parsestr(text.lstrip()), "Message-ID"))
        elif part is not mail and part.get_content_type() not in ("message/delivery-status", "message/rfc822"):
            named.append(_field(part, "Message-ID"))
    named += [_field(mail, "In-Reply-To"), _field(mail, "References")]
    return next((found[0] for text in named if (found := _ID.search(text))), None)


def _typed(block: Message, name: str) -> str:
    """A field of the form `type; value`, without its type."""
    text = _field(block, name)
    kind, semicolon, value = text.partition(";")
    return (value if semicolon else kind).strip()


def _field(block: Message, name: str) -> str:
    """A field on one line; empty when it is missing."""
    return " ".join(str(block.get(name) or "").split())
