"""Opt-outs from elsewhere: what a list may look like, whom it reaches, and that it comes back on every path."""

import asyncio
import csv
import hashlib
import io
from typing import Any
from uuid import uuid4

import pytest

from domain.actor import Actor
from domain.bulk.cancel import cancel
from domain.bulk.claim import claim
from domain.bulk.operation import Operation
from domain.bulk.report import report
from domain.bulk.run_part import Step
from domain.bulk.values import OperationStatus
from domain.consent.lifecycle import archive
from domain.consent.opt_in import opt_in
from domain.contacts.queries import Lookup, find
from domain.contacts.update import ContactChanges, PointChange, update_contact
from domain.errors import DomainError, Refusals
from domain.imports.source import Inline, Uploaded
from domain.infra.db import pool
from domain.suppressions import reading
from domain.suppressions.import_suppressions import NewSuppressions, import_suppressions
from domain.suppressions.suppress import work_off
from domain.values import Channel, ConsentStatus
from tests.domain.bulk.working import now
from tests.domain.contacts.people import (
    CALL,
    EMAIL,
    POST,
    SMS,
    WRITTEN,
    counts_are_exact,
    opted_in,
    person,
    points_of,
    refused,
)
from tests.domain.imports import importing

OUT = ConsentStatus.OPTED_OUT


def sha256(value: str) -> str:
    """As other systems hand it over."""
    return hashlib.sha256(value.encode()).hexdigest()


async def brought(actor: Actor, text: str, channel: Channel = EMAIL, **more: Any) -> Operation:
    """The list worked off, as a worker does it."""
    asked = await import_suppressions(actor, NewSuppressions(Inline(text), channel, **more))
    assert await claim(actor.account_id, asked.id)
    assert await work_off(actor.account_id, asked.id, asyncio.Event()) is Step.FINISHED
    done = await now(actor, asked.id)
    assert done.status is OperationStatus.COMPLETED, done.error
    assert done.total == done.processed
    await counts_are_exact(actor)
    return done


def figures(done: Operation) -> tuple[int, int, int]:
    """Changed, unchanged, failed."""
    return done.changed, done.unchanged, done.failed


async def consents(actor: Actor, contact_id: Any) -> list[ConsentStatus]:
    """The permission of each of a contact's points."""
    return [point.consent for point in await points_of(actor, contact_id)]


async def suppressed(actor: Actor) -> list[tuple[str, str | None]]:
    """What is opted out: channel and value."""
    rows = await pool().fetch(
        "SELECT channel, value FROM address WHERE account_id = $1 AND consent = 'OPTED_OUT' ORDER BY 1, 2",
        actor.account_id,
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        "a@example.com\nb@example.com\n",
        "email\na@example.com\nb@example.com",
        "Name;E-Mail-Adresse\nAnn;a@example.com\nBob;B@EXAMPLE.com\n",
        "\ufeffEmail\r\n A@example.com \r\n\r\nb@example.com\r\n",
        "weird header\na@example.com\nb@example.com\na@example.com",
    ],
)
async def test_a_list_of_addresses(actor: Actor, text: str) -> None:
    """With a header or without, in a column of its own or one of many: its addresses stand opted out, nameless."""
    done = await brought(actor, text)
    assert done.changed == 2
    assert await suppressed(actor) == [("EMAIL", None), ("EMAIL", None)]
    assert await pool().fetchval("SELECT count(*) FROM contact WHERE account_id = $1", actor.account_id) == 0


@pytest.mark.parametrize("header", ["", "sha256\n", "whatever\n"])
async def test_a_list_of_hashes(actor: Actor, header: str) -> None:
    """SHA-256 of the lower-cased address, in either case, with a header or without."""
    contact = await opted_in(actor, "Ann@example.com")
    text = header + f"{sha256('ann@example.com').upper()}\n{sha256('new@example.com')}\n"
    done = await brought(actor, text, hashed=True)
    assert figures(done) == (2, 0, 0)
    assert await consents(actor, contact) == [OUT]
    assert await consents(actor, await person(actor, "New@example.com")) == [OUT]


