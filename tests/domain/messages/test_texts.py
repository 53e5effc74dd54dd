"""Text messages: broadcast and transactional, judged as mails are, by SMS permission."""

from uuid import UUID

import pytest

from domain.accounts.update import update_account
from domain.actor import Actor
from domain.bulk.claim import claim as claim_operation
from domain.bulk.run_part import Step, run_part
from domain.bulk.write_down import write_down
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.consent.opt_out import opt_out
from domain.contacts.queries import Lookup
from domain.contacts.selection import Selection
from domain.contacts.send import SendBlock
from domain.inbound.report import report_delivery_failure
from domain.inbound.values import DeliveryFailure
from domain.infra.db import pool
from domain.messages.broadcast import Broadcast, preview_broadcast, send_broadcast
from domain.messages.deliveries import DeliveryStatus, broadcast_report, deliveries
from domain.messages.forms import Form
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template
from domain.messages.transactional import send_transactional
from domain.values import Channel, ConsentStatus, Deliverability, Lifecycle
from tests.domain.contacts.people import SMS, WRITTEN, person, points_of, row
from tests.mailing import Server, mails, send_mail
from tests.texting import Carrier, carrier
from workers.bulk import _WORK

__all__ = ["carrier"]

ADA, BEN, CLEO = "+12025550100", "+12025550101", "+12025550102"
TEXT = Form(Channel.SMS, opt_out_words=True)


async def texted(actor: Actor, phone: str, **details: str) -> UUID:
    """A contact that an operator has opted in by SMS."""
    contact_id = await person(actor, phone=phone, **details)
    await opt_in(actor, contact_id, channels=[SMS], evidence=WRITTEN)
    return contact_id


async def news(actor: Actor) -> UUID:
    """A marketing template's id."""
    words = Templates("", "{{ account_name }}: hello {{ first_name }}!", "")
    return (await create_template(actor, "news", "News", words, form=TEXT)).id


async def broadcast(actor: Actor, asked: Broadcast) -> UUID:
    """A broadcast that is put into the outbox; its operation."""
    operation = await send_broadcast(actor, asked)
    assert await claim_operation(actor.account_id, operation.id)
    await write_down(actor.account_id, operation.id)
    while await run_part(actor.account_id, operation.id, _WORK) is Step.DONE:
        pass
    return operation.id


async def receipt(actor: Actor) -> UUID:
    """A transactional template's id."""
    words = Templates("", "Order {{ number }} is on its way.", "")
    form = Form(Channel.SMS)
    return (await create_template(actor, "order", "Order", words, marketing=False, fields=["number"], form=form)).id


async def test_a_broadcast_reaches_the_opted_in_alone(actor: Actor, carrier: Carrier, mailbox: Server) -> None:
    """By SMS permission, not by email's; with our words to leave, in the account's language; nothing by mail."""
    await update_account(actor, language="de")
    await texted(actor, ADA, first_name="Ada")
    leaves = await texted(actor, BEN)
    by_mail = await person(actor, "cleo@example.com", CLEO)
    await opt_in(actor, by_mail, evidence=WRITTEN)
    asked = Broadcast(await news(actor), Selection(everyone=True))
    preview = await preview_broadcast(actor, asked)
    assert (preview.total, preview.allowed, preview.reasons) == (3, 2, {SendBlock.NON_MARKETABLE: 1})
    operation = await broadcast(actor, asked)
    await opt_out(actor, leaves, channels=[SMS])
    await send_mail(actor.account_id)
    assert carrier.texts == [(ADA, "Acme: hello Ada!\nAntworten Sie STOP, um sich abzumelden.")]
    assert mailbox.mails == []
    report = await broadcast_report(actor, operation)
    assert report.statuses == {DeliveryStatus.SENT: 1, DeliveryStatus.REFUSED: 2}


