"""Webhooks through the API: made, changed, tested, sent again, and told by a worker what a mutation did."""

import asyncio
import logging
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from api.relay import global_id
from domain.actor import Scope
from domain.infra.settings import settings
from domain.webhooks import create, deliver, payload, update
from tests.api.client import Client
from tests.domain.webhooks.conftest import delivering
from tests.domain.webhooks.receiver import Receiver

WEBHOOK = "webhook { id url actions enabled deliveredUpTo lastError disabledAt oldSecretUntil createdAt }"
DELIVERY = "delivery { id kind messageId after upTo events attempt delivered status error milliseconds sentAt }"
LOG = """query($id: ID!, $first: Int, $after: String) { webhookDeliveries(webhook: $id, first: $first, after: $after) {
  nodes { id kind messageId events attempt delivered status error sentAt }
  pageInfo { hasNextPage hasPreviousPage endCursor } } }"""


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's host is allowed, and pauses are short."""
    given = settings().model_copy(update={"webhook_allowed_hosts": "127.0.0.1", "webhook_pause": 0.01})
    for module in (create, deliver, update):
        monkeypatch.setattr(module, "settings", lambda: given)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything."""
    async with Receiver() as one:
        yield one


async def made(api: Client, receiver: Receiver, **given: Any) -> dict[str, Any]:
    """A webhook that the receiver answers for."""
    created = await api.changed("createWebhook", f"{WEBHOOK} secret", url=receiver.url, **given)
    receiver.secret = created["secret"]
    webhook: dict[str, Any] = created["webhook"]
    return webhook


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What an answer is, once it is something."""
    async with asyncio.timeout(30):
        while not (found := await ask()):
            await asyncio.sleep(0.01)
    return found


async def log(api: Client, webhook: str, **given: Any) -> list[dict[str, Any]]:
    """The lines of the log, newest first."""
    nodes: list[dict[str, Any]] = (await api.query(LOG, id=webhook, **given))["webhookDeliveries"]["nodes"]
    return nodes


async def test_an_opt_in_is_delivered_as_the_feed_shows_it(api: Client, receiver: Receiver) -> None:
    """The events of a delivery are those of `consentEvents`, field by field."""
    webhook = await made(api, receiver)
    assert webhook["enabled"] is True
    assert len(webhook["actions"]) > 10
    async with delivering():
        contact = await api.opted_in("ada@example.org")
        await receiver.until(lambda r: len(r.positions) == 3)
    feed = await api.query(
        """query($after: String) { consentEvents(after: $after) { nodes { id position action source actor
           contact { id } channel address topic { id key } from to evidence { method statement obtainedAt url ip
           userAgent } reason bulkOperation { id } occurredAt } } }""",
        after=webhook["deliveredUpTo"],
    )
    sent = [event for body in receiver.taken for event in body["data"]["events"]]
    shown = feed["consentEvents"]["nodes"]
    for event in (*sent, *shown):
        event["occurredAt"] = event["occurredAt"][:19]
    assert sent == shown
    assert sent[2]["contact"] == {"id": contact["id"]}
    assert receiver.taken[0]["type"] == "consent.events"
    (now,) = (await api.query("{ webhooks { id deliveredUpTo lastError } }"))["webhooks"]
    assert now == {"id": webhook["id"], "deliveredUpTo": sent[2]["position"], "lastError": None}
    assert payload.global_id("Contact", api.actor.account_id) == global_id("Contact", api.actor.account_id)


