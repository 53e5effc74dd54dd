"""Look for the occasions of journeys that nobody tells."""

from datetime import UTC, datetime
from typing import Any

from domain.infra.log import logger
from domain.messages.journeys.watch import watch

log = logger(__name__)


async def watch_journeys(_ctx: dict[str, Any]) -> None:
    """Enter whoever opted in for the first time, and whose day it is."""
    entered = await watch(datetime.now(UTC))
    if entered:
        log.info("contacts entered journeys", contacts=entered)
