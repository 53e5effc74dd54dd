"""Fill an account with the sample: details in a few statements, permission through the door."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from domain.accounts.models import Topic
from domain.accounts.queries import account, topics
from domain.actor import Actor
from domain.consent.change import Context, Targets, change
from domain.consent.evidence import Evidence, proof
from domain.consent.rules import Change, Request
from domain.contacts import topic_lock
from domain.contacts.addresses import Wanted, hold
from domain.contacts.counts import enter
from domain.contacts.rules import address_hash, derive
from domain.groups.create import create_group
from domain.groups.members import add
from domain.infra.db import Connection, pool, tx
from domain.ledger.append import Entry, Origin, append
from domain.sample.people import GROUPS, Fate, Person, people
from domain.values import Channel, ConsentAction, ConsentSource, EvidenceMethod

EVIDENCE = Evidence(
    EvidenceMethod.SIGNUP_FORM, "Sample data: agreed on the sign-up form.", url="https://example.com/sign-up"
)
_PART = 5_000

_WRITTEN = """
SELECT coalesce(max(substr(external_id, 3)::int), 0)
  FROM contact WHERE account_id = $1 AND external_id ~ '^C-[0-9]{6,9}$'
"""
_GROUPS = "SELECT id, name FROM contact_group WHERE account_id = $1 AND name = ANY ($2::text[])"
_CONTACTS = """
INSERT INTO contact (account_id, id, external_id, first_name, last_name, contact_type, attributes, updated_at,
                     name, email, phone, search)
SELECT $1, c.id, c.external_id, c.first_name, c.last_name, c.contact_type, c.attributes::jsonb, $2,
       c.name, c.email, c.phone, c.search
  FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::text[])
    AS c(id, external_id, first_name, last_name, contact_type, attributes, name, email, phone, search)
"""
_POINTS = """
INSERT INTO contact_point (account_id, contact_id, channel, slot, address_id)
SELECT $1, * FROM unnest($2::uuid[], $3::channel[], $4::smallint[], $5::uuid[])
"""
_STATES = """
INSERT INTO contact_state (account_id, contact_id, topic_on) SELECT $1, * FROM unnest($2::uuid[], $3::boolean[])
"""
_TAGS = "INSERT INTO contact_tag (account_id, contact_id, tag) SELECT $1, * FROM unnest($2::uuid[], $3::text[])"
_SWITCHES = """
INSERT INTO topic_switch (account_id, contact_id, topic_id, subscribed, updated_at)
SELECT $1, s.contact_id, s.topic_id, s.subscribed, $2
  FROM unnest($3::uuid[], $4::uuid[], $5::boolean[]) AS s(contact_id, topic_id, subscribed)
