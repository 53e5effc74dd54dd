"""Sort a list's rows once, all together: what is new, what holds already, and what has to be looked at.

One statement over the whole list reads the account by whatever plan is best for its size; row by row it would cost
several times as much. What holds already is done with. What is new is tried without another look: whoever makes one
of its addresses meanwhile is noticed when it is made here.
"""

from collections.abc import Sequence
from uuid import UUID

from domain.imports.match_sql import sorting
from domain.imports.plan import ImportPlan
from domain.infra.db import Connection

_LITERAL = "SELECT quote_literal($1::text[]::text) || '::text[]', quote_literal($2::uuid[]::text) || '::uuid[]'"
_GROUP = "SELECT EXISTS (SELECT FROM contact_group WHERE account_id = $1 AND lower(name) = lower($2))"


async def sort_rows(
    connection: Connection, account_id: UUID, table: str, plan: ImportPlan, groups: Sequence[UUID]
) -> None:
    """Make the temporary table `sorted` (n, kind), gone with the transaction; kind is FRESH, SAME or LOOK."""
    literals = await connection.fetchrow(_LITERAL, list(plan.tags), list(groups))
    assert literals is not None
    # A group that a dry run would make holds nobody yet.
    made = plan.new_group is None or await connection.fetchval(_GROUP, account_id, plan.new_group)
    text = sorting(plan, table, [str(group) for group in groups], same=bool(made))
    for name, value in (("$1", f"'{account_id}'::uuid"), ("$2::text[]", literals[0]), ("$3::uuid[]", literals[1])):
        text = text.replace(name, value)
    await connection.execute(f"CREATE TEMPORARY TABLE sorted ON COMMIT DROP AS {text}")
