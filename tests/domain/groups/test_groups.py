"""Groups: kept, found, filled and emptied."""

import asyncio
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.contacts.erase import erase_contact
from domain.contacts.filter import ContactFilter
from domain.contacts.pages import total
from domain.errors import DomainError, ErrorCode
from domain.groups import members
from domain.groups.create import create_group
from domain.groups.delete import delete_group
from domain.groups.queries import GroupRow, by_ids, of_contacts, page, sizes
from domain.groups.queries import total as group_total
from domain.groups.update import update_group
from domain.infra.db import tx
from domain.window import Window
from tests.domain.contacts.people import person, refused


async def add(actor: Actor, group_id: UUID, *contact_ids: UUID) -> list[UUID]:
    """Put contacts into a group."""
    async with tx() as connection:
        return await members.add(connection, actor.account_id, group_id, contact_ids)


async def remove(actor: Actor, group_id: UUID, *contact_ids: UUID) -> list[UUID]:
    """Take contacts out of a group."""
    async with tx() as connection:
        return await members.remove(connection, actor.account_id, group_id, contact_ids)


async def test_a_group_is_made_changed_and_deleted(actor: Actor) -> None:
    """Names are trimmed; what is left out stays, null clears; contacts outlive their group."""
    contact_id = await person(actor)
    group = await create_group(actor, "  Spring\u00a0 Fair ", " Signed up there. ")
    assert group == GroupRow(group.id, "Spring Fair", "Signed up there.")
    assert await update_group(actor, group.id, name="Fair") == GroupRow(group.id, "Fair", "Signed up there.")
    assert await update_group(actor, group.id, description=None) == GroupRow(group.id, "Fair", None)
    assert await by_ids(actor, [group.id]) == {group.id: GroupRow(group.id, "Fair", None)}
    await add(actor, group.id, contact_id)
    assert await delete_group(actor, group.id) == group.id
    assert (await by_ids(actor, [group.id]), await total(actor)) == ({}, 1)


async def test_a_name_is_its_own(actor: Actor, stranger: Actor) -> None:
    """Whatever its case; another account may have the same, and a group may keep its own."""
    spring, autumn = await create_group(actor, "Spring"), await create_group(actor, "Autumn")
    await create_group(stranger, "Spring")
    await update_group(actor, spring.id, name="SPRING")
    for attempt in (create_group(actor, "spring"), update_group(actor, autumn.id, name=" sprinG ")):
        with pytest.raises(DomainError) as refusal:
            await attempt
        assert refused(refusal.value) == [("TAKEN", "name")]


@pytest.mark.parametrize(
    ("name", "description", "code", "field"),
    [
        ("", None, ErrorCode.INVALID, "name"),
        (" \u00a0", None, ErrorCode.INVALID, "name"),
        ("a\x00", None, ErrorCode.INVALID, "name"),
        ("a" * 201, None, ErrorCode.TOO_LARGE, "name"),
        ("a" * 10_000_000, None, ErrorCode.TOO_LARGE, "name"),
        ("a", "\ud800", ErrorCode.INVALID, "description"),
        ("a", "a" * 1_001, ErrorCode.TOO_LARGE, "description"),
    ],
    ids=lambda value: str(value)[:20].encode("ascii", "backslashreplace").decode(),
)
async def test_bad_words_are_refused(
    actor: Actor, name: str, description: str | None, code: ErrorCode, field: str
) -> None:
    """Empty, too long or unstorable."""
    group = await create_group(actor, "Spring")
    for attempt in (create_group(actor, name, description), update_group(actor, group.id, name, description)):
        with pytest.raises(DomainError) as refusal:
            await attempt
        assert refused(refusal.value) == [(code, field)]


async def test_null_is_no_name(actor: Actor) -> None:
    """A group's name can be changed, not cleared."""
    group = await create_group(actor, "Spring")
    with pytest.raises(DomainError):
        await update_group(actor, group.id, name=None)


