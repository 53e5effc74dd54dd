"""Work sign-ups off, and ring for those that nobody works on."""

from datetime import UTC, datetime
from time import time
from typing import Any, Final
from uuid import UUID

from domain.infra import queue
from domain.infra.log import logger
from domain.signups.work_off import due, work_off

_PATIENCE: Final = 10
"""Seconds within which an account is rung for once."""

log = logger(__name__)


async def signup(ctx: dict[str, Any], account: str, _: str) -> None:
    """Work an account's sign-ups off."""
    done = await work_off(UUID(account), ctx["stopping"])
    if done:
        log.info("worked sign-ups off", account=account, signups=done)


async def sweep_signups(_ctx: dict[str, Any]) -> None:
    """Ring for accounts whose sign-ups wait: after a pause, a lost bell, a killed worker."""
    for account_id in await due(datetime.now(UTC)):
        queue.ring(queue.SIGNUP, account_id, account_id, token=f"swept:{int(time() / _PATIENCE)}")
