"""The report of what did not go as asked."""

import csv
import io
from uuid import UUID

from domain.actor import Actor
from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.report import HEADER, report
from domain.bulk.values import BulkStatus
from domain.contacts.selection import Selection
from domain.infra.db import pool
from domain.values import ConsentStatus, Lifecycle
from tests.domain.bulk.working import EVIDENCE, crowd, work_off
from tests.domain.consent.population import Address, Person, account, settle

IN = BulkChange(Selection(everyone=True), BulkStatus.OPTED_IN, slots=[1, 2], evidence=EVIDENCE)


async def lines(actor: Actor, operation_id: UUID) -> list[list[str]]:
    """The report as a spreadsheet reads it."""
    text = "".join([batch async for batch in report(actor, operation_id)])
    return list(csv.reader(io.StringIO(text)))


async def test_a_line_for_each_refusal(db: None) -> None:
    """Contact, address, channel, code and words; also for a contact of which another address changed."""
    actor = await account()
    out = Address(consent=ConsentStatus.OPTED_OUT)
    people = [
        Person(points=[(1, out), (2, Address())]),
        Person(Lifecycle.ARCHIVED, [(1, Address())]),
        Person(),
        Person(points=[(1, Address())]),
    ]
    await settle(actor, people)
    done = await work_off(actor, (await bulk_change_status(actor, IN)).id)
    assert (done.changed, done.skipped) == (2, 2)
    header, *rows = await lines(actor, done.id)
    assert header == list(HEADER)
    assert {(row[0], row[3]) for row in rows} == {
        (str(people[0].id), "OPTED_OUT"),
        (str(people[1].id), "CONTACT_ARCHIVED"),
        (str(people[2].id), "NO_ADDRESS"),
    }
    assert [row[1:3] for row in rows if row[3] == "OPTED_OUT"] == [[f"{out.id}@example.com", "EMAIL"]]
    assert [row[1:3] for row in rows if row[3] == "NO_ADDRESS"] == [["", ""]]
    assert all(row[4] for row in rows)


async def test_an_erased_address_reads_empty(db: None) -> None:
    """The report keeps no copy of what erasure empties."""
    actor = await crowd(1, ConsentStatus.OPTED_OUT)
    done = await work_off(actor, (await bulk_change_status(actor, IN)).id)
    await pool().execute("UPDATE address SET value = NULL")
    assert (await lines(actor, done.id))[1][1:4] == ["", "EMAIL", "OPTED_OUT"]


async def test_no_cell_is_a_formula(db: None) -> None:
    """What a spreadsheet would run is led by an apostrophe."""
    actor = await crowd(1, ConsentStatus.OPTED_OUT)
    await pool().execute("""UPDATE address SET value = '=HYPERLINK("//evil")@example.com'""")
    done = await work_off(actor, (await bulk_change_status(actor, IN)).id)
    assert (await lines(actor, done.id))[1][1].startswith("'=")


async def test_nothing_refused_is_the_header_alone(db: None) -> None:
    """Also before the work starts, and for another account."""
    actor = await crowd(1)
    queued = await bulk_change_status(actor, IN)
    assert await lines(actor, queued.id) == [list(HEADER)]
