"""Send the mail that is due, and ring for what nobody sends."""

from datetime import UTC, datetime
from time import time
from typing import Any, Final
from uuid import UUID

from domain.confirmations import compose
from domain.infra import queue
from domain.infra.log import logger
from domain.mail.deliver import Bounce, Compose, deliver
from domain.mail.outbox import MailKind, due
from domain.mail.sms.provider import provider
from domain.mail.transport import transport
from domain.messages import message
from domain.messages.journeys import compose as journeys

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
_PATIENCE: Final = 10
"""Seconds within which an account is rung for once."""

log = logger(__name__)


async def mail(ctx: dict[str, Any], account: str, _: str) -> None:
    """Send an account's mail until none is due."""
    sent = await deliver(UUID(account), COMPOSE, BOUNCE, ctx["stopping"])
    if sent:
        log.info("sent mail", account=account, mails=sent)


async def sweep_mail(_ctx: dict[str, Any]) -> None:
    """Ring for accounts with mail to send: after a pause, a lost bell, a killed worker."""
    for account_id in await due(datetime.now(UTC)):
        queue.ring(queue.MAIL, account_id, account_id, token=f"swept:{int(time() / _PATIENCE)}")


async def close_mail(_ctx: dict[str, Any]) -> None:
    """Take leave of the mail server, and of the provider of text messages."""
    await transport().close()
    await provider().close()