@pytest.mark.parametrize(
    ("channel", "given", "written"),
    [
        (SMS, "(202) 555-0100", "+12025550100"),
        (CALL, "+1 202 555 0100", "+12025550100"),
        (POST, '"1  High Street\nLondon"', "1 High Street\nLondon"),
    ],
)
async def test_every_channel(actor: Actor, channel: Channel, given: str, written: str) -> None:
    """Numbers are read as elsewhere, in the account's country; only the channel that was named is withdrawn."""
    done = await brought(actor, given, channel)
    assert figures(done) == (1, 0, 0)
    rows = await pool().fetch("SELECT channel, consent FROM address WHERE account_id = $1", actor.account_id)
    assert [tuple(row) for row in rows] == [(channel, "OPTED_OUT")]
    assert figures(await brought(actor, f'"{written}"', channel)) == (0, 1, 0)


async def test_the_addresses_of_contacts_are_withdrawn(actor: Actor, stranger: Actor) -> None:
    """Active or archived, in any slot, opted in or not; each has its entry, and another account's have none."""
    active = await opted_in(actor, "a@example.com")
    archived = await opted_in(actor, "b@example.com")
    await archive(actor, archived)
    await person(stranger, "a@example.com")
    await brought(actor, "a@example.com\nb@example.com\n")
    assert await consents(actor, active) == await consents(actor, archived) == [OUT]
    rows = await pool().fetch(
        "SELECT contact_id, action, source, consent_from, consent_to FROM ledger"
        " WHERE account_id = $1 AND action = 'OPT_OUT' ORDER BY contact_id",
        actor.account_id,
    )
    expected = [(one, "OPT_OUT", "IMPORT", "SINGLE_OPT_IN", "OPTED_OUT") for one in (active, archived)]
    assert [tuple(row) for row in rows] == expected
    assert await suppressed(stranger) == []


async def test_a_shared_number_is_withdrawn_once(actor: Actor) -> None:
    """A family's phone has one entry, and each of them is counted as opted out."""
    family = [await person(actor, phone="+12025550100") for _ in range(3)]
    assert figures(await brought(actor, "+12025550100\n", SMS)) == (1, 0, 0)
    assert [await consents(actor, one) for one in family] == [[OUT]] * 3
    entries = "SELECT array_agg(contact_id) FROM ledger WHERE account_id = $1 AND action = 'OPT_OUT'"
    assert await pool().fetchval(entries, actor.account_id) == [min(family)]


async def test_the_same_list_again_changes_nothing(actor: Actor) -> None:
    """It is counted as unchanged, and the ledger stays as it is."""
    text = "a@example.com\nb@example.com\n"
    await brought(actor, text)
    entries = "SELECT count(*) FROM ledger WHERE account_id = $1"
    before = await pool().fetchval(entries, actor.account_id)
    assert figures(await brought(actor, text)) == (0, 2, 0)
    assert await pool().fetchval(entries, actor.account_id) == before == 2


async def test_bad_lines_are_in_the_report(actor: Actor) -> None:
    """Line, column, value, code and words; the rest goes in."""
    done = await brought(actor, "Email\na@example.com\nnobody\n\nb@@example.com\nc@example.com\n")
    assert figures(done) == (2, 0, 2)
    assert sum(done.outcomes.values()) == 2
    text = "".join([piece async for piece in report(actor, done.id)])
    found = list(csv.DictReader(io.StringIO(text)))
    assert [(row["line"], row["column"], row["value"], row["code"]) for row in found] == [
        ("3", "Email", "nobody", "INVALID"),
        ("5", "Email", "b@@example.com", "INVALID"),
    ]
    assert all(row["words"] for row in found)


async def test_a_bad_hash_is_in_the_report(actor: Actor) -> None:
    """An address among hashes, or half a hash, is no hash."""
    assert figures(await brought(actor, f"hash\na@example.com\n{'a' * 63}\n{'a' * 64}", hashed=True)) == (1, 0, 2)


@pytest.mark.parametrize("hashed", [False, True])
async def test_it_comes_back_on_every_path(actor: Actor, hashed: bool) -> None:
    """A new contact, an address put on another slot, and a changed address all come out opted out."""
    emails = ["create@example.com", "slot@example.com", "change@example.com"]
    await brought(actor, "\n".join(sha256(one) if hashed else one for one in emails), hashed=hashed)
    created = await person(actor, "Create@example.com")
    assert await consents(actor, created) == [OUT]
    other = await opted_in(actor, "fine@example.com")
    await update_contact(actor, other, ContactChanges(points=[PointChange(EMAIL, "slot@example.com", 2)]))
    assert await consents(actor, other) == [ConsentStatus.SINGLE_OPT_IN, OUT]
    await update_contact(actor, other, ContactChanges(points=[PointChange(EMAIL, "change@example.com", 1)]))
    assert await consents(actor, other) == [OUT, OUT]
    await counts_are_exact(actor)


