"""Secrets: encrypted where they lie, readable after ASSENT_SECRET changed, and by both names while they overlap."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from uuid_utils.compat import uuid7

from domain.actor import Actor
from domain.infra.db import pool
from domain.infra.settings import settings
from domain.webhooks import queries, rules, sealed
from domain.webhooks.claim import endpoint as state_of
from domain.webhooks.deliver import _secrets
from domain.webhooks.update import enable_webhook, rotate_secret
from tests.domain.webhooks.conftest import delivering, endpoint, entries
from tests.domain.webhooks.receiver import Receiver
from tests.domain.webhooks.test_deliver import disabled, settled


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything."""
    async with Receiver() as one:
        yield one


def under(patch: pytest.MonkeyPatch, secret: str, old: str | None = None) -> None:
    """Have ASSENT_SECRET and ASSENT_SECRETS_OLD say this."""
    given = settings().model_copy(update={"secret": SecretStr(secret), "secrets_old": old and SecretStr(old)})
    patch.setattr(sealed, "settings", lambda: given)


def test_what_lies_in_the_table_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret cannot be seen in it, nor be read for another endpoint or under another ASSENT_SECRET."""
    key, secret, before = uuid7(), sealed.new_secret(), "the first secret of some length and for this test"
    under(monkeypatch, before)
    kept = sealed.seal(secret, key)
    assert secret not in kept
    assert sealed.seal(secret, key) != kept
    assert sealed.unseal(kept, key) == (secret, True)
    with pytest.raises(sealed.Unreadable):
        sealed.unseal(kept, uuid7())
    under(monkeypatch, "another secret of some length, for this test", before)
    assert sealed.unseal(kept, key) == (secret, False)
    under(monkeypatch, "another secret of some length, for this test")
    with pytest.raises(sealed.Unreadable):
        sealed.unseal(kept, key)


async def test_a_changed_assent_secret(actor: Actor, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named among the old ones, the first delivery encrypts anew; forgotten, the endpoint waits for a rotation."""
    made = await endpoint(actor, receiver)
    before = settings().secret
    assert before is not None
    first = "the first other secret, for this test alone"
    under(monkeypatch, first, before.get_secret_value())
    async with delivering():
        written = await entries(actor, 1)
        await settled(actor, made.row, written[-1])
        under(monkeypatch, first)
        written += await entries(actor, 1)
        await settled(actor, made.row, written[-1])
        under(monkeypatch, "the second other secret, for this test alone")
        written += await entries(actor, 1)
        row = await disabled(actor, made.row)
        assert "ASSENT_SECRET" in (row.last_error or "")
        receiver.secret = (await rotate_secret(actor, made.row.id, 0)).secret
        await enable_webhook(actor, made.row.id)
        await settled(actor, made.row, written[-1])
    assert receiver.positions == written
    assert receiver.forged == 0


async def test_both_sign_while_they_overlap(actor: Actor, receiver: Receiver) -> None:
    """Receivers with the old and with the new secret both accept; after the overlap only the new one signs."""
    made = await endpoint(actor, receiver)
    rotated = await rotate_secret(actor, made.row.id, 1)
    assert rotated.secret != made.secret
    async with delivering():
        written = await entries(actor, 1)
        await settled(actor, made.row, written[-1])
        assert receiver.headers[-1]["webhook-signature"].count("v1,") == 2
        receiver.secret = rotated.secret
        written += await entries(actor, 1)
        await settled(actor, made.row, written[-1])
        await pool().execute(
            "UPDATE webhook SET old_secret_until = $2 WHERE account_id = $1",
            actor.account_id,
            datetime.now(UTC) - timedelta(seconds=1),
        )
        written += await entries(actor, 1)
        await settled(actor, made.row, written[-1])
    assert receiver.headers[-1]["webhook-signature"].count("v1,") == 1
    assert receiver.positions == written


async def test_no_overlap_after_a_leak(actor: Actor, receiver: Receiver) -> None:
    """With 0 hours the old secret is gone at once."""
    made = await endpoint(actor, receiver)
    rotated = await rotate_secret(actor, made.row.id, 0)
    state = await state_of(actor.account_id, made.row.id)
    assert state is not None
    assert [sealed.shown(secret) for secret in await _secrets(state)] == [rotated.secret]
    assert (await queries.webhook(actor, made.row.id)).old_secret_until is None


async def test_what_is_changed_between_two_batches_counts_at_once(actor: Actor, receiver: Receiver) -> None:
    """A secret that leaked signs nothing more, though the worker that holds the endpoint has another batch to send."""
    receiver.hold = True
    made = await endpoint(actor, receiver)
    written = await entries(actor, rules.BATCH + 1)
    async with delivering():
        await receiver.until(lambda r: r.seen >= 1)
        receiver.secret = (await rotate_secret(actor, made.row.id, 0)).secret
        receiver.let_go()
        await settled(actor, made.row, written[-1])
    assert receiver.positions == written
    assert (receiver.seen, receiver.forged) == (2, 0)