async def test_what_becomes_of_a_broadcast(actor: Actor, carrier: Carrier) -> None:
    """A landline is ERROR and has FAILED, a lost answer is UNKNOWN; what came back later is BOUNCED."""
    people = [await texted(actor, phone) for phone in (ADA, BEN, CLEO)]
    carrier.answers = [(400, 21614), (0, None)]
    operation = await broadcast(actor, Broadcast(await news(actor), Selection(everyone=True)))
    await send_mail(actor.account_id)
    found = (await broadcast_report(actor, operation)).statuses
    assert found == {DeliveryStatus.FAILED: 1, DeliveryStatus.UNKNOWN: 1, DeliveryStatus.SENT: 1}
    reached = [(await points_of(actor, one))[0].deliverability for one in people]
    assert sorted(reached) == [Deliverability.ERROR, Deliverability.OK, Deliverability.OK]
    await report_delivery_failure(actor, SMS, carrier.texts[-1][0], DeliveryFailure.HARD_BOUNCE)
    assert DeliveryStatus.BOUNCED in (await broadcast_report(actor, operation)).statuses


async def test_an_order_goes_to_whoever_did_not_opt_out(actor: Actor, carrier: Carrier) -> None:
    """Without permission, waking the archived; never to a number that is OPTED_OUT."""
    ada, ben = await person(actor, phone=ADA), await person(actor, phone=BEN)
    await archive(actor, ada)
    await opt_out(actor, ben, channels=[SMS])
    template = await receipt(actor)
    keys = [await send_transactional(actor, Lookup(id=one), template, {"number": "7"}) for one in (ada, ben)]
    await send_mail(actor.account_id)
    assert carrier.texts == [(ADA, "Order 7 is on its way.")]
    found = await deliveries(actor, keys)
    assert [found[key].status for key in keys] == [DeliveryStatus.SENT, DeliveryStatus.REFUSED]
    assert found[keys[1]].reasons == [SendBlock.OPTED_OUT]
    assert (await row(actor, ada)).lifecycle is Lifecycle.ACTIVE


@pytest.mark.parametrize(
    ("code", "consent", "deliverability"),
    [
        (21211, ConsentStatus.SINGLE_OPT_IN, Deliverability.ERROR),
        (21610, ConsentStatus.OPTED_OUT, Deliverability.OK),
        (21408, ConsentStatus.SINGLE_OPT_IN, Deliverability.OK),
    ],
)
async def test_what_a_refusal_says_of_the_number(
    actor: Actor, carrier: Carrier, code: int, consent: ConsentStatus, deliverability: Deliverability
) -> None:
    """No number at all is ERROR; whoever left at the provider has left here; anything else says nothing."""
    ada = await texted(actor, ADA)
    carrier.answers = [(400, code)]
    key = await send_transactional(actor, Lookup(id=ada), await receipt(actor), {"number": "7"})
    await send_mail(actor.account_id)
    (point,) = await points_of(actor, ada)
    assert (point.consent, point.deliverability) == (consent, deliverability)
    assert (await deliveries(actor, [key]))[key].status is DeliveryStatus.FAILED


async def test_a_lost_answer_is_unknown_and_a_busy_provider_is_asked_again(actor: Actor, carrier: Carrier) -> None:
    """Nothing is sent twice by itself; nothing is lost to a 429."""
    ada = await texted(actor, ADA)
    template = await receipt(actor)
    carrier.answers = [(0, None)]
    lost = await send_transactional(actor, Lookup(id=ada), template, {"number": "7"})
    await send_mail(actor.account_id)
    carrier.answers = [(429, 20429)]
    later = await send_transactional(actor, Lookup(id=ada), template, {"number": "8"})
    await send_mail(actor.account_id)
    assert await mails(actor.account_id) == [("UNKNOWN", 1, 0), ("QUEUED", 1, 0)]
    await pool().execute("UPDATE mail SET next_attempt_at = created_at WHERE account_id = $1", actor.account_id)
    await send_mail(actor.account_id)
    found = await deliveries(actor, [lost, later])
    assert (found[lost].status, found[later].status) == (DeliveryStatus.UNKNOWN, DeliveryStatus.SENT)
    assert [text for _, text in carrier.texts] == ["Order 7 is on its way.", "Order 8 is on its way."]
