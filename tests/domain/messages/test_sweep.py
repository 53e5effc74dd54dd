"""Mails that ended long ago are forgotten, but for those that nothing else tells of."""

from domain.actor import Actor
from domain.confirmations.request import request_double_opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.selection import Selection
from domain.infra.db import pool
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.deliveries import DeliveryStatus, broadcast_report
from domain.messages.sweep import sweep_ended
from domain.messages.templates import create_template
from tests.domain.contacts.people import opted_in
from tests.domain.messages.test_journeys import WORDS
from tests.domain.messages.test_later import work_off
from tests.mailing import Server, send_mail

_OLD = "UPDATE mail SET ended_at = ended_at - interval '31 days' WHERE ended_at IS NOT NULL"
_KINDS = "SELECT kind, status FROM mail ORDER BY kind, status"


async def test_what_is_forgotten(actor: Actor, mailbox: Server) -> None:
    """A confirmation's mail and a refused message's; a message that went keeps its own, and the report stands."""
    ada, ben = await opted_in(actor, "ada@example.com"), await opted_in(actor, "ben@example.com")
    template = await create_template(actor, "news", "News", WORDS)
    operation = await send_broadcast(actor, Broadcast(template.id, Selection(everyone=True)))
    await work_off(actor, operation.id)
    await opt_out(actor, ben)
    await request_double_opt_in(actor, ada)
    await send_mail(actor.account_id)
    stood = await broadcast_report(actor, operation.id)
    assert stood.statuses == {DeliveryStatus.SENT: 1, DeliveryStatus.REFUSED: 1}
    assert await sweep_ended() == 0
    await pool().execute(_OLD)
    assert await sweep_ended() == 2
    assert [tuple(row) for row in await pool().fetch(_KINDS)] == [("MESSAGE", "SENT")]
    assert await broadcast_report(actor, operation.id) == stood
