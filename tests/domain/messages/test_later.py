"""Broadcasts for later, and templates that change while messages wait."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.claim import claim
from domain.bulk.run_part import Step, run_part
from domain.bulk.stranded import stranded
from domain.bulk.values import OperationStatus
from domain.bulk.write_down import write_down
from domain.contacts.queries import Lookup
from domain.contacts.selection import Selection
from domain.errors import DomainError
from domain.infra.db import pool
from domain.messages.broadcast import Broadcast, send_broadcast
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template, template, update_template
from domain.messages.transactional import send_transactional
from tests.domain.bulk.working import now as standing
from tests.domain.contacts.people import opted_in, refused
from tests.domain.messages.test_journeys import WORDS
from tests.mailing import Server, send_mail
from workers.bulk import _WORK

SOON = timedelta(hours=1)


async def asked(actor: Actor, **given: object) -> Broadcast:
    """A broadcast to everyone."""
    kept = await create_template(actor, "news", "News", WORDS)
    return replace(Broadcast(kept.id, Selection(everyone=True)), **given)  # type: ignore[arg-type]


async def let_the_time_come(operation_id: UUID) -> None:
    """As if the moment had come."""
    await pool().execute(
        "UPDATE bulk_operation SET starts_at = now() - interval '1 second' WHERE id = $1", operation_id
    )


async def work_off(actor: Actor, operation_id: UUID) -> bool:
    """What a worker does; false when there is nothing to do yet."""
    if not await claim(actor.account_id, operation_id):
        return False
    await write_down(actor.account_id, operation_id)
    while await run_part(actor.account_id, operation_id, _WORK) is Step.DONE:
        await asyncio.sleep(0)
    return True


async def test_a_broadcast_waits_for_its_moment(actor: Actor, mailbox: Server) -> None:
    """No worker begins before, whoever rings; the sweep finds it then, and the audience is that of then."""
    at = datetime.now(UTC) + SOON
    await opted_in(actor, "ada@example.com")
    operation = await send_broadcast(actor, await asked(actor, send_at=at))
    assert (operation.status, operation.starts_at, operation.total) == (OperationStatus.QUEUED, at, None)
    assert not await work_off(actor, operation.id)
    assert operation.id not in {one.operation_id for one in await stranded()}
    await opted_in(actor, "late@example.com")
    await let_the_time_come(operation.id)
    assert operation.id in {one.operation_id for one in await stranded()}
    assert await work_off(actor, operation.id)
    await send_mail(actor.account_id)
    assert sorted(mailbox.recipients) == ["ada@example.com", "late@example.com"]


async def test_a_broadcast_for_later_can_be_canceled(actor: Actor, mailbox: Server) -> None:
    """Before its moment it ends at once, and nothing goes when that comes."""
    await opted_in(actor, "ada@example.com")
    operation = await send_broadcast(actor, await asked(actor, send_at=datetime.now(UTC) + SOON))
    assert (await cancel(actor, operation.id)).status is OperationStatus.CANCELED
    await let_the_time_come(operation.id)
    assert not await work_off(actor, operation.id)
    assert (await standing(actor, operation.id)).status is OperationStatus.CANCELED
    await send_mail(actor.account_id)
    assert mailbox.mails == []


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(minutes=-2), [("INVALID", "sendAt")]),
        (timedelta(seconds=-30), None),
        (timedelta(days=365), None),
        (timedelta(days=367), [("INVALID", "sendAt")]),
    ],
)
async def test_which_moments_there_are(actor: Actor, ahead: timedelta, expected: object) -> None:
    """Not past, but for a minute of clocks that differ; not more than a year ahead."""
    given = await asked(actor, send_at=datetime.now(UTC) + ahead)
    await opted_in(actor, "ada@example.com")
    if expected is None:
        await send_broadcast(actor, given)
        return
    with pytest.raises(DomainError) as refusal:
        await send_broadcast(actor, given)
    assert refused(refusal.value) == expected


async def test_another_moment_is_another_request(actor: Actor) -> None:
    """The same key and the same moment give the same operation back; another moment is a CONFLICT."""
    at = datetime.now(UTC) + SOON
    await opted_in(actor, "ada@example.com")
    given = await asked(actor, send_at=at, idempotency_key="k")
    first = await send_broadcast(actor, given)
    assert (await send_broadcast(actor, given)).id == first.id
    with pytest.raises(DomainError) as refusal:
        await send_broadcast(actor, replace(given, send_at=at + SOON))
    assert refused(refusal.value) == [("CONFLICT", "idempotencyKey")]


async def test_what_was_asked_for_keeps_its_words(actor: Actor, mailbox: Server) -> None:
    """A broadcast for later, one that waits in the outbox and a receipt say what stood when they were asked for."""
    await opted_in(actor, "ada@example.com")
    given = await asked(actor)
    waiting = await send_broadcast(actor, given)
    assert await work_off(actor, waiting.id)
    later = await send_broadcast(actor, replace(given, send_at=datetime.now(UTC) + SOON))
    words = Templates("Order {{ n }}", "Thanks", "<p>Thanks</p>")
    receipt = await create_template(actor, "receipt", "Receipt", words, marketing=False, fields=["n"])
    await send_transactional(actor, Lookup(email="ada@example.com"), receipt.id, {"n": "7"})
    for kept, said in ((given.template_id, WORDS), (receipt.id, words)):
        for subject in ("Second", "Third"):
            await update_template(actor, kept, words=replace(said, subject=subject))
    newest = await send_broadcast(actor, given)
    await let_the_time_come(later.id)
    for operation in (later, newest):
        assert await work_off(actor, operation.id)
    await send_mail(actor.account_id)
    subjects = sorted(mail["subject"] for mail in mailbox.mails)
    assert subjects == ["Order 7", "Third", "Welcome, you", "Welcome, you"]


async def test_only_new_words_are_a_new_version(actor: Actor) -> None:
    """A new name is not, nor are the same words; two changes at once each set aside what they replace."""
    kept = await create_template(actor, "news", "News", WORDS)
    await update_template(actor, kept.id, "Another name", WORDS)
    assert (await template(actor, kept.id)).version == 1
    await asyncio.gather(*(update_template(actor, kept.id, words=replace(WORDS, subject=s)) for s in "ab"))
    now = await template(actor, kept.id)
    rows = await pool().fetch("SELECT version, subject FROM template_past ORDER BY version")
    past = [(row["version"], row["subject"]) for row in rows]
    assert (now.name, now.version, past[0]) == ("Another name", 3, (1, WORDS.subject))
    assert {now.subject, past[1][1]} == {"a", "b"}
