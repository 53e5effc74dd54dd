"""A broadcast is held, goes on, goes slowly, or is called off, also once all of it is in the outbox."""

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest

from api.relay import required
from domain.errors import DomainError
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.mail.batches import lines
from domain.messages.pause import cancel_broadcast, pause_broadcast, resume_broadcast
from tests.api.client import Client
from tests.api.test_messages import NEWS, broadcast, made, report
from tests.domain.contacts.people import account
from tests.mailing import Server, mailbox, send_mail

__all__ = ["mailbox"]

ARCHIVE = {"selection": {"everyone": True}, "status": "ARCHIVED"}
STATE = "query($id: ID!) { broadcastReport(id: $id) { total paused perSecond deliveries { status count } } }"
_GONE = "UPDATE mail_pace SET next_at = next_at - $1::interval"
_DUE = "UPDATE mail SET next_attempt_at = next_attempt_at - $1::interval, turn_at = turn_at - $1::interval"


async def people(api: Client, *emails: str) -> None:
    """Who may be sent it."""
    for email in emails:
        await api.opted_in(email)


async def test_held_and_gone_on(api: Client, mailbox: Server) -> None:
    """Paused, nothing is claimed and everything waits; resumed, it goes, once. Each twice is as good as once."""
    await people(api, "ada@example.org", "ben@example.org")
    operation = await broadcast(api)
    for _ in range(2):
        await api.changed("pauseBroadcast", "bulkOperation { status }", id=operation)
    await send_mail(api.actor.account_id)
    assert await lines(datetime.now(UTC)) == []
    assert (await api.query(STATE, id=operation))["broadcastReport"] == {
        "total": 2,
        "paused": True,
        "perSecond": None,
        "deliveries": [{"status": "QUEUED", "count": 2}],
    }
    for _ in range(2):
        await api.changed("resumeBroadcast", "bulkOperation { status }", id=operation)
    await send_mail(api.actor.account_id)
    await send_mail(api.actor.account_id)
    assert sorted(mailbox.recipients) == ["ada@example.org", "ben@example.org"]
    assert not (await api.query(STATE, id=operation))["broadcastReport"]["paused"]


@pytest.mark.parametrize("held", [True, False])
async def test_called_off(api: Client, mailbox: Server, *, held: bool) -> None:
    """Canceled while it is paused or not, also once the operation is COMPLETED: nobody is sent it, as is shown."""
    await people(api, "ada@example.org", "ben@example.org")
    operation = await broadcast(api)
    if held:
        await api.changed("pauseBroadcast", "bulkOperation { status }", id=operation)
    for _ in range(2):
        found = await api.changed("cancelBroadcast", "bulkOperation { status }", id=operation)
        assert found["bulkOperation"] == {"status": "COMPLETED"}
    await send_mail(api.actor.account_id)
    assert mailbox.recipients == []
    assert (await report(api, operation))[0] == {"CANCELED": 2}
    for again in ("pauseBroadcast", "resumeBroadcast"):
        assert await api.refused(again, id=operation) == [("ALREADY_FINISHED", ["id"])]


async def test_called_off_before_it_began(api: Client, mailbox: Server) -> None:
    """Nothing is written down, the operation is CANCELED; paused at that moment, it is the same."""
    await people(api, "ada@example.org")
    for held in (True, False):
        template = await made(api, NEWS | {"key": f"news{int(held)}"})
        given = {"template": template, "selection": {"everyone": True}}
        queued = (await api.changed("sendBroadcast", "bulkOperation { id }", **given))["bulkOperation"]["id"]
        if held:
            await api.changed("pauseBroadcast", "bulkOperation { status }", id=queued)
        found = await api.changed("cancelBroadcast", "bulkOperation { status }", id=queued)
        assert found["bulkOperation"] == {"status": "CANCELED"}
    await send_mail(api.actor.account_id)
    assert mailbox.recipients == []


async def test_nobody_elses(api: Client) -> None:
    """Another account's broadcast, and what is no broadcast, is NOT_FOUND."""
    await people(api, "ada@example.org")
    queued = (await api.changed("bulkChangeStatus", "bulkOperation { id }", **ARCHIVE))["bulkOperation"]["id"]
    for name in ("pauseBroadcast", "resumeBroadcast", "cancelBroadcast"):
        assert await api.refused(name, id=queued) == [("NOT_FOUND", ["id"])]
    stranger, operation = await account(), required("BulkOperation", await broadcast(api), "id")
    for verb in (pause_broadcast, resume_broadcast, cancel_broadcast):
        with pytest.raises(DomainError) as refusal:
            await verb(stranger, operation)
        assert refusal.value.code == "NOT_FOUND"


async def _later(**by: float) -> None:
    """Have so much time pass for the pace, and for those who wait for their turn."""
    for statement in (_GONE, _DUE):
        await pool().execute(statement, timedelta(**by))


async def test_as_many_a_second_as_asked_for(api: Client, mailbox: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two a second: two go at once, and no more until time has passed; whatever was not used up does not pile up."""
    monkeypatch.setattr("domain.mail.stream._SOON", 0)
    await people(api, *(f"p{n}@example.org" for n in range(20)))
    operation, began = await broadcast(api, perSecond=2), monotonic()
    for seconds, idle in enumerate((1, 1, 3_600, 0), 1):
        await send_mail(api.actor.account_id)
        # Time in which nobody worked gives one second of it; on a slow machine some passes meanwhile.
        assert 2 * seconds <= len(mailbox.mails) <= 2 * (seconds + monotonic() - began)
        await _later(seconds=idle)
    assert (await api.query(STATE, id=operation))["broadcastReport"]["perSecond"] == 2
    asked: dict[str, Any] = {"template": "x", "selection": {"everyone": True}, "perSecond": 0}
    asked["template"] = await made(api, NEWS | {"key": "other"})
    assert await api.refused("sendBroadcast", **asked) == [("INVALID", ["perSecond"])]


async def test_as_many_as_a_domain_takes(api: Client, mailbox: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """One every ten seconds to example.org: the others wait for their turn each, and hold nobody else up."""
    monkeypatch.setattr("domain.mail.stream._SOON", 0)
    monkeypatch.setenv("ASSENT_MAIL_DOMAIN_LIMITS", "example.org=0.1")
    settings.cache_clear()
    try:
        await people(api, *(f"p{n}@example.org" for n in range(3)), *(f"p{n}@example.com" for n in range(3)))
        operation = await broadcast(api)
        await send_mail(api.actor.account_id)
        assert len(mailbox.recipients) == 4
        assert (await report(api, operation))[0] == {"QUEUED": 2, "SENT": 4}
        for gone in (5, 6):
            await _later(seconds=10)
            await send_mail(api.actor.account_id)
            assert len(mailbox.recipients) == gone
    finally:
        settings.cache_clear()


async def test_late_for_its_turn(api: Client, mailbox: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a standstill, those whose turns have passed do not all go at once: they are told new ones."""
    monkeypatch.setattr("domain.mail.stream._SOON", 0)
    monkeypatch.setenv("ASSENT_MAIL_DOMAIN_LIMITS", "example.org=0.1")
    settings.cache_clear()
    try:
        await people(api, *(f"p{n}@example.org" for n in range(4)))
        operation = await broadcast(api)
        await send_mail(api.actor.account_id)
        await _later(hours=1)
        await send_mail(api.actor.account_id)
        assert (await report(api, operation))[0] == {"QUEUED": 2, "SENT": 2}
    finally:
        settings.cache_clear()
