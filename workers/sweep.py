"""Every few seconds: ring for what nobody works on, and fold what was appended."""

from time import time
from typing import Any

from domain.bulk.stranded import stranded
from domain.contacts.counts import fold, unfolded
from domain.infra import queue
from domain.infra.log import logger

INTERVAL = 2
"""Seconds between two sweeps."""
_PATIENCE = 30
"""Seconds within which one silence is rung for once: a worker that is busy has heard it."""

log = logger(__name__)


async def sweep(_ctx: dict[str, Any]) -> None:
    """Ring for what is stranded; a lost Redis or a killed worker is mended by this alone."""
    found = await stranded()
    for one in found:
        queue.ring(queue.BULK, one.account_id, one.operation_id, token=f"{one.since}:{int(time() / _PATIENCE)}")
    if found:
        log.info("rang for what nobody works on", operations=len(found))


async def tidy(_ctx: dict[str, Any]) -> None:
    """Fold the counts of the accounts that have gathered many changes."""
    for account_id in await unfolded():
        await fold(account_id)