@pytest.mark.parametrize("hashed", [False, True])
async def test_an_import_never_lifts_it(actor: Actor, hashed: bool) -> None:
    """A list that grants permission makes the contact and leaves the address opted out, in whatever case it comes."""
    await brought(actor, sha256("a@example.com") if hashed else "a@example.com", hashed=hashed)
    done = await importing.bring(actor, "email,accepts_marketing\nA@Example.com,true\nb@example.com,true\n")
    assert done.status is OperationStatus.COMPLETED
    known, new = [await find(actor, Lookup(email=one)) for one in ("a@example.com", "b@example.com")]
    assert known is not None
    assert new is not None
    assert await consents(actor, known.id) == [OUT]
    assert await consents(actor, new.id) == [ConsentStatus.SINGLE_OPT_IN]
    await counts_are_exact(actor)


async def test_one_operator_can_lift_it_with_written_evidence(actor: Actor) -> None:
    """WITH_EVIDENCE, as any other opt-out: the person asked for it since."""
    await brought(actor, "a@example.com\n")
    contact = await person(actor, "a@example.com")
    await opt_in(actor, contact, evidence=WRITTEN)
    assert await consents(actor, contact) == [ConsentStatus.SINGLE_OPT_IN]


@pytest.mark.parametrize("how", ["killed", "stopped", "canceled"])
async def test_a_list_is_taken_up_where_it_was_left(actor: Actor, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends it half-way, no line is counted or recorded twice, and what was done stays done."""
    monkeypatch.setattr(reading, "ROWS", 10)
    lines = [f"p{n}@example.com" for n in range(95)] + ["nobody"] * 5
    asked = await import_suppressions(actor, NewSuppressions(Inline("\n".join(lines))))
    assert await claim(actor.account_id, asked.id)
    stopping = asyncio.Event()
    working = asyncio.create_task(work_off(actor.account_id, asked.id, stopping))
    while not (await now(actor, asked.id)).processed:
        await asyncio.sleep(0)
    if how == "canceled":
        await cancel(actor, asked.id)
    elif how == "stopped":
        stopping.set()
    else:
        working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    done = await now(actor, asked.id)
    await counts_are_exact(actor)
    assert len(await suppressed(actor)) == done.changed
    if how == "canceled":
        assert done.status is OperationStatus.CANCELED
        assert 0 < done.processed < 100
        return
    assert await work_off(actor.account_id, asked.id, asyncio.Event()) is Step.FINISHED
    done = await now(actor, asked.id)
    assert (done.status, *figures(done)) == (OperationStatus.COMPLETED, 95, 0, 5)
    entries = "SELECT count(*), count(DISTINCT address_id) FROM ledger WHERE account_id = $1"
    assert tuple(await pool().fetchrow(entries, actor.account_id)) == (95, 95)
    assert await pool().fetchval("SELECT count(*) FROM bulk_refusal WHERE account_id = $1", actor.account_id) == 5


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Inline(" \n "), ("INVALID", "source.csv")),
        (Inline("%PDF-1.7 something"), ("INVALID", "source")),
        (Inline("x" * 300_000), ("TOO_LARGE", "source.csv")),
        (Uploaded(uuid4()), ("NOT_FOUND", "source.upload")),
    ],
)
async def test_what_is_no_list_is_refused_at_once(actor: Actor, source: Any, expected: tuple[str, str]) -> None:
    """Before anything starts, with the field it came in."""
    with pytest.raises((DomainError, Refusals)) as error:
        await import_suppressions(actor, NewSuppressions(source))
    assert refused(error.value) == [expected]


async def test_nobody_is_found_by_a_suppressed_address(actor: Actor) -> None:
    """It is no contact: looking it up finds nobody."""
    await brought(actor, "a@example.com\n")
    assert await find(actor, Lookup(email="a@example.com")) is None
