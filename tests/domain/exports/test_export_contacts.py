"""Contacts on their way out: who is written, what of them, and how."""

import asyncio
import csv
import io
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.claim import claim
from domain.bulk.operation import Operation
from domain.bulk.run_part import Step
from domain.bulk.values import OperationStatus
from domain.consent.opt_out import opt_out
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.filter import ContactFilter
from domain.contacts.queries import Lookup
from domain.contacts.selection import Selection
from domain.contacts.send import Purpose, send_decision
from domain.contacts.subscriptions import TopicSwitch, update_subscriptions
from domain.errors import DomainError, Refusals
from domain.exports import fields
from domain.exports.export_contacts import EligibleFor, NewExport, export_contacts
from domain.exports.pipe import Pipe
from domain.exports.values import ExportFormat
from domain.exports.write import write
from domain.files.stored import content, of_operations
from domain.infra.db import pool, tx
from domain.ledger.append import Entry, Origin, append
from domain.values import Channel, ConsentAction, ConsentSource, ConsentStatus, Deliverability, Lifecycle
from tests.domain.bulk.working import mixed, now
from tests.domain.consent.population import Address, Person, settle
from tests.domain.contacts.people import CALL, EMAIL, POST, SMS, person, refused, topic_ids

EVERYONE = Selection(everyone=True)
JSONL = ExportFormat.JSONL


async def written(actor: Actor, asked: Operation) -> str:
    """Do what a worker does, and answer the file."""
    assert await claim(actor.account_id, asked.id)
    assert await write(actor.account_id, asked.id, asyncio.Event()) is Step.FINISHED
    file = (await of_operations(actor, [asked.id]))[asked.id]
    return b"".join([piece async for piece in content(file)]).decode()


async def rows(actor: Actor, *names: str, selection: Selection = EVERYONE, **more: Any) -> list[dict[str, Any]]:
    """The rows of an export of these fields; in JSONL, with every type that it has."""
    new = NewExport(selection, names or None, **more)
    text = await written(actor, await export_contacts(actor, new))
    if new.format is JSONL:
        return [orjson.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text)))


async def test_everyone_is_written_with_the_default_fields(actor: Actor) -> None:
    """A CSV has a header and a row for each contact, and the operation counts them as unchanged."""
    await person(actor, "a@example.com", "+12025550100", first_name="Ann")
    await person(actor, "b@example.com", last_name='O"Neil, Bob')
    asked = await export_contacts(actor, NewExport(EVERYONE))
    found = list(csv.DictReader(io.StringIO(await written(actor, asked))))
    assert [*found[0]] == list(fields.DEFAULT)
    assert {(row["email"], row["first_name"], row["last_name"], row["mobile"]) for row in found} == {
        ("a@example.com", "Ann", "", "+12025550100"),
        ("b@example.com", "", 'O"Neil, Bob', ""),
    }
    done = await now(actor, asked.id)
    assert (done.status, done.total, done.unchanged, done.processed) == (OperationStatus.COMPLETED, 2, 2, 2)


async def test_a_selection_is_written_and_nobody_else(actor: Actor, stranger: Actor) -> None:
    """Ids, filters and tags choose as they do elsewhere; another account's contacts are never in it."""
    ann = await person(actor, "ann@example.com", tags=["vip"])
    await person(actor, "bob@example.com")
    await person(stranger, "eve@example.com")
    for selection in (Selection(ids=[ann]), Selection(tag="vip"), Selection(filter=ContactFilter(search="ann@"))):
        assert await rows(actor, "email", selection=selection) == [{"email": "ann@example.com"}]
    assert len(await rows(actor, "email")) == 2


