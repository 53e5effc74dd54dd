"""Send the mail that is due, and ring for what nobody sends."""

from datetime import UTC, datetime
from time import time
from typing import Any, Final
from uuid import UUID

from domain.confirmations import compose
from domain.infra import queue
from domain.infra.log import logger
from domain.mail.batches import lines
from domain.mail.deliver import Bounce, Compose, deliver
from domain.mail.group import Crowd
from domain.mail.outbox import MailKind, due
from domain.mail.sms.provider import provider
from domain.mail.stream import stream as send_batch
from domain.mail.transport import transport
from domain.messages import crowd, message
from domain.messages.journeys import compose as journeys
from domain.messages.pause import release_canceled

COMPOSE: Final[dict[MailKind, Compose]] = {
    MailKind.CONFIRMATION: compose.compose,
    MailKind.JOURNEY: journeys.compose,
    MailKind.MESSAGE: message.compose,
}
BOUNCE: Final[dict[MailKind, Bounce]] = {
    MailKind.CONFIRMATION: compose.bounced,
    MailKind.JOURNEY: journeys.bounced,
    MailKind.MESSAGE: message.bounced,
}
CROWD: Final = Crowd(crowd.compose_many, crowd.domains, message.bounced)
"""Batches are of broadcasts."""
_SLICE: Final = 10.0
"""Seconds of a batch before the bell is rung again and another job may have its turn."""
_PATIENCE: Final = 10
"""Seconds within which an account is rung for once."""

log = logger(__name__)
_at_it: Final[set[tuple[UUID, UUID]]] = set()


async def mail(ctx: dict[str, Any], account: str, _: str) -> None:
    """Send an account's mail until none is due."""
    sent = await deliver(UUID(account), COMPOSE, BOUNCE, ctx["stopping"])
    if sent:
        log.info("sent mail", account=account, mails=sent)


async def stream(ctx: dict[str, Any], account: str, batch: str) -> None:
    """Send a slice of a batch, unless this process is at it: it has no more connections than those."""
    key = UUID(account), UUID(batch)
    if key in _at_it:
        return
    _at_it.add(key)
    try:
        taken = await send_batch(*key, CROWD, ctx["stopping"], _SLICE)
    finally:
        _at_it.discard(key)
    if taken:
        log.info("sent mail of a batch", account=account, batch=batch, mails=taken)
        queue.ring(queue.STREAM, *key)


async def sweep_mail(_ctx: dict[str, Any]) -> None:
    """Ring for accounts with mail to send: after a pause, a lost bell, a killed worker."""
    await release_canceled()
    for account_id, batch_id in await lines(datetime.now(UTC)):
        queue.ring(queue.STREAM, account_id, batch_id, token=f"swept:{int(time() / _PATIENCE)}")
    for account_id in await due(datetime.now(UTC)):
        queue.ring(queue.MAIL, account_id, account_id, token=f"swept:{int(time() / _PATIENCE)}")


def check_mail() -> None:
    """Raise ValueError for the URL of a mail server or a provider that cannot be read: at the start, before any message
    is taken in hand.
    """
    transport()
    provider()


async def close_mail(_ctx: dict[str, Any]) -> None:
    """Take leave of the mail server, and of the provider of text messages."""
    await transport().close()
    await provider().close()
