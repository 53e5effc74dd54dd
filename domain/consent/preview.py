"""What the door would do, counted with its own statement's decisions; nothing is locked and nothing changes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.consent.change import Context, Outcome, Targets, parameters
from domain.consent.door_sql import PREVIEW
from domain.consent.rules import Request
from domain.errors import ErrorCode
from domain.infra.db import pool
from domain.values import Channel

_OWN = 18
"""So many parameters of the door's come before the query's."""


@dataclass(frozen=True, slots=True)
class Query:
    """A statement that selects contact ids in one column; `$1` in it is the account, and the first parameter."""

    text: str
    parameters: Sequence[Any]


async def preview(
    request: Request, contacts: Query, channels: Sequence[Channel], slots: Sequence[int] | None, context: Context
) -> Outcome:
    """What `change` would answer for these contacts, if it saw them all at once; the refusals are only counted."""
    given = parameters(request, Targets([], channels, slots), context)[:_OWN]
    given[1] = None
    text = re.sub(r"\$(\d+)", lambda found: _shifted(int(found[1])), contacts.text)
    async with pool().acquire() as connection:
        # Prepared for this one run, so that it is planned for its own values.
        statement = await connection.prepare(PREVIEW.replace("{contacts}", text))
        row = await statement.fetchrow(*given, *contacts.parameters[1:])
    assert row is not None
    skipped = {ErrorCode(code): n for code, n in zip(row["skipped_codes"], row["skipped_counts"], strict=True)}
    return Outcome(row["found"], row["changed"], row["unchanged"], skipped, [])


def _shifted(parameter: int) -> str:
    return "$1" if parameter == 1 else f"${parameter + _OWN - 1}"