async def test_each_field_can_be_had_in_each_format(actor: Actor) -> None:
    """Every plain field, every one of an address, a topic and an attribute: in CSV as text, in JSONL with its type."""
    points = [
        NewPoint(EMAIL, "a@example.com"),
        NewPoint(EMAIL, "b@example.com", 2),
        NewPoint(SMS, "+12025550100"),
        NewPoint(CALL, "+12025550101"),
        NewPoint(POST, "1 High Street\nLondon"),
    ]
    made = await create_contact(
        actor, NewContact(points=points, external_id="x1", tags=["b", "a"], attributes={"Größe": 42, "n": None})
    )
    await opt_out(actor, made.contact_id, [EMAIL], slots=[1], reason="Asked us.")
    topic = await pool().fetchval("SELECT key FROM topic WHERE account_id = $1 ORDER BY id LIMIT 1", actor.account_id)
    of_points = [f"{one}:{point}" for one, point in product(fields.OF_POINT, ("email", "mobile"))]
    names = [*fields.NAMES, *of_points, f"topic:{topic}", "attribute:Größe", "attribute:none"]
    (text,) = await rows(actor, *names)
    (typed,) = await rows(actor, *names, format=JSONL)
    assert [*typed] == names
    assert text["address"] == typed["address"] == "1 High Street\nLondon"
    assert (text["tags"], typed["tags"]) == ("a, b", ["a", "b"])
    assert (text["attribute:Größe"], typed["attribute:Größe"]) == ("42", 42)
    assert (text["accepts_marketing"], typed["accepts_marketing"]) == ("f", False)
    assert text["consent:email"] == typed["consent:email"] == "OPTED_OUT"
    assert text["consent:mobile"] == typed["consent:mobile"] == "NON_MARKETABLE"
    assert (text["proof:email:action"], text["proof:email:source"]) == ("OPT_OUT", "OPERATOR")
    assert typed["proof:email"]["occurred_at"] == text["consent_at:email"] == typed["consent_at:email"]
    assert typed["proof:mobile"] is None
    assert text["proof:mobile:action"] == ""


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "+", "\uff1d1"])
async def test_no_cell_is_a_formula(actor: Actor, cell: str) -> None:
    """A cell that a spreadsheet would work out is led by an apostrophe; in JSONL it is as it was."""
    await person(actor, attributes={"k": cell, "other": "fine"}, external_id="x")
    assert await rows(actor, "attribute:k") == [{"attribute:k": f"'{cell}"}]
    assert await rows(actor, "attribute:k", format=JSONL) == [{"attribute:k": cell}]
    assert await rows(actor, "attribute:other") == [{"attribute:other": "fine"}]


@pytest.mark.parametrize("cell", ["+4915112345678", "-5", "-5.25", "a=b", ""])
async def test_a_number_stays_usable(actor: Actor, cell: str) -> None:
    """A phone number, or a number with a sign, is no formula."""
    await person(actor, attributes={"k": cell}, external_id="x")
    assert await rows(actor, "attribute:k", "external_id") == [{"attribute:k": cell, "external_id": "x"}]


async def test_exactly_those_who_may_be_sent_this_are_written(actor: Actor) -> None:
    """For each channel, purpose and topic the file holds whom `send_decision` allows, and nobody else."""
    states = product(Lifecycle, ConsentStatus, ConsentStatus, Deliverability)
    everyone = [
        Person(lifecycle, [(1, Address(EMAIL, email, can)), (2, Address()), (1, Address(SMS, mobile, can))], n % 3 > 0)
        for n, (lifecycle, email, mobile, can) in enumerate(states)
    ]
    everyone += mixed()
    await settle(actor, everyone)
    topic, *others = await topic_ids(actor)
    for one in everyone[::4]:
        await update_subscriptions(actor, one.id, [TopicSwitch(topic, True)])
    for one in everyone[1::4]:
        await update_subscriptions(actor, one.id, [TopicSwitch(other, False) for other in (topic, *others)])
    async with tx() as connection:
        asked = [a for one in everyone[::3] for _, a in one.points]
        await connection.fetchval("SELECT pg_current_xact_id()")
        origin = Origin(actor.account_id, "link:form", ConsentSource.SIGNUP_FORM, datetime.now(UTC))
        entries = [Entry(ConsentAction.CONFIRMATION_REQUESTED, None, a.id, a.channel) for a in asked]
        await append(connection, origin, entries)
    for channel, purpose, about in product((EMAIL, SMS), Purpose, (None, topic)):
        expected = await _allowed(actor, [one.id for one in everyone], channel, purpose, about)
        found = await rows(actor, "id", eligible_for=EligibleFor(channel, purpose, about))
        assert {_uuid(row["id"]) for row in found} == expected, (channel, purpose, about)
        assert len(found) == len(expected)
        assert 0 < len(expected) < len(everyone)


async def _allowed(
    actor: Actor, contacts: list[UUID], channel: Channel, purpose: Purpose, topic: UUID | None
) -> set[UUID]:
    decided = {one: await send_decision(actor, Lookup(id=one), channel, purpose, topic) for one in contacts}
    return {one for one, decision in decided.items() if decision.allowed}


def _uuid(global_id: str) -> UUID:
    return UUID(urlsafe_b64decode(global_id + "==").decode().removeprefix("Contact:"))


async def test_nobody_is_a_file_without_rows(actor: Actor) -> None:
    """An empty account is exported as a header alone, and as nothing at all in JSONL."""
    assert await rows(actor, "email") == []
    assert await rows(actor, "email", format=JSONL) == []


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), [("INVALID", "fields")]),
        (("email", "shoe_size", "topic:none", "consent:fax"), [("INVALID", f"fields.{place}") for place in (1, 2, 3)]),
        (("email", "email"), [("DUPLICATE", "fields.1")]),
        (("attribute:", "attribute:\0"), [("INVALID", "fields.0"), ("INVALID", "fields.1")]),
        (tuple(f"attribute:{n}" for n in range(51)), [("TOO_LARGE", "fields")]),
    ],
)
async def test_fields_are_checked_before_anything_starts(actor: Actor, names: tuple[str, ...], expected: Any) -> None:
    """What is no field, or named twice, is refused at once, each at its place."""
    with pytest.raises((DomainError, Refusals)) as error:
        await export_contacts(actor, NewExport(EVERYONE, names))
    assert refused(error.value) == expected


