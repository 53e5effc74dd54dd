"""New rows are made at once, or looked at one by one when somebody else was faster: both come to the same."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.consent.admit import admission
from domain.consent.rules import Change, Changed, Facts, Proof, Request, decide
from domain.groups.create import create_group
from domain.imports.choice import Chosen
from domain.imports.import_contacts import NewImport, import_contacts
from domain.imports.source import Inline
from domain.infra.db import pool
from domain.values import Channel, ConsentSource, ConsentStatus, Lifecycle, OptOutPolicy
from tests.domain.contacts.people import account, counts_are_exact, history_of, person
from tests.domain.imports.importing import EVIDENCE, consents, figures, ids, work_off

LIST = """email,second,mobile,phone,accepts,news,tags,name
ann@example.com,ann2@example.com,+14155550101,,yes,yes,"a,b",Ann Lee
bob@example.com,,,+14155550102,,no,,Bob
cat@example.com,,+14155550106,,no,,c,Cat
dan@example.com,,+14155550103,,yes,,,Dan
dot@example.com,,+14155550103,,yes,no,,Dot
,,+14155550105,,yes,,,Fay
eve@example.com,,,,yes,yes,,Eve
"""
COLUMNS = [
    *(Chosen(name, name) for name in ("email", "mobile", "phone", "tags", "name")),
    *(Chosen("second", "email2"), Chosen("accepts", "accepts_marketing"), Chosen("news", "topic:newsletter")),
]
PEOPLE = ["ann@example.com", "bob@example.com", "cat@example.com", "dan@example.com", "dot@example.com"]
_BESIDES = """
SELECT s.lifecycle, s.topic_on, c.name, c.first_name, c.email, c.phone, c.search,
       ARRAY(SELECT tag FROM contact_tag t WHERE t.account_id = $1 AND t.contact_id = c.id ORDER BY tag) AS tags,
       ARRAY(SELECT subscribed FROM topic_switch t WHERE t.account_id = $1 AND t.contact_id = c.id) AS switches,
       (SELECT count(*) FROM group_member g WHERE g.account_id = $1 AND g.contact_id = c.id) AS groups
  FROM contact c JOIN contact_state s ON s.account_id = $1 AND s.contact_id = c.id
 WHERE c.account_id = $1 AND c.id = $2
"""
_TOLD = """
SELECT action, channel FROM ledger WHERE account_id = $1 AND source = 'IMPORT' AND topic_id IS NULL ORDER BY position
"""
_FAY = "SELECT id FROM contact WHERE account_id = $1 AND name LIKE '+1%5' OR account_id = $1 AND name = 'Fay'"


async def brought(channels: tuple[Channel, ...], *, granted: bool, faster: bool) -> tuple[Actor, Operation]:
    """An account that the list was brought into; `faster`: another made Eve while it was under way."""
    actor = await account()
    await pool().execute("UPDATE topic SET default_subscribed = true WHERE account_id = $1", actor.account_id)
    group = await create_group(actor, "Fair")
    wish: dict[str, Any] = {"evidence": EVIDENCE} if granted else {}
    new = NewImport(Inline(LIST), granted, columns=COLUMNS, channels=channels, groups=[group.id], tags=["all"], **wish)
    queued = await import_contacts(actor, new)

    async def eve() -> None:
        if faster:
            await person(actor, "eve@example.com")

    return actor, await work_off(actor, queued.id, eve)


async def picture(actor: Actor, contact_id: UUID) -> tuple[Any, ...]:
    """All there is to know of a contact, but for ids and times."""
    besides = await pool().fetchrow(_BESIDES, actor.account_id, contact_id)
    assert besides is not None
    return await consents(actor, contact_id), sorted(await history_of(actor, contact_id)), tuple(besides)


@pytest.mark.parametrize("granted", [True, False])
@pytest.mark.parametrize("channels", [(Channel.EMAIL,), (Channel.EMAIL, Channel.SMS), (Channel.CALL,)])
async def test_both_ways_come_to_the_same(db: None, channels: tuple[Channel, ...], granted: bool) -> None:
    """Every person of the list stands alike, and so do the figures, whichever way they came in."""
    at_once, first = await brought(channels, granted=granted, faster=False)
    looked, second = await brought(channels, granted=granted, faster=True)
    for email in PEOPLE:
        both = [(await ids(actor))[email] for actor in (at_once, looked)]
        assert await picture(at_once, both[0]) == await picture(looked, both[1])
    fays = [await pool().fetchval(_FAY, actor.account_id) for actor in (at_once, looked)]
    assert await picture(at_once, fays[0]) == await picture(looked, fays[1])
    assert figures(first) == figures(second)
    assert first.counts["created"] == second.counts["created"] + 1
    for actor in (at_once, looked):
        await counts_are_exact(actor)


async def test_the_ledger_tells_contact_after_contact(db: None) -> None:
    """People who are made at once: each with their addresses and the permission of each, in the order of the list."""
    actor, _ = await brought((Channel.EMAIL,), granted=True, faster=False)
    told = [tuple(entry) for entry in await pool().fetch(_TOLD, actor.account_id)]
    added, opted = "ADDRESS_ADDED", "OPT_IN"
    ann = [("CONTACT_CREATED", None), *[(added, "EMAIL"), (opted, "EMAIL")] * 2, (added, "SMS")]
    bob = [("CONTACT_CREATED", None), (added, "EMAIL"), (added, "CALL")]
    assert told[: len(ann + bob)] == ann + bob


def test_an_admission_is_the_rules_own() -> None:
    """Whatever is asked, the one step is what `decide` answers for an address of which nothing is recorded."""
    new = Facts(Lifecycle.ACTIVE, ConsentStatus.NON_MARKETABLE)
    asked = product(Change, ConsentSource, OptOutPolicy, Proof, (False, True), (False, True))
    for change, source, policy, proof, newer, granted in asked:
        request = Request(change, source, policy, proof, newer, granted=granted)
        decision = decide(request, new)
        step = admission(request)
        if step is not None:
            assert decision == Changed((step,))
        else:
            assert not isinstance(decision, Changed) or decision.steps[0].consent is None
