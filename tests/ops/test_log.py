"""What is logged, and what never is."""

import json
import subprocess
import sys
from typing import Any

_PROGRAM = """
import logging
from domain.infra import log
log.configure("INFO")
logger = log.logger("test")
with log.bound(request_id="r-1", operation="OptIn"):
    logger.info("done", account="019a9f4e-1c3d-7abc-8def-0123456789ab", count=3)
    logging.getLogger("library").warning("no mailbox ann@example.org, call %s", "+49 30 1234567")
    try:
        raise ValueError("ann@example.org")
    except ValueError:
        logger.exception("failed")
logging.getLogger("tortoise.db_client").debug("SELECT 'ann@example.org'")
"""


def _entries() -> list[dict[str, Any]]:
    run = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in run.stderr.splitlines()]


def test_entries_are_json_with_their_context() -> None:
    """Ours and the libraries' entries are one JSON object each, and carry the request's id."""
    entries = _entries()
    assert [entry["level"] for entry in entries] == ["info", "warning", "error"]
    assert {entry["request_id"] for entry in entries} == {"r-1"}
    assert entries[0]["account"] == "019a9f4e-1c3d-7abc-8def-0123456789ab"
    assert entries[0]["count"] == 3


def test_no_personal_data() -> None:
    """Addresses are left out wherever they stand, and an exception keeps its type and place without its message."""
    entries = _entries()
    assert entries[1]["event"] == "no mailbox [left out] call [left out]"
    assert entries[2]["exception"] == "builtins.ValueError"
    assert entries[2]["frames"]
    assert "ann@" not in json.dumps(entries)
