"""Send what is due in an account: put together by what stands now, then handed over."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias
from uuid import UUID

from domain.infra.log import logger
from domain.infra.settings import settings
from domain.mail.compose import Mail, letter
from domain.mail.outbox import LEASE, Claimed, MailKind, MailStatus, claim, drop, hand_over, record
from domain.mail.results import Deferred, Refused, Result, Unknown
from domain.mail.sms.provider import provider
from domain.mail.sms.text import Text
from domain.mail.transport import Letter, transport

PATIENCE: Final = LEASE.total_seconds() - 60
"""Seconds after which a hand-over counts as hung: well before another worker may take the mail for left behind."""

Compose: TypeAlias = Callable[[UUID, UUID], Awaitable[Mail | Text | None]]
"""Puts a mail or a text message about a subject together: account, subject; None when it is no longer to be sent."""
Bounce: TypeAlias = Callable[[UUID, UUID, Refused], Awaitable[None]]
"""Is told that a server refused a mail for good: account, subject, how."""

log = logger(__name__)


async def deliver(
    account_id: UUID, compose: Mapping[MailKind, Compose], bounce: Mapping[MailKind, Bounce], stopping: asyncio.Event
) -> int:
    """Send mails of an account until none is due or the worker is to end; answers how many were handed over."""
    sent = 0
    while not stopping.is_set():
        claimed = await claim(account_id, datetime.now(UTC), settings().smtp_connections)
        if not claimed:
            break
        ends = await asyncio.gather(*(_send(mail, compose, bounce) for mail in claimed))
        sent += ends.count(MailStatus.SENT)
    return sent


async def _send(
    mail: Claimed, compose: Mapping[MailKind, Compose], bounce: Mapping[MailKind, Bounce]
) -> MailStatus | None:
    try:
        said = await compose[mail.kind](mail.account_id, mail.subject_id)
        ready = letter(said, mail.id, mail.created_at) if isinstance(said, Mail) else said
    except Exception:  # whatever it is, the other mails go
        log.exception("a mail could not be put together", mail=str(mail.id))
        return await record(mail, Deferred(), datetime.now(UTC))
    if ready is None:
        await drop(mail, datetime.now(UTC))
        return MailStatus.DROPPED
    if not await hand_over(mail, datetime.now(UTC)):
        return None
    result = await handed_over(ready)
    if isinstance(result, Refused):
        await bounce[mail.kind](mail.account_id, mail.subject_id, result)
    return await record(mail, result, datetime.now(UTC))


async def handed_over(ready: Letter | Text) -> Result:
    """Hand a mail or a text message over; one that hangs is Unknown after PATIENCE."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await (provider().send(ready) if isinstance(ready, Text) else transport().send(ready))
    except TimeoutError:
        return Unknown()
