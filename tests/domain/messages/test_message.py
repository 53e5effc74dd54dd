"""Messages at the moment they go: against an opt-out under way, a cancelation and a crash."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.actor import Actor
from domain.bulk.claim import claim as claim_operation
from domain.bulk.run_part import Step, run_part
from domain.bulk.write_down import write_down
from domain.consent.change import Context, Targets, change
from domain.consent.rules import Change, Request
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup
from domain.contacts.selection import Selection
from domain.infra.db import pool, tx
from domain.mail import outbox
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.deliveries import DeliveryStatus, broadcast_report, deliveries, written_to
from domain.messages.journeys.words import Templates
from domain.messages.message import compose
from domain.messages.templates import create_template
from domain.messages.transactional import send_transactional
from domain.proof.person import person_data
from domain.values import Channel, ConsentSource
from tests.domain.contacts.people import opted_in
from tests.domain.messages.test_journeys import WORDS
from tests.mailing import Server, send_mail
from workers.bulk import _WORK


async def broadcast(actor: Actor) -> UUID:
    """A broadcast to everyone, put into the outbox; its operation."""
    template = await create_template(actor, "news", "News", WORDS)
    operation = await send_broadcast(actor, Broadcast(template.id, Selection(everyone=True)))
    assert await claim_operation(actor.account_id, operation.id)
    await write_down(actor.account_id, operation.id)
    while await run_part(actor.account_id, operation.id, _WORK) is Step.DONE:
        await asyncio.sleep(0)
    return operation.id


async def test_an_opt_out_under_way_wins(actor: Actor, mailbox: Server) -> None:
    """While somebody's opt-out is not committed, their message waits; then it is refused."""
    ada = await opted_in(actor, "ada@example.com")
    operation = await broadcast(actor)
    message_id = await pool().fetchval("SELECT id FROM message WHERE account_id = $1", actor.account_id)
    locked = asyncio.Event()

    async def once_locked() -> object:
        await locked.wait()
        return await compose(actor.account_id, message_id)

    waiting = asyncio.create_task(once_locked())
    async with tx() as connection:
        context = Context(actor.account_id, "link", datetime.now(UTC))
        await change(
            connection, Request(Change.OPT_OUT, ConsentSource.ONE_CLICK), Targets([ada], (Channel.EMAIL,)), context
        )
        locked.set()
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
    assert await waiting is None
    await send_mail(actor.account_id)
    assert (await broadcast_report(actor, operation)).statuses == {DeliveryStatus.REFUSED: 1}
    assert mailbox.mails == []


async def test_a_canceled_broadcast_stops_in_the_outbox(actor: Actor, mailbox: Server) -> None:
    """Messages that wait when the operation is canceled do not go."""
    await opted_in(actor, "ada@example.com")
    operation = await broadcast(actor)
    await pool().execute(
        "UPDATE bulk_operation SET cancel_requested = true WHERE account_id = $1 AND id = $2",
        actor.account_id,
        operation,
    )
    await send_mail(actor.account_id)
    assert (await broadcast_report(actor, operation)).statuses == {DeliveryStatus.CANCELED: 1}
    assert mailbox.mails == []


async def test_what_a_crash_leaves_is_unknown(actor: Actor, mailbox: Server) -> None:
    """A message whose worker fell silent after the hand-over is shown as UNKNOWN and never sent again by itself."""
    await opted_in(actor, "ada@example.com")
    words = Templates("Order", "Thanks", "<p>Thanks</p>")
    template = await create_template(actor, "order", "Order", words, marketing=False)
    key = await send_transactional(actor, Lookup(email="ada@example.com"), template.id, {})
    (mine,) = await outbox.claim(actor.account_id, datetime.now(UTC) + timedelta(seconds=1), 1)
    assert (await deliveries(actor, [key]))[key].status is DeliveryStatus.CLAIMED
    assert await compose(actor.account_id, key) is not None
    assert await outbox.hand_over(mine, datetime.now(UTC))
    await outbox.claim(actor.account_id, datetime.now(UTC) + 2 * outbox.LEASE, 1)
    assert (await deliveries(actor, [key]))[key].status is DeliveryStatus.UNKNOWN
    await send_mail(actor.account_id)
    assert mailbox.mails == []


async def test_a_message_is_handed_over_with_what_was_put_into_it(actor: Actor, mailbox: Server) -> None:
    """Whoever asks what is held about them is told of each message; who is erased leaves none."""
    ada = await opted_in(actor, "ada@example.com")
    words = Templates("Order {{ number }}", "Thanks for {{ number }}", "<p>Thanks for {{ number }}</p>")
    template = await create_template(actor, "order", "Order", words, marketing=False, fields=["number"])
    await send_transactional(actor, Lookup(email="ada@example.com"), template.id, {"number": "17"})
    await send_mail(actor.account_id)
    (told,) = (await person_data(actor, ada))["messages"]
    assert (told["template"], told["purpose"], told["status"]) == ("Order", "TRANSACTIONAL", "SENT")
    assert told["data"] == {"number": "17"}
    await erase_contact(actor, ada)
    assert await written_to(actor, ada) == []
