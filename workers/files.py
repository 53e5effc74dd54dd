"""Every hour: delete the files that have expired, what ended imports left, which calls were taken in, and old mail."""

from typing import Any

from domain.files.sweep import sweep_files
from domain.imports.staging import sweep_staging
from domain.inbound.sweep import sweep_seen
from domain.infra.log import logger
from domain.messages.sweep import sweep_ended

log = logger(__name__)


async def files(_ctx: dict[str, Any]) -> None:
    """Delete expired uploads, results and reports."""
    if gone := await sweep_files():
        log.info("deleted files that had expired", files=gone)
    if left := await sweep_staging():
        log.info("dropped what ended imports had left", tables=left)
    if forgotten := await sweep_seen():
        log.info("forgot calls that nobody makes again", calls=forgotten)
    if ended := await sweep_ended():
        log.info("forgot mails that ended long ago", mails=ended)
