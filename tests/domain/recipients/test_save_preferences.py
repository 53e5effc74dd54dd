"""What is saved in the preference centre, and the mail that it promises, stand or fall together."""

import asyncpg
import pytest

from domain.actor import Actor
from domain.confirmations.request import save_and_ask
from domain.consent.opt_out import opt_out
from domain.infra.db import pool
from domain.recipients.preferences import Wishes
from domain.values import Channel
from tests.domain.contacts.conftest import actor
from tests.domain.contacts.people import person, points_of, topic_ids
from tests.mailing import mails

__all__ = ["actor"]


async def test_all_or_nothing(actor: Actor) -> None:
    """Where the mail cannot be put on record nothing is saved; once it can, both are."""
    contact_id = await person(actor, "ada@example.com")
    await opt_out(actor, contact_id)
    (point,) = await points_of(actor, contact_id)
    wishes = Wishes(on={Channel.EMAIL}, topics={(await topic_ids(actor))[0]: False})
    switches = "SELECT count(*) FROM topic_switch WHERE account_id = $1"
    await pool().execute("ALTER TABLE confirmation ADD CONSTRAINT broken CHECK (false) NOT VALID")
    try:
        with pytest.raises(asyncpg.CheckViolationError):
            await save_and_ask(actor, point.address_id, wishes)
    finally:
        await pool().execute("ALTER TABLE confirmation DROP CONSTRAINT broken")
    assert await pool().fetchval(switches, actor.account_id) == 0
    assert await mails(actor.account_id) == []
    waiting, asked = await save_and_ask(actor, point.address_id, wishes)
    assert (waiting, len(asked)) == ([point.address_id], 1)
    assert await pool().fetchval(switches, actor.account_id) == 1
    assert await mails(actor.account_id) == [("QUEUED", 0, 0)]