"""
# What is asked of the door, in order, and for whom.
_STORY: list[tuple[Change, ConsentSource, set[Fate]]] = [
    (
        Change.OPT_IN,
        ConsentSource.BULK,
        {Fate.IN, Fate.CONFIRMED, Fate.LEFT, Fate.IN_UNREACHABLE, Fate.IN_ARCHIVED, Fate.OUT_ARCHIVED},
    ),
    (Change.CONFIRM, ConsentSource.CONFIRMATION_LINK, {Fate.CONFIRMED}),
    (Change.OPT_OUT, ConsentSource.OPERATOR, {Fate.OUT}),
    (Change.OPT_OUT, ConsentSource.UNSUBSCRIBE_LINK, {Fate.LEFT, Fate.OUT_ARCHIVED}),
    (Change.MARK_ERROR, ConsentSource.BOUNCE, {Fate.IN_UNREACHABLE}),
    (Change.ARCHIVE, ConsentSource.OPERATOR, {Fate.IN_ARCHIVED, Fate.OUT_ARCHIVED}),
]


async def write_sample(actor: Actor, contacts: int) -> None:
    """Fill an account up to this many sample contacts, with groups, tags, topics and a history.

    Each part commits whole, so that a run that was cut short goes on where it stopped.
    """
    opened = await account(actor)
    keys = {topic.key: topic for topic in await topics(actor)}
    everyone = people(contacts, list(keys))
    start = await pool().fetchval(_WRITTEN, actor.account_id)
    groups = await _groups(actor) if contacts else {}
    for first in range(start, contacts, _PART):
        some = {uuid7(): person for person in everyone[first : first + _PART]}
        async with tx() as connection:
            await connection.execute(topic_lock.SHARED, actor.account_id)
            await _enter(connection, actor, opened.address_key, some)
            await _choose(connection, actor, some, list(keys.values()))
            for name, group in groups.items():
                await add(connection, actor.account_id, group, [id_ for id_, p in some.items() if name in p.groups])
            await enter(connection, actor.account_id, list(some))
            await _live(connection, actor, some)


async def _groups(actor: Actor) -> dict[str, UUID]:
    rows = await pool().fetch(_GROUPS, actor.account_id, list(GROUPS))
    known = {row["name"]: row["id"] for row in rows}
    return {name: known.get(name) or (await create_group(actor, name)).id for name in GROUPS}


async def _enter(connection: Connection, actor: Actor, key: bytes, some: dict[UUID, Person]) -> None:
    now = datetime.now(UTC)
    derived = [derive(p.first_name, p.last_name, p.external_id, p.points) for p in some.values()]
    await connection.execute(
        _CONTACTS,
        actor.account_id,
        now,
        list(some),
        *_columns(some.values(), "external_id", "first_name", "last_name", "contact_type"),
        [orjson.dumps({"sample": True}).decode()] * len(some),
        *_columns(derived, "name", "email", "phone", "search"),
    )
    points = [
        (id_, c, slot, Wanted(c, value, address_hash(key, c, value)))
        for id_, p in some.items()
        for c, slot, value in p.points
    ]
    held = await hold(connection, actor.account_id, list(dict.fromkeys(wanted for *_, wanted in points)))
    places = [(id_, channel, slot, held[wanted].id) for id_, channel, slot, wanted in points]
    await connection.execute(_POINTS, actor.account_id, *map(list, zip(*places, strict=True)))
    entries = [Entry(ConsentAction.CONTACT_CREATED, id_) for id_ in some]
    entries += [Entry(ConsentAction.ADDRESS_ADDED, id_, address, channel) for id_, channel, _, address in places]
    await append(connection, Origin(actor.account_id, actor.name, ConsentSource.IMPORT, now), entries)


async def _choose(connection: Connection, actor: Actor, some: dict[UUID, Person], known: Sequence[Topic]) -> None:
    defaults = {topic.key: topic.default_subscribed for topic in known}
    topic_ids = {topic.key: topic.id for topic in known}
    on = [any((defaults | p.switches).values()) for p in some.values()]
    await connection.execute(_STATES, actor.account_id, list(some), on)
    tags = [(id_, tag) for id_, p in some.items() for tag in p.tags]
    await connection.execute(_TAGS, actor.account_id, [id_ for id_, _ in tags], [tag for _, tag in tags])
    switches = [(id_, topic_ids[key], on) for id_, p in some.items() for key, on in p.switches.items()]
    columns = [[row[i] for row in switches] for i in range(3)]
    await connection.execute(_SWITCHES, actor.account_id, datetime.now(UTC), *columns)


async def _live(connection: Connection, actor: Actor, some: dict[UUID, Person]) -> None:
    for asked, source, fates in _STORY:
        chosen = [id_ for id_, person in some.items() if person.fate in fates]
        evidence = EVIDENCE if asked is Change.OPT_IN else None
        request = Request(asked, source, proof=proof(evidence), evidence_newer=True)
        context = Context(actor.account_id, actor.name, datetime.now(UTC), evidence)
        await change(connection, request, Targets(chosen, tuple(Channel)), context)


def _columns(rows: Iterable[Any], *names: str) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in names]
