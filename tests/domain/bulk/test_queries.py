"""Pages of operations."""

from domain.bulk.change_status import BulkChange, bulk_change_status
from domain.bulk.queries import operation, operations, page
from domain.bulk.values import BulkKind, BulkStatus
from domain.contacts.selection import Selection
from domain.window import Window
from tests.domain.bulk.working import crowd

OUT = BulkChange(Selection(everyone=True), BulkStatus.OPTED_OUT)


async def test_newest_first_by_key(db: None) -> None:
    """Pages follow each other without gap or repeat, from either end, and hold one account's operations alone."""
    actor, stranger = await crowd(1), await crowd(1)
    made = [(await bulk_change_status(actor, OUT)).id for _ in range(5)]
    await bulk_change_status(stranger, OUT)
    newest = await page(actor, Window(first=3))
    rest = await page(actor, Window(first=3, after=newest.rows[-1].id))
    assert [found.id for found in (*newest.rows, *rest.rows)] == made[::-1]
    oldest = await page(actor, Window(last=3))
    before = await page(actor, Window(last=3, before=oldest.rows[0].id))
    assert [found.id for found in (*before.rows, *oldest.rows)] == made[::-1]
    assert (await page(actor, Window(), BulkKind.IMPORT)).rows == []
    assert len((await page(actor, Window(), BulkKind.CHANGE_STATUS)).rows) == 5


async def test_by_ids(db: None) -> None:
    """Those that the account has; one that it has not is None."""
    actor, stranger = await crowd(1), await crowd(1)
    mine, other = await bulk_change_status(actor, OUT), await bulk_change_status(stranger, OUT)
    assert await operations(actor, [mine.id, other.id]) == {mine.id: mine}
    assert await operation(actor, other.id) is None
