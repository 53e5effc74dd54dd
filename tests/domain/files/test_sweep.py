"""Expired files."""

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from domain.accounts.create import create_account
from domain.actor import Actor, Scope
from domain.errors import DomainError, ErrorCode
from domain.files import stored, uploads
from domain.files.sweep import sweep_files
from domain.infra import storage
from domain.infra.db import pool, tx
from domain.infra.settings import settings


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A stream of these."""
    for part in parts:
        yield part


@pytest.fixture
async def actor(db: None) -> Actor:
    """The owner of an account."""
    account, _ = await create_account("Example Ltd")
    return Actor(account.id, "test", frozenset(Scope))


async def test_what_has_expired_goes_and_the_rest_stays(actor: Actor) -> None:
    """Rows and objects past their time are deleted; an upload that nobody sent is a row alone."""
    await uploads.create_upload(actor, "never sent.csv")
    sent = await uploads.keep_text(actor, "Email\na@example.org\n")
    made = await stored.keep(actor.account_id, "export.csv", "text/csv", pieces(b"x"))
    await sweep_files()
    assert sent.object
    assert await uploads.upload(actor, sent.id)
    await pool().execute("UPDATE upload SET expires_at = now(); UPDATE stored_file SET expires_at = now()")
    assert await sweep_files() == 2
    assert await pool().fetchval("SELECT (SELECT count(*) FROM upload) + (SELECT count(*) FROM stored_file)") == 0
    assert await storage.size(sent.object) is None
    assert await storage.size(made.object) is None


async def test_an_object_of_nobody_goes_after_a_day(actor: Actor) -> None:
    """What a process stored, and died before it wrote the row, is found by its age."""
    kept = await uploads.keep_text(actor, "Email\na@example.org\n")
    assert kept.object
    await storage.put("uploads/nobody/object", pieces(b"x"))
    await sweep_files()
    assert await storage.size("uploads/nobody/object") == 1
    old = time.time() - 25 * 3600
    for key in ("uploads/nobody/object", kept.object):
        os.utime(settings().data_dir / "objects" / key, (old, old))
    await sweep_files()
    assert await storage.size("uploads/nobody/object") is None
    assert await storage.size(kept.object)


async def test_a_file_sent_again_replaces_the_first_until_it_is_taken(actor: Actor) -> None:
    """The first object goes with its replacement; what something works on is replaced no more."""
    announced = await uploads.create_upload(actor, "list.csv")
    await uploads.receive(announced, pieces(b"first"))
    first = await uploads.received(actor, announced.id)
    await uploads.receive(announced, pieces(b"second"))
    second = await uploads.received(actor, announced.id)
    assert first.object
    assert second.object
    assert await storage.size(first.object) is None
    async with tx() as connection:
        taken = await uploads.take(connection, actor.account_id, announced.id)
    assert taken.taken_at
    for known in (announced, taken):
        with pytest.raises(DomainError) as refusal:
            await uploads.receive(known, pieces(b"third"))
        assert refusal.value.code is ErrorCode.CONFLICT
    assert await storage.size(second.object) == 6


async def test_taking_what_was_never_sent(actor: Actor) -> None:
    """An upload without its file cannot be worked on."""
    announced = await uploads.create_upload(actor, "list.csv")
    with pytest.raises(DomainError) as refusal:
        await uploads.received(actor, announced.id)
    assert refusal.value.code is ErrorCode.REQUIRED
    with pytest.raises(DomainError) as gone:
        async with tx() as connection:
            await uploads.take(connection, actor.account_id, announced.id)
    assert gone.value.code is ErrorCode.NOT_FOUND


async def test_the_latest_file_of_an_operation(actor: Actor) -> None:
    """An operation that wrote a file twice has the later one."""
    operation = (await uploads.create_upload(actor, "any.csv")).id
    await stored.keep(actor.account_id, "one.csv", "text/csv", pieces(b"1"), operation)
    two = await stored.keep(actor.account_id, "two.csv", "text/csv", pieces(b"2"), operation)
    assert await stored.of_operations(actor, [operation]) == {operation: two}
    assert two.expires_at > datetime.now(UTC)