async def test_members_are_counted_once(actor: Actor) -> None:
    """Adding answers who was not in it, removing who was; those who are gone or foreign are left out."""
    a, b, gone = await person(actor), await person(actor), await person(actor)
    group, other = await create_group(actor, "Spring"), await create_group(actor, "Autumn")
    await erase_contact(actor, gone)
    assert set(await add(actor, group.id, a, a, gone, uuid4())) == {a}
    assert set(await add(actor, group.id, a, b)) == {b}
    await add(actor, other.id, a)
    nobodys = uuid4()
    assert await sizes(actor, [group.id, other.id, nobodys]) == {group.id: 2, other.id: 1, nobodys: 0}
    assert await of_contacts(actor, [a, b]) == {a: [other, group], b: [group]}
    assert await total(actor, ContactFilter(group=group.id)) == 2
    assert await remove(actor, group.id, a, gone) == [a]
    assert await remove(actor, group.id, a) == []
    assert await sizes(actor, [group.id]) == {group.id: 1}


async def test_groups_come_by_name(actor: Actor, stranger: Actor) -> None:
    """A page at a time, whatever the case; any part of a name finds it."""
    await create_group(stranger, "Theirs")
    names = ["beta", "Alpha", "gamma 100%", "Delta", "alphabet"]
    for name in names:
        await create_group(actor, name)
    found: list[str] = []
    after = None
    while True:
        shown = await page(actor, Window(first=2, after=after))
        found.extend(group.name for group in shown.groups)
        assert shown.has_previous is (after is not None)
        if not shown.has_next:
            break
        after = shown.places[-1]
    assert found == ["Alpha", "alphabet", "beta", "Delta", "gamma 100%"]
    assert [group.name for group in (await page(actor, Window(), search=" ALPHA")).groups] == ["Alpha", "alphabet"]
    assert [group.name for group in (await page(actor, Window(), search="0%")).groups] == ["gamma 100%"]
    assert (await page(actor, Window(), search="\x00")).groups == []
    assert (await group_total(actor), await group_total(actor, "alpha")) == (5, 2)


@pytest.mark.parametrize(
    ("first", "after", "field"), [(-1, None, "first"), (251, None, "first"), (5, ("\x00", uuid4()), "after")]
)
async def test_a_bad_page_is_refused(actor: Actor, first: int, after: tuple[str, UUID] | None, field: str) -> None:
    """Sizes below nought or above 250, and places that no list has."""
    with pytest.raises(DomainError) as refusal:
        await page(actor, Window(first=first, after=after))
    assert refused(refusal.value) == [("INVALID", field)]


async def test_another_accounts_group_is_not_found(actor: Actor, stranger: Actor) -> None:
    """It cannot be changed, deleted, filled, emptied or read."""
    group, mine = await create_group(stranger, "Theirs"), await person(actor)
    for attempt, field in (
        (update_group(actor, group.id, name="Mine"), "id"),
        (delete_group(actor, group.id), "id"),
        (add(actor, group.id, mine), "group"),
        (remove(actor, group.id, mine), "group"),
    ):
        with pytest.raises(DomainError) as refusal:
            await attempt
        assert refused(refusal.value) == [("NOT_FOUND", field)]
    assert await by_ids(actor, [group.id]) == {}
    theirs = await create_group(stranger, "Empty")
    assert await add(stranger, theirs.id, mine) == []


async def test_filling_while_erasing(actor: Actor) -> None:
    """Members who vanish meanwhile break nothing."""
    group = await create_group(actor, "Spring")
    people = [await person(actor) for _ in range(20)]
    adding = [add(actor, group.id, *people[n:], *people[:n]) for n in range(5)]
    await asyncio.gather(*adding, *(erase_contact(actor, one) for one in people[::2]))
    assert await sizes(actor, [group.id]) == {group.id: 10}
