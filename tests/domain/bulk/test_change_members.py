"""Groups, filled and emptied by any selection."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.change_members import add_to_group, remove_from_group
from domain.bulk.claim import claim
from domain.bulk.run_part import run_part
from domain.bulk.values import BulkKind, OperationStatus
from domain.contacts.selection import Selection
from domain.errors import DomainError, ErrorCode
from domain.groups.create import create_group
from domain.infra.db import pool
from tests.domain.bulk.working import crowd, now, work_off

EVERYONE = Selection(everyone=True)


async def members(group_id: UUID) -> int:
    """How many contacts are in the group."""
    return int(await pool().fetchval("SELECT count(*) FROM group_member WHERE group_id = $1", group_id))


async def group(actor: Actor) -> UUID:
    """A new group."""
    return (await create_group(actor, "Berlin")).id


async def test_add_then_remove(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each contact is counted once; who is in already, or out already, is unchanged."""
    monkeypatch.setattr(write_down, "MAX_PART", 3)
    actor = await crowd(10)
    berlin = await group(actor)
    some = [row["id"] for row in await pool().fetch("SELECT id FROM contact LIMIT 4")]
    first = await add_to_group(actor, berlin, Selection(ids=some))
    assert (first.kind, first.summary) == (BulkKind.CHANGE_GROUP, "Add to the group “Berlin”: 4 chosen contacts")
    assert (await work_off(actor, first.id)).changed == 4
    done = await work_off(actor, (await add_to_group(actor, berlin, EVERYONE)).id)
    assert (done.status, done.total, done.changed, done.unchanged) == (OperationStatus.COMPLETED, 10, 6, 4)
    assert await members(berlin) == 10
    left = await work_off(actor, (await remove_from_group(actor, berlin, Selection(ids=some))).id)
    assert left.changed == 4
    again = await work_off(actor, (await remove_from_group(actor, berlin, Selection(group=berlin))).id)
    assert (again.changed, await members(berlin)) == (6, 0)


async def test_a_group_or_a_contact_that_is_gone(db: None) -> None:
    """Whoever is gone meanwhile is skipped NOT_FOUND, and so is everyone when the group is."""
    actor = await crowd(3)
    berlin = await group(actor)
    queued = await add_to_group(actor, berlin, EVERYONE)
    await claim(actor.account_id, queued.id)
    await write_down.write_down(actor.account_id, queued.id)
    await pool().execute("DELETE FROM contact WHERE id = (SELECT id FROM contact LIMIT 1)")
    await run_part(actor.account_id, queued.id)
    done = await now(actor, queued.id)
    assert (done.changed, done.outcomes) == (2, {ErrorCode.NOT_FOUND: 1})
    queued = await remove_from_group(actor, berlin, EVERYONE)
    await pool().execute("DELETE FROM contact_group")
    gone = await work_off(actor, queued.id)
    assert (gone.status, gone.outcomes) == (OperationStatus.COMPLETED, {ErrorCode.NOT_FOUND: 2})


async def test_what_cannot_be_done_is_refused_at_once(db: None) -> None:
    """An unknown group, another account's, or a selection of nobody."""
    actor, stranger = await crowd(1), await crowd(1)
    berlin = await group(actor)
    for asking, group_id, selection, code, field in [
        (actor, uuid7(), EVERYONE, ErrorCode.NOT_FOUND, ("group",)),
        (stranger, berlin, EVERYONE, ErrorCode.NOT_FOUND, ("group",)),
        (actor, berlin, Selection(group=berlin), ErrorCode.INVALID, ("selection",)),
        (actor, berlin, Selection(everyone=False), ErrorCode.INVALID, ("selection", "everyone")),
    ]:
        with pytest.raises(DomainError) as caught:
            await add_to_group(asking, group_id, selection)
        assert (caught.value.code, caught.value.field) == (code, field)
