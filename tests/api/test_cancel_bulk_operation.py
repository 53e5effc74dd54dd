"""cancelBulkOperation, and the list of operations."""

from tests.api.client import Client


async def start(api: Client, **given: object) -> str:
    """The id of a new operation on everyone."""
    started = await api.changed(
        "bulkChangeStatus", "bulkOperation { id }", selection={"everyone": True}, status="OPTED_OUT", **given
    )
    found: str = started["bulkOperation"]["id"]
    return found


async def test_one_that_has_not_begun_is_canceled_at_once(api: Client) -> None:
    """Nothing is changed by it, and asking again is refused since it has ended."""
    await api.contact()
    operation = await start(api)
    canceled = await api.changed("cancelBulkOperation", "bulkOperation { status processed }", id=operation)
    assert canceled["bulkOperation"] == {"status": "CANCELED", "processed": 0}
    ((code, _),) = await api.refused("cancelBulkOperation", id=operation)
    assert code == "ALREADY_FINISHED"


async def test_an_operation_that_is_none(api: Client) -> None:
    """An unknown id is NOT_FOUND."""
    assert await api.refused("cancelBulkOperation", id="QnVsa09wZXJhdGlvbjo") == [("NOT_FOUND", ["id"])]


async def test_operations_are_listed_newest_first(api: Client) -> None:
    """They come page by page, and by kind."""
    await api.contact()
    ids = [await start(api, idempotencyKey=str(number)) for number in range(3)]
    text = """query($after: String, $kind: BulkOperationKind) { bulkOperations(first: 2, after: $after, kind: $kind) {
        nodes { id } pageInfo { hasNextPage endCursor } } }"""
    one = (await api.query(text))["bulkOperations"]
    two = (await api.query(text, after=one["pageInfo"]["endCursor"]))["bulkOperations"]
    assert [node["id"] for node in one["nodes"] + two["nodes"]] == ids[::-1]
    assert (one["pageInfo"]["hasNextPage"], two["pageInfo"]["hasNextPage"]) == (True, False)
    assert (await api.query(text, kind="IMPORT"))["bulkOperations"]["nodes"] == []
