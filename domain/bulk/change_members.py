"""Add a selection of contacts to a group, or take them out of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.bulk.start import Asked, Wish, start
from domain.bulk.values import BulkKind
from domain.bulk.whom import check_anyone, check_selection, whom
from domain.contacts.selection import Selection, to_json
from domain.errors import not_found
from domain.groups.queries import by_ids


async def add_to_group(actor: Actor, group_id: UUID, selection: Selection) -> Operation:
    """Put on record that the selection joins the group; who is in it already is unchanged.

    Raises DomainError: NOT_FOUND for the group, INVALID for a selection of nobody, and what the selection says.
    """
    return await _change(actor, group_id, selection, add=True)


async def remove_from_group(actor: Actor, group_id: UUID, selection: Selection) -> Operation:
    """Put on record that the selection leaves the group; who is not in it is unchanged. Raises as `add_to_group`."""
    return await _change(actor, group_id, selection, add=False)


async def _change(actor: Actor, group_id: UUID, selection: Selection, *, add: bool) -> Operation:
    change: dict[str, Any] = {"group": str(group_id), "add": add}

    async def check(_now: datetime) -> Asked:
        group = (await by_ids(actor, [group_id])).get(group_id)
        if group is None:
            raise not_found("group", "group")
        await check_selection(actor, selection)
        await check_anyone(actor, selection)
        words = f"Add to the group “{group.name}”" if add else f"Remove from the group “{group.name}”"
        return Asked(f"{words}: {await whom(actor, selection)}", change, to_json(selection))

    return await start(actor, Wish(BulkKind.CHANGE_GROUP, change | {"selection": to_json(selection)}), check)