async def test_as_many_fields_as_may_be(actor: Actor) -> None:
    """The most fields that are taken can be written in both formats."""
    await person(actor, "a@example.com")
    names = [f"attribute:{n}" for n in range(fields.MAX_FIELDS)]
    assert [*(await rows(actor, *names))[0]] == names
    assert [*(await rows(actor, *names, format=JSONL))[0]] == names


async def test_the_topic_must_be_the_accounts(actor: Actor, stranger: Actor) -> None:
    """Another account's topic is not found."""
    for_ = EligibleFor(EMAIL, topic=(await topic_ids(stranger))[0])
    with pytest.raises(DomainError) as error:
        await export_contacts(actor, NewExport(EVERYONE, eligible_for=for_))
    assert refused(error.value) == [("NOT_FOUND", "eligibleFor.topic")]


async def test_the_same_key_gives_the_same_export(actor: Actor) -> None:
    """A request that is sent again starts nothing; with other fields its key is refused."""
    new = NewExport(EVERYONE, ["email"], idempotency_key="k")
    asked = await export_contacts(actor, new)
    assert (await export_contacts(actor, new)).id == asked.id
    with pytest.raises(DomainError) as error:
        await export_contacts(actor, NewExport(EVERYONE, ["id"], idempotency_key="k"))
    assert refused(error.value) == [("CONFLICT", "idempotencyKey")]


async def _many(actor: Actor, size: int = 3_000) -> None:
    """So many contacts with attributes that one export of them takes a while."""
    await pool().execute(
        """
        WITH made AS (
          INSERT INTO contact (account_id, id, attributes, updated_at)
          SELECT $1, uuidv7(), jsonb_build_object('k', repeat('x', 10000)), now() FROM generate_series(1, $2)
          RETURNING id)
        INSERT INTO contact_state (account_id, contact_id, topic_on) SELECT $1, id, true FROM made
        """,
        actor.account_id,
        size,
    )


@pytest.mark.parametrize("how", ["canceled", "stopped", "killed", "fault"])
async def test_what_was_not_written_to_its_end_is_no_result(
    actor: Actor, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canceled, stopped or killed half-way, an export leaves no file; begun anew it writes every row once."""
    await _many(actor)
    asked = await export_contacts(actor, NewExport(EVERYONE, ["id", "attribute:k"]))
    assert await claim(actor.account_id, asked.id)
    stopping = asyncio.Event()
    slow = _Slow(how, monkeypatch)
    writing = asyncio.create_task(write(actor.account_id, asked.id, stopping))
    await slow.half_way.wait()
    if how == "canceled":
        await cancel(actor, asked.id)
    elif how == "stopped":
        stopping.set()
    elif how == "killed":
        writing.cancel()
    slow.go_on.set()
    ended = (await asyncio.gather(writing, return_exceptions=True))[0]
    assert not await of_operations(actor, [asked.id])
    done = await now(actor, asked.id)
    if how == "canceled":
        assert (ended, done.status) == (Step.FINISHED, OperationStatus.CANCELED)
        return
    assert done.status is OperationStatus.RUNNING
    assert ended is Step.DONE if how == "stopped" else isinstance(ended, asyncio.CancelledError | OSError)
    monkeypatch.undo()
    text = await written(actor, asked)
    assert len(set(text.splitlines())) == 3_001
    assert (await now(actor, asked.id)).total == 3_000
    assert len(await of_operations(actor, [asked.id])) == 1


class _Slow:
    """A pipe that holds half-way until the test lets it go on, and then still leaves time to be noticed."""

    def __init__(self, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.half_way, self.go_on = asyncio.Event(), asyncio.Event()
        put, seen = Pipe.put, 0

        async def slow(pipe: Pipe, data: bytes) -> None:
            nonlocal seen
            seen += len(data)
            if seen > 15_000_000:
                self.half_way.set()
                await self.go_on.wait()
                if how == "fault":
                    raise OSError("the disk is full")
                await asyncio.sleep(0.1)
            await put(pipe, data)

        monkeypatch.setattr(Pipe, "put", slow)


async def test_one_worker_writes_it(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second worker that comes to the same export leaves it to the first."""
    await _many(actor)
    asked = await export_contacts(actor, NewExport(EVERYONE, ["id", "attribute:k"]))
    assert await claim(actor.account_id, asked.id)
    slow = _Slow("", monkeypatch)
    first = asyncio.create_task(write(actor.account_id, asked.id, asyncio.Event()))
    await slow.half_way.wait()
    assert await write(actor.account_id, asked.id, asyncio.Event()) is Step.NONE_LEFT
    monkeypatch.undo()
    slow.go_on.set()
    assert await first is Step.FINISHED
