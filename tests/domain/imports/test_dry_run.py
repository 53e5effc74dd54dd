"""A dry run does all of the work and keeps nothing but its counts and its report."""

from typing import Any

import pytest

from domain.actor import Actor
from domain.bulk.operation import Operation
from domain.consent.lifecycle import archive
from domain.consent.opt_out import opt_out
from domain.contacts.erase import erase_contact
from domain.imports.choice import Chosen
from domain.infra.db import pool
from domain.values import Channel
from tests.domain.contacts.people import account, counts_are_exact, opted_in, person
from tests.domain.imports.importing import bring, told

COLUMNS = [
    Chosen("email", "email"),
    Chosen("name", "name"),
    Chosen("mobile", "mobile"),
    Chosen("ok", "accepts_marketing"),
    Chosen("tags", "tags"),
    Chosen("news", "topic:newsletter"),
]
TABLES = (
    *("contact", "contact_state", "address", "contact_point", "contact_tag", "group_member", "contact_group"),
    *("topic_switch", "ledger", "summary_delta"),
)


@pytest.fixture
async def actor(db: None) -> Actor:
    """An account with people in every state."""
    actor = await account()
    await opted_in(actor, "in@example.com", first_name="Ina")
    await opt_out(actor, await person(actor, "out@example.com"))
    await archive(actor, await person(actor, "archived@example.com"))
    await erase_contact(actor, await person(actor, "erased@example.com"))
    await person(actor, "shared1@example.com", "+14155550150")
    await person(actor, "shared2@example.com", "+14155550150")
    await person(actor, "plain@example.com", "+14155550151")
    return actor


def listed() -> str:
    """Rows of every kind, some of them in other parts than those they have to do with."""
    rows = [
        "in@example.com,Ina,,,,",
        "out@example.com,Otto Out,,true,,",
        "archived@example.com,Arch,,true,,",
        "erased@example.com,Back,,true,,",
        "plain@example.com,Plain Jane,+14155550152,true,vip,no",
        "in@example.com,Ina In,,false,,yes",
        ",Shared,+14155550150,true,,",
        ",New Mobile,+14155559153,true,,",
        "bad@,,,,,",
        "x@example.com,,,maybe,,",
    ]
    rows += [f"new{i}@example.com,New {i},+1415555{i % 700:04d},{'true' if i % 3 else ''},," for i in range(1_200)]
    rows += ["new5@example.com,Again,,false,,"]
    return "email,name,mobile,ok,tags,news\n" + "\n".join(rows) + "\n"


async def state(actor: Actor) -> dict[str, Any]:
    """How many rows each table has, and which versions there are."""
    found: dict[str, Any] = {
        table: await pool().fetchval(f"SELECT count(*) FROM {table} WHERE account_id = $1", actor.account_id)
        for table in TABLES
    }
    consents = "SELECT array_agg(DISTINCT (id, consent)::text) FROM address WHERE account_id = $1"
    return found | {"consents": sorted(await pool().fetchval(consents, actor.account_id))}


def summed(done: Operation) -> tuple[Any, ...]:
    """All figures of an operation."""
    return done.total, done.changed, done.unchanged, done.skipped, done.failed, done.outcomes, done.counts


@pytest.mark.parametrize("channels", [[Channel.EMAIL], [Channel.EMAIL, Channel.SMS]])
async def test_a_dry_run_is_what_then_happens(actor: Actor, channels: list[Channel]) -> None:
    """It changes nothing, and the real run has its very figures and its very report."""
    before = await state(actor)
    wish: dict[str, Any] = {"columns": COLUMNS, "channels": channels, "new_group": "Fair", "tags": ["list"]}
    tried = await bring(actor, listed(), dry_run=True, **wish)
    assert await state(actor) == before
    done = await bring(actor, listed(), **wish)
    assert summed(tried) == summed(done)
    assert await told(actor, tried) == await told(actor, done)
    assert {"created", "updated", "opted_in", "opted_out", "left_opted_out", "suppressed", "duplicate"} <= set(
        done.counts
    )
    assert done.failed == 3
    await counts_are_exact(actor)