async def test_the_secret_is_shown_once(api: Client, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """256 bits in the form that libraries read; in no other answer, and in no log."""
    with caplog.at_level(logging.DEBUG):
        created = await api.changed("createWebhook", f"{WEBHOOK} secret", url=receiver.url)
    assert created["secret"].startswith("whsec_")
    assert len(b64decode(created["secret"].removeprefix("whsec_"))) == 32
    assert created["secret"] not in caplog.text
    again = await api.query("query($id: ID!) { node(id: $id) { ... on Webhook { url } } }", id=created["webhook"]["id"])
    assert again["node"] == {"url": receiver.url}
    rotated = await api.changed("rotateWebhookSecret", f"{WEBHOOK} secret", id=created["webhook"]["id"], overlap=2)
    assert rotated["secret"] not in ("", created["secret"])
    assert rotated["webhook"]["oldSecretUntil"] is not None
    assert await api.refused("rotateWebhookSecret", id=created["webhook"]["id"], overlap=169) == [
        ("INVALID", ["overlap"])
    ]


async def test_changed_switched_and_deleted(api: Client, receiver: Receiver) -> None:
    """What is left out stays; null actions mean all again; a deleted one is gone with its log."""
    webhook = await made(api, receiver, actions=["OPT_IN", "OPT_OUT", "OPT_IN"])
    assert webhook["actions"] == ["OPT_IN", "OPT_OUT"]
    changed = await api.changed("updateWebhook", WEBHOOK, id=webhook["id"], url="https://example.com/hook")
    assert (changed["webhook"]["url"], changed["webhook"]["actions"]) == (
        "https://example.com/hook",
        webhook["actions"],
    )
    changed = await api.changed("updateWebhook", WEBHOOK, id=webhook["id"], actions=None)
    assert len(changed["webhook"]["actions"]) > 10
    off = await api.changed("disableWebhook", WEBHOOK, id=webhook["id"])
    assert off["webhook"]["enabled"] is False
    assert off["webhook"]["disabledAt"] is not None
    on = await api.changed("enableWebhook", WEBHOOK, id=webhook["id"])
    assert on["webhook"]["enabled"] is True
    gone = await api.changed("deleteWebhook", "deletedId", id=webhook["id"])
    assert gone["deletedId"] == webhook["id"]
    assert await api.refused("deleteWebhook", id=webhook["id"]) == [("NOT_FOUND", ["id"])]
    assert await api.query("{ webhooks { id } }") == {"webhooks": []}


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"url": ""}, ("REQUIRED", ["url"])),
        ({"url": "http://example.com/"}, ("INVALID", ["url"])),
        ({"url": "https://10.0.0.1/"}, ("INVALID", ["url"])),
        ({"url": "https://user:word@example.com/"}, ("INVALID", ["url"])),
        ({"url": f"https://example.com/{'x' * 2_000}"}, ("TOO_LARGE", ["url"])),
        ({"url": "https://example.com/", "actions": []}, ("INVALID", ["actions"])),
        ({"url": "https://example.com/", "after": "x"}, ("INVALID", ["after"])),
        ({"url": "https://example.com/", "after": "9223372036854775807"}, ("INVALID", ["after"])),
    ],
)
async def test_what_is_refused(api: Client, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    """Each with its code and its field."""
    assert await api.refused("createWebhook", **given) == [refusal]


async def test_a_webhook_from_the_beginning(api: Client, receiver: Receiver) -> None:
    """`after: "0"` delivers what the ledger has held all along."""
    await api.contact()
    await made(api, receiver, after="0")
    async with delivering():
        await receiver.until(lambda r: len(r.positions) == 2)


async def test_a_test_and_a_delivery_once_more(api: Client, receiver: Receiver) -> None:
    """Both are signed; the delivery goes under its first id, and neither moves the bookmark."""
    webhook = await made(api, receiver)
    async with delivering():
        asked = await api.changed("testWebhook", DELIVERY, id=webhook["id"])
        assert (asked["delivery"]["kind"], asked["delivery"]["sentAt"]) == ("TEST", None)
        await receiver.until(lambda r: r.seen == 1)
        assert receiver.taken[0]["type"] == "webhook.test"
        await api.contact()
        await receiver.until(lambda r: len(r.positions) == 2)
        first = await until(lambda: _newest(api, webhook["id"], "EVENTS"))
        await api.changed("redeliverWebhook", DELIVERY, deliveryId=first["id"])
        await receiver.until(lambda r: len(r.positions) == 4)
        again = await until(lambda: _newest(api, webhook["id"], "REDELIVERY"))
    assert receiver.positions[2:] == receiver.positions[:2]
    assert again["messageId"] == first["messageId"] == receiver.headers[-1]["webhook-id"]
    assert (again["delivered"], again["status"], again["events"]) == (True, 204, 2)
    node = "query($id: ID!) { node(id: $id) { ... on WebhookDelivery { kind } } }"
    assert (await api.query(node, id=again["id"]))["node"] == {"kind": "REDELIVERY"}
    assert await api.refused("redeliverWebhook", deliveryId=webhook["id"]) == [("NOT_FOUND", ["deliveryId"])]


async def test_a_delivery_once_more_asks_for_what_the_endpoint_takes_now(api: Client, receiver: Receiver) -> None:
    """An endpoint that takes less by now is not sent the rest again, under the same id and the same positions."""
    webhook = await made(api, receiver)
    async with delivering():
        await api.contact()
        await receiver.until(lambda r: len(r.positions) == 2)
        first = await until(lambda: _newest(api, webhook["id"], "EVENTS"))
        await api.changed("updateWebhook", "webhook { id }", id=webhook["id"], actions=["ADDRESS_ADDED"])
        await api.changed("redeliverWebhook", DELIVERY, deliveryId=first["id"])
        await receiver.until(lambda r: len(r.positions) == 3)
        again = await until(lambda: _newest(api, webhook["id"], "REDELIVERY"))
    assert receiver.positions[2] == receiver.positions[1]
    assert (again["messageId"], again["events"]) == (first["messageId"], 1)
    assert receiver.taken[-1]["data"]["upTo"] == receiver.taken[0]["data"]["upTo"]


async def _newest(api: Client, webhook: str, kind: str) -> dict[str, Any] | None:
    lines = await log(api, webhook)
    return next((line for line in lines if line["kind"] == kind and line["sentAt"]), None)


async def test_pages_of_the_log(api: Client, receiver: Receiver) -> None:
    """Newest first, by key."""
    webhook = await made(api, receiver)
    for _ in range(3):
        await api.changed("testWebhook", DELIVERY, id=webhook["id"])
    first = (await api.query(LOG, id=webhook["id"], first=2))["webhookDeliveries"]
    rest = (await api.query(LOG, id=webhook["id"], first=2, after=first["pageInfo"]["endCursor"]))["webhookDeliveries"]
    ids = [node["id"] for node in first["nodes"] + rest["nodes"]]
    assert len(set(ids)) == 3
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert (await api.error(LOG, id=webhook["id"], after="x"))["extensions"]["code"] == "INVALID"


async def test_too_many(api: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither endpoints nor errands without end."""
    monkeypatch.setattr("domain.webhooks.rules.MOST", 1)
    monkeypatch.setattr("domain.webhooks.errands.MOST_WAITING", 1)
    webhook = await made(api, receiver)
    assert await api.refused("createWebhook", url=receiver.url) == [("TOO_LARGE", None)]
    await api.changed("testWebhook", DELIVERY, id=webhook["id"])
    assert await api.refused("testWebhook", id=webhook["id"]) == [("TOO_LARGE", None)]


async def test_another_accounts_webhooks(api: Client, other: Client, receiver: Receiver) -> None:
    """Nothing of them can be seen or changed, and `node` is for administrators alone."""
    webhook = await made(api, receiver)
    for mutation in ("updateWebhook", "enableWebhook", "disableWebhook", "deleteWebhook", "rotateWebhookSecret"):
        assert await other.refused(mutation, id=webhook["id"]) == [("NOT_FOUND", ["id"])]
    assert await other.refused("testWebhook", id=webhook["id"]) == [("NOT_FOUND", ["id"])]
    assert (await other.error(LOG, id=webhook["id"]))["extensions"]["code"] == "NOT_FOUND"
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert await other.query(node, id=webhook["id"]) == {"node": None}
    reader = await api.with_scopes(Scope.READ)
    assert (await reader.error(node, id=webhook["id"]))["extensions"]["code"] == "FORBIDDEN"


async def test_opting_out_is_delivered_within_moments(api: Client, receiver: Receiver) -> None:
    """The bell wakes the worker: an opt-out arrives without waiting for the next look."""
    await made(api, receiver, actions=["OPT_OUT"])
    contact = await api.opted_in()
    async with delivering():
        await api.changed("optOutContact", contactId=contact["id"])
        await receiver.until(lambda r: len(r.positions) == 1)
    assert receiver.taken[0]["data"]["events"][0]["to"] == "OPTED_OUT"
