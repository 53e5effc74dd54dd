"""Which contacts a bulk change is for."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.contacts.filter import ContactFilter, OptStatus
from domain.contacts.selection import Selection, check, count, from_json, statement, to_json
from domain.errors import DomainError
from domain.groups import members
from domain.groups.create import create_group
from domain.infra.db import pool, tx
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, Deliverability, Lifecycle
from tests.domain.contacts.people import person, refused, topic_ids

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def chosen(actor: Actor, selection: Selection) -> set[UUID]:
    """Who is selected."""
    await check(actor, selection)
    found = statement(actor, selection)
    ids = {row["id"] for row in await pool().fetch(found.text, *found.parameters)}
    assert await count(actor, selection) == len(ids)
    return ids


async def operation(actor: Actor, kind: str) -> UUID:
    """A bulk operation of this kind."""
    operation_id = uuid7()
    await pool().execute(
        "INSERT INTO bulk_operation (account_id, id, kind, actor, summary, change, selection, input_hash, created_at)"
        " VALUES ($1, $2, $3, '', '', '{}', '{}', '', now())",
        actor.account_id,
        operation_id,
        kind,
    )
    return operation_id


async def test_each_way_of_choosing(actor: Actor, stranger: Actor) -> None:
    """By ids, group, tag, import, filter, and everyone; never another account's contacts."""
    await person(stranger, tags=["vip"])
    group, imported = await create_group(actor, "Spring"), await operation(actor, "IMPORT")
    a, b, c = await person(actor, tags=["vip"]), await person(actor), await person(actor, "c@example.com")
    async with tx() as connection:
        await members.add(connection, actor.account_id, group.id, [b])
        origin = Origin(actor.account_id, "x", ConsentSource.IMPORT, NOW, imported)
        await append(connection, origin, [Entry(ConsentAction.CONTACT_UPDATED, c)])
    assert await chosen(actor, Selection(ids=[a, b, a])) == {a, b}
    assert await chosen(actor, Selection(group=group.id)) == {b}
    assert await chosen(actor, Selection(tag="vip")) == {a}
    assert await chosen(actor, Selection(tag="unknown")) == set()
    assert await chosen(actor, Selection(imported_by=imported)) == {c}
    assert await chosen(actor, Selection(filter=ContactFilter(search="c@"))) == {c}
    assert await chosen(actor, Selection(everyone=True)) == {a, b, c}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ("INVALID", "selection")),
        (Selection(tag="x", everyone=True), ("INVALID", "selection")),
        (Selection(ids=[]), ("INVALID", "selection.ids")),
        (Selection(ids=[uuid4()]), ("NOT_FOUND", "selection.ids")),
        (Selection(ids=[uuid4()] * 10_001), ("TOO_LARGE", "selection.ids")),
        (Selection(everyone=False), ("INVALID", "selection.everyone")),
        (Selection(tag=" "), ("INVALID", "selection.tag")),
        (Selection(group=uuid4()), ("NOT_FOUND", "selection.group")),
        (Selection(imported_by=uuid4()), ("NOT_FOUND", "selection.importedBy")),
        (Selection(filter=ContactFilter()), ("INVALID", "selection.filter")),
        (Selection(filter=ContactFilter(or_=[])), ("INVALID", "selection.filter")),
        (Selection(filter=ContactFilter(not_=ContactFilter(consent=[]))), ("INVALID", "selection.filter")),
        (Selection(filter=ContactFilter(not_=ContactFilter(group=uuid4()))), ("NOT_FOUND", "selection.filter")),
        (Selection(filter=ContactFilter(topic=uuid4())), ("NOT_FOUND", "selection.filter")),
        (Selection(filter=ContactFilter(imported_by=uuid4())), ("NOT_FOUND", "selection.filter")),
        (Selection(filter=ContactFilter(contact_type=["a"] * 101)), ("TOO_LARGE", "selection.filter")),
    ],
)
async def test_what_is_no_selection_is_refused(actor: Actor, selection: Selection, expected: Any) -> None:
    """Nothing, two ways at once, an empty or always-true filter, and ids that the account does not have."""
    await person(actor)
    with pytest.raises(DomainError) as refusal:
        await check(actor, selection)
    assert refused(refusal.value) == [expected]


async def test_another_accounts_ids_are_not_found(actor: Actor, stranger: Actor) -> None:
    """Contacts, groups, topics and imports of a second account; nor is a change of status an import."""
    group, theirs, mine = await create_group(stranger, "Theirs"), await person(stranger), await person(actor)
    for selection in (
        Selection(ids=[mine, theirs]),
        Selection(group=group.id),
        Selection(filter=ContactFilter(topic=(await topic_ids(stranger))[0])),
        Selection(imported_by=await operation(stranger, "IMPORT")),
        Selection(imported_by=await operation(actor, "CHANGE_STATUS")),
    ):
        with pytest.raises(DomainError) as refusal:
            await check(actor, selection)
        assert {code for code, _ in refused(refusal.value)} == {"NOT_FOUND"}


@pytest.mark.parametrize(
    "selection",
    [
        Selection(ids=[uuid4(), uuid4()]),
        Selection(group=uuid4()),
        Selection(tag="vip"),
        Selection(imported_by=uuid4()),
        Selection(everyone=True),
        Selection(
            filter=ContactFilter(
                status=OptStatus.OPTED_OUT,
                channel=Channel.SMS,
                search="a",
                consent=[ConsentStatus.OPTED_OUT],
                deliverability=Deliverability.ERROR,
                subscribed=False,
                topic=uuid4(),
                lifecycle=Lifecycle.ARCHIVED,
                contact_type=["client"],
                group=uuid4(),
                tag="x",
                imported_by=uuid4(),
                created_after=NOW,
                created_before=NOW,
                and_=[ContactFilter(tag="y")],
                or_=[ContactFilter(not_=ContactFilter(and_=[]))],
                not_=ContactFilter(consent=[]),
            )
        ),
    ],
)
def test_a_selection_is_kept_as_json(selection: Selection) -> None:
    """It comes back from JSON as it was."""
    assert from_json(orjson.loads(orjson.dumps(to_json(selection)))) == selection
