"""importSuppressions, from outside."""

import asyncio
import hashlib

from api.relay import required
from domain.bulk.claim import claim
from domain.bulk.run_part import Step
from domain.suppressions.suppress import work_off
from tests.api.client import EVIDENCE, Client, consents

OPERATION = "bulkOperation { id kind status summary }"


async def brought(api: Client, **given: object) -> str:
    """A list, worked off; its operation."""
    asked = (await api.changed("importSuppressions", OPERATION, **given))["bulkOperation"]
    assert (asked["kind"], asked["status"]) == ("SUPPRESS", "QUEUED")
    operation_id = required("BulkOperation", asked["id"])
    assert await claim(api.actor.account_id, operation_id)
    assert await work_off(api.actor.account_id, operation_id, asyncio.Event()) is Step.FINISHED
    return str(asked["id"])


async def test_a_suppressed_address_comes_back_opted_out(api: Client) -> None:
    """It makes no contact; whoever brings the address later brings it opted out, until written evidence lifts it."""
    await brought(api, source={"csv": "email\nann@example.com\n"})
    assert (await api.query("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 0
    ann = await api.contact("ann@example.com")
    assert consents(ann) == ["OPTED_OUT"]
    lifted = await api.changed("optInContact", contactId=ann["id"], evidence=EVIDENCE)
    assert consents(lifted["contact"]) == ["SINGLE_OPT_IN"]


async def test_hashes_withdraw_a_contact(api: Client) -> None:
    """The address behind a hash is opted out, and the operation says how many lines it had."""
    ann = await api.opted_in("ann@example.com")
    digest = hashlib.sha256(b"ann@example.com").hexdigest()
    operation = await brought(api, source={"csv": f"{digest}\nnonsense"}, hashed=True)
    text = """query($id: ID!, $contact: ID!) {
      operation: node(id: $id) { ... on BulkOperation { status total changed failed outcomes { code count } } }
      contact: node(id: $contact) { ... on Contact { points { consent } events { nodes { action source } } } } }"""
    found = await api.query(text, id=operation, contact=ann["id"])
    assert found["operation"] == {
        "status": "COMPLETED",
        "total": 2,
        "changed": 1,
        "failed": 1,
        "outcomes": [{"code": "INVALID", "count": 1}],
    }
    assert found["contact"]["points"] == [{"consent": "OPTED_OUT"}]
    assert found["contact"]["events"]["nodes"][0] == {"action": "OPT_OUT", "source": "IMPORT"}


async def test_what_is_no_list_is_refused(api: Client) -> None:
    """With the field that it came in."""
    assert await api.refused("importSuppressions", source={"csv": " "}) == [("INVALID", ["source", "csv"])]
    assert await api.refused("importSuppressions", source={"upload": "nothing"}) == [
        ("NOT_FOUND", ["source", "upload"])
    ]
