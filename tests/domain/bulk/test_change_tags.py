"""Tags, put on and taken off any selection."""

from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk import write_down
from domain.bulk.change_tags import TagChange, bulk_change_tags
from domain.bulk.operation import Operation
from domain.bulk.values import BulkKind, OperationStatus
from domain.consent.opt_out import opt_out
from domain.contacts import change_tags
from domain.contacts.queries import by_ids, tags
from domain.contacts.selection import Selection
from domain.contacts.update import ContactChanges, update_contact
from domain.errors import ErrorCode
from domain.infra.db import pool
from domain.ledger.events import history
from domain.values import ConsentAction, OptOutPolicy
from tests.domain.bulk.working import work_off
from tests.domain.contacts.people import account, counts_are_exact, person, refused

EVERYONE = Selection(everyone=True)


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account."""
    return await account()


async def done(actor: Actor, *add: str, remove: tuple[str, ...] = (), selection: Selection = EVERYONE) -> Operation:
    """A change of tags, worked off."""
    return await work_off(actor, (await bulk_change_tags(actor, TagChange(selection, add, remove))).id)


async def version(actor: Actor, contact_id: UUID) -> int:
    """The contact's version."""
    return (await by_ids(actor, [contact_id]))[contact_id].version


async def test_tags_are_added_and_removed(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the one and lacks the other already is unchanged; the version and the ledger move with what differs."""
    monkeypatch.setattr(write_down, "MAX_PART", 2)
    both, one, none = [await person(actor, tags=given) for given in (["new", "vip"], ["old"], ["vip"])]
    queued = await bulk_change_tags(actor, TagChange(EVERYONE, [" vip ", "new"], ["old"]))
    assert (queued.kind, queued.summary) == (
        BulkKind.CHANGE_TAGS,
        "Add the tags “vip”, “new”, remove the tag “old”: everyone",
    )
    ended = await work_off(actor, queued.id)
    assert (ended.status, ended.total, ended.changed, ended.unchanged) == (OperationStatus.COMPLETED, 3, 2, 1)
    assert await tags(actor, [both, one, none]) == {id_: ["new", "vip"] for id_ in (both, one, none)}
    assert [await version(actor, id_) for id_ in (both, one, none)] == [1, 2, 2]
    newest = (await history(actor, one, 1))[0]
    assert (newest.action, newest.operation_id) == (ConsentAction.CONTACT_UPDATED, ended.id)
    assert (await done(actor, "vip")).unchanged == 3
    await counts_are_exact(actor)


async def test_nobody_gets_more_tags_than_there_is_room_for(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact that would pass the limit is skipped TOO_LARGE with all of its tags as they were."""
    monkeypatch.setattr(change_tags, "MAX_TAGS", 2)
    full, free = await person(actor, tags=["a", "b"]), await person(actor, tags=["a"])
    ended = await done(actor, "c")
    assert (ended.changed, ended.outcomes) == (1, {ErrorCode.TOO_LARGE: 1})
    assert await tags(actor, [full, free]) == {full: ["a", "b"], free: ["a", "c"]}
    assert (await done(actor, "c", remove=("a",))).outcomes == {}
    assert (await tags(actor, [full]))[full] == ["b", "c"]


async def test_strict_locks_the_details_of_who_opted_out(db: None) -> None:
    """Tags are details: LOCKED, where something would differ; an unchanged contact is refused nothing."""
    actor = await account(policy=OptOutPolicy.STRICT)
    out, tagged = await person(actor, "a@example.com"), await person(actor, "b@example.com", tags=["vip"])
    for contact_id in (out, tagged):
        await opt_out(actor, contact_id)
    await person(actor, "c@example.com")
    ended = await done(actor, "vip")
    assert (ended.changed, ended.unchanged, ended.outcomes) == (1, 1, {ErrorCode.LOCKED: 1})


async def test_what_a_removal_rests_on(actor: Actor) -> None:
    """The record of who took a tag off is overtaken by a later edit that takes it off again."""
    contact_id = await person(actor, tags=["vip"])
    await done(actor, remove=("vip",))
    assert await pool().fetchval("SELECT count(*) FROM contact_tag_removed") == 1
    await update_contact(actor, contact_id, ContactChanges(tags=["vip"]))
    await update_contact(actor, contact_id, ContactChanges(tags=[]))
    assert await pool().fetchval("SELECT count(*) FROM contact_tag_removed") == 0


async def test_who_is_gone_is_skipped(actor: Actor) -> None:
    """A contact deleted after the selection was fixed is NOT_FOUND, in the figures and in the report."""
    ids = [await person(actor) for _ in range(3)]
    queued = await bulk_change_tags(actor, TagChange(Selection(ids=ids), ["vip"]))
    from domain.bulk.claim import claim

    await claim(actor.account_id, queued.id)
    await write_down.write_down(actor.account_id, queued.id)
    await pool().execute("DELETE FROM contact WHERE id = $1", ids[0])
    ended = await work_off(actor, queued.id)
    assert (ended.changed, ended.outcomes) == (2, {ErrorCode.NOT_FOUND: 1})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, [("INVALID", "add")]),
        ({"add": ["vip"], "remove": [" vip"]}, [("INVALID", "remove")]),
        ({"add": ["", "a"], "remove": ["x" * 101]}, [("INVALID", "add.0"), ("TOO_LARGE", "remove.0")]),
        ({"add": ["a"], "selection": Selection(tag="nobody")}, [("INVALID", "selection")]),
        ({"add": ["a"], "selection": Selection(everyone=False)}, [("INVALID", "selection.everyone")]),
        ({"add": ["a"], "idempotency_key": ""}, [("INVALID", "idempotencyKey")]),
    ],
)
async def test_what_is_refused(actor: Actor, change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """No tag, a bad one, one in both lists, or nobody to change: each with its field."""
    await person(actor)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - one of two kinds
        await bulk_change_tags(actor, TagChange(**({"selection": EVERYONE} | change)))
    assert refused(caught.value) == expected


async def test_the_same_key_gives_the_same_operation(actor: Actor) -> None:
    """Another input under it is a CONFLICT."""
    await person(actor)
    first = await bulk_change_tags(actor, TagChange(EVERYONE, ["a"], idempotency_key="k"))
    assert await bulk_change_tags(actor, TagChange(EVERYONE, ["a"], idempotency_key="k")) == first
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its kind is read below
        await bulk_change_tags(actor, TagChange(EVERYONE, ["b"], idempotency_key="k"))
    assert refused(caught.value) == [("CONFLICT", "idempotencyKey")]
