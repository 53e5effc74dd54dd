"""exportContacts and exportSuppressions, from outside: the file behind `resultUrl`."""

import asyncio
import csv
import hashlib
import io
from typing import Any
from urllib.parse import urlsplit

import orjson

from api.relay import required
from domain.bulk.claim import claim
from domain.bulk.run_part import Step
from domain.exports.write import write
from tests.api.client import Client, connected

OPERATION = "bulkOperation { id kind status summary resultUrl total unchanged progress }"


async def written(api: Client, mutation: str, **given: Any) -> dict[str, Any]:
    """The operation after a worker came by."""
    asked = (await api.changed(mutation, OPERATION, **given))["bulkOperation"]
    assert (asked["kind"], asked["status"], asked["resultUrl"]) == ("EXPORT", "QUEUED", None)
    operation_id = required("BulkOperation", asked["id"])
    assert await claim(api.actor.account_id, operation_id)
    assert await write(api.actor.account_id, operation_id, asyncio.Event()) is Step.FINISHED
    shown = "status summary resultUrl total unchanged progress"
    text = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkOperation {{ {shown} }} }} }}"
    done: dict[str, Any] = (await api.query(text, id=asked["id"]))["node"]
    assert (done["status"], done["progress"]) == ("COMPLETED", 1.0)
    return done


async def download(url: str) -> Any:
    """What the link leads to, without a key."""
    async with connected() as http:
        return await http.get(urlsplit(url).path)


async def rows(api: Client, mutation: str, **given: Any) -> list[dict[str, str]]:
    """The rows of a CSV."""
    response = await download((await written(api, mutation, **given))["resultUrl"])
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(response.text)))


async def test_a_file_of_everyone(api: Client) -> None:
    """It holds the ids that the API speaks, and the operation counts whom it wrote."""
    ann = await api.contact("ann@example.com", firstName="Ann")
    (row,) = await rows(api, "exportContacts", selection={"everyone": True})
    assert (row["id"], row["email"], row["first_name"]) == (ann["id"], "ann@example.com", "Ann")


async def test_only_those_who_may_be_sent_it(api: Client) -> None:
    """`eligibleFor` leaves out whom `sendDecision` would."""
    await api.contact("no@example.com")
    await api.opted_in("yes@example.com")
    for_ = {"channel": "EMAIL", "purpose": "BROADCAST"}
    found = await rows(api, "exportContacts", selection={"everyone": True}, fields=["email"], eligibleFor=for_)
    assert found == [{"email": "yes@example.com"}]


async def test_proof_in_json(api: Client) -> None:
    """JSONL holds an object a line, with the proof of each consent that was asked for."""
    await api.opted_in("yes@example.com")
    given = {"selection": {"everyone": True}, "fields": ["email", "consent:email", "proof:email"], "format": "JSONL"}
    done = await written(api, "exportContacts", **given)
    (line,) = (await download(done["resultUrl"])).text.splitlines()
    row = orjson.loads(line)
    assert (row["email"], row["consent:email"], row["proof:email"]["method"]) == (
        "yes@example.com",
        "SINGLE_OPT_IN",
        "PAPER_FORM",
    )


async def test_refusals_name_the_field(api: Client, other: Client) -> None:
    """Fields, topics and selections are checked before anything starts."""
    everyone = {"everyone": True}
    assert await api.refused("exportContacts", selection=everyone, fields=["shoe"]) == [("INVALID", ["fields", "0"])]
    topic = (await other.query("{ topics { id } }"))["topics"][0]["id"]
    for_ = {"channel": "EMAIL", "topic": topic}
    found = await api.refused("exportContacts", selection=everyone, eligibleFor=for_)
    assert found == [("NOT_FOUND", ["eligibleFor", "topic"])]
    found = await api.refused("exportContacts", selection={"everyone": False})
    assert found == [("INVALID", ["selection", "everyone"])]


async def test_a_link_leads_to_its_own_file(api: Client) -> None:
    """Forged, or for another purpose, it leads nowhere."""
    done = await written(api, "exportContacts", selection={"everyone": True})
    token = urlsplit(done["resultUrl"]).path.rpartition("/")[2]
    assert (await download(f"http://x/files/{token}")).status_code == 404
    assert (await download(f"http://x/results/x{token}")).status_code == 404


async def test_opt_outs_alone(api: Client) -> None:
    """Addresses, or their SHA-256, and when they opted out; nobody else's."""
    ann = await api.contact("Ann@example.com")
    await api.changed("optOutContact", contactId=ann["id"])
    await api.contact("bob@example.com")
    (row,) = await rows(api, "exportSuppressions", channel="EMAIL")
    assert row["address"] == "Ann@example.com"
    assert row["opted_out_at"]
    (row,) = await rows(api, "exportSuppressions", hashed=True)
    assert row["sha256"] == hashlib.sha256(b"ann@example.com").hexdigest()
    done = await written(api, "exportSuppressions", format="JSONL")
    assert orjson.loads((await download(done["resultUrl"])).text)["address"] == "Ann@example.com"
