"""`sendBroadcast` with `sendAt`, from outside."""

from datetime import UTC, datetime, timedelta

from tests.api.client import Client
from tests.api.test_journeys import made_template

WANTED = "bulkOperation { id status startsAt startedAt total }"


async def test_later_and_canceled(api: Client) -> None:
    """Shown with its moment, canceled before it; moments that are past or far away, or are none, are refused."""
    await api.opted_in("ada@example.org")
    asked = {"template": await made_template(api), "selection": {"everyone": True}}
    at = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0)
    made = (await api.changed("sendBroadcast", WANTED, **asked, sendAt=at.isoformat()))["bulkOperation"]
    assert datetime.fromisoformat(made["startsAt"]) == at
    assert (made["status"], made["startedAt"], made["total"]) == ("QUEUED", None, None)
    ended = await api.changed("cancelBulkOperation", WANTED, id=made["id"])
    assert ended["bulkOperation"]["status"] == "CANCELED"
    at_once = (await api.changed("sendBroadcast", WANTED, **asked))["bulkOperation"]
    assert at_once["startsAt"] is None
    for moment in (at - timedelta(days=3), at + timedelta(days=400)):
        assert await api.refused("sendBroadcast", **asked, sendAt=moment.isoformat()) == [("INVALID", ["sendAt"])]
    text = "mutation($input: SendBroadcastInput!) { sendBroadcast(input: $input) { userErrors { code } } }"
    error = await api.error(text, input=asked | {"sendAt": "tomorrow"})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
