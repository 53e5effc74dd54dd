"""Every hour: delete the files that have expired."""

from typing import Any

from domain.files.sweep import sweep_files
from domain.infra.log import logger

log = logger(__name__)


async def files(_ctx: dict[str, Any]) -> None:
    """Delete expired uploads, results and reports."""
    if gone := await sweep_files():
        log.info("deleted files that had expired", files=gone)
