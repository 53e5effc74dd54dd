"""Deliveries: in order, at least once, under the same id on each try, whatever the endpoint does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from domain.actor import Actor
from domain.infra.db import pool
from domain.values import ConsentAction
from domain.webhooks import queries, rules
from domain.webhooks.create import delete_webhook
from domain.webhooks.rows import DeliveryKind, WebhookRow
from domain.webhooks.update import Changes, disable_webhook, enable_webhook, update_webhook
from domain.window import Window
from tests.domain.webhooks.conftest import delivering, endpoint, entries
from tests.domain.webhooks.receiver import Receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that takes everything."""
    async with Receiver() as one:
        yield one


async def now(actor: Actor, webhook: WebhookRow) -> WebhookRow:
    """The endpoint as it stands."""
    return await queries.webhook(actor, webhook.id)


async def settled(actor: Actor, webhook: WebhookRow, position: int) -> WebhookRow:
    """The endpoint once everything up to a position is delivered."""
    async with asyncio.timeout(30):
        while (found := await now(actor, webhook)).delivered_up_to < position:
            await asyncio.sleep(0.005)
    return found


async def disabled(actor: Actor, webhook: WebhookRow) -> WebhookRow:
    """The endpoint once it is disabled."""
    async with asyncio.timeout(30):
        while (found := await now(actor, webhook)).disabled_at is None:
            await asyncio.sleep(0.005)
    return found


async def test_everything_arrives_once_in_order_and_signed(actor: Actor, receiver: Receiver) -> None:
    """1,200 entries go out in batches of at most 500, each once, in the ledger's order; the bookmark follows."""
    made = await endpoint(actor, receiver)
    async with delivering():
        written = await entries(actor, 1_200)
        row = await settled(actor, made.row, written[-1])
    assert receiver.positions == written
    assert receiver.forged == 0
    assert max(len(body["data"]["events"]) for body in receiver.taken) == rules.BATCH
    assert (row.last_error, row.disabled_at) == (None, None)
    assert len({headers["webhook-id"] for headers in receiver.headers}) == receiver.seen


async def test_a_failed_batch_is_tried_again_under_its_id_before_any_other(actor: Actor, receiver: Receiver) -> None:
    """The same id and the same events until it is taken; what comes later waits."""
    receiver.reply = lambda n: web.Response(status=500 if n < 4 else 200)
    made = await endpoint(actor, receiver)
    first = await entries(actor, 3)
    async with delivering():
        await receiver.until(lambda r: r.seen >= 1)
        second = await entries(actor, 2)
        await settled(actor, made.row, second[-1])
    ids = [headers["webhook-id"] for headers in receiver.headers]
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[0]
    assert receiver.positions == first + second
    log = (await queries.log(actor, made.row.id, Window())).rows
    assert [line.attempt for line in reversed(log)] == [1, 2, 3, 4, 1]
    assert [line.delivered for line in reversed(log)] == [False, False, False, True, True]
    assert log[-1].error == "The endpoint answered 500."


async def test_gone_disables_at_once_and_enabling_goes_on_from_there(actor: Actor, receiver: Receiver) -> None:
    """After 410 nothing is sent, and nothing is lost."""
    receiver.reply = lambda n: web.Response(status=410) if n == 1 else None
    made = await endpoint(actor, receiver)
    first = await entries(actor, 3)
    async with delivering():
        row = await disabled(actor, made.row)
        assert "410" in (row.last_error or "")
        assert row.delivered_up_to < first[0]
        second = await entries(actor, 2)
        await enable_webhook(actor, made.row.id)
        row = await settled(actor, made.row, second[-1])
    assert row.last_error is None
    assert receiver.positions == first + second


async def test_three_days_of_failures_disable(actor: Actor, receiver: Receiver) -> None:
    """Once a batch has failed for three days, the next failure disables, with its words."""
    receiver.reply = lambda _: web.Response(status=503)
    made = await endpoint(actor, receiver)
    await entries(actor, 1)
    await pool().execute(
        "UPDATE webhook SET failing_since = $2, attempts = 20 WHERE account_id = $1",
        actor.account_id,
        datetime.now(UTC) - timedelta(days=3),
    )
    async with delivering():
        row = await disabled(actor, made.row)
    assert row.last_error == "The endpoint answered 503."
    assert receiver.seen == 1


async def test_only_the_actions_that_it_hears_of(actor: Actor, receiver: Receiver) -> None:
    """Other entries are passed over, and the bookmark passes them, too."""
    made = await endpoint(actor, receiver, [ConsentAction.OPT_OUT])
    async with delivering():
        await entries(actor, 600)
        wanted = await entries(actor, 2, ConsentAction.OPT_OUT)
        last = await entries(actor, 5)
        await settled(actor, made.row, last[-1])
    assert receiver.positions == wanted


async def test_redirects_are_not_followed(actor: Actor, receiver: Receiver) -> None:
    """A redirect is a failure that says so."""
    receiver.reply = lambda n: web.Response(status=302, headers={"location": "/hook"}) if n == 1 else None
    made = await endpoint(actor, receiver)
    written = await entries(actor, 1)
    async with delivering():
        await settled(actor, made.row, written[-1])
    assert receiver.seen == 2
    assert "Redirects are not followed" in ((await queries.log(actor, made.row.id, Window())).rows[1].error or "")


async def test_one_endpoints_silence_delays_nobody_else(actor: Actor, receiver: Receiver) -> None:
    """While one receiver never answers, another has everything at once."""
    silent = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        silent.set()
        while await reader.read(65_536):
            pass
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    stuck = Receiver(port=server.sockets[0].getsockname()[1])
    async with delivering(seconds=3) as round_:
        held = [await endpoint(actor, stuck) for _ in range(5)]
        made = await endpoint(actor, receiver)
        written = await entries(actor, 10)
        await silent.wait()
        await settled(actor, made.row, written[-1])
        assert len(round_.tasks) >= len(held)
        await entries(actor, 1)
        async with asyncio.timeout(30):
            while not (row := await now(actor, held[0].row)).last_error:
                await asyncio.sleep(0.01)
        assert row.last_error == "The endpoint did not answer in time."
    server.close()


async def test_two_workers_never_deliver_the_same_batch(actor: Actor, receiver: Receiver) -> None:
    """The lease keeps them apart: each entry arrives once."""
    made = await endpoint(actor, receiver)
    async with delivering(), delivering():
        written = [position for _ in range(10) for position in await entries(actor, 100)]
        await settled(actor, made.row, written[-1])
    assert receiver.positions == written


async def test_a_lease_that_ran_out_goes_to_another(actor: Actor, receiver: Receiver) -> None:
    """What a killed worker held is delivered by the next, under the id that was fixed before."""
    made = await endpoint(actor, receiver)
    written = await entries(actor, 3)
    await pool().execute(
        "UPDATE webhook SET lease_owner = gen_random_uuid(), lease_until = now() + interval '0.3 s',"
        " batch_id = '018f0000-0000-7000-8000-000000000001', batch_up_to = $2 WHERE account_id = $1",
        actor.account_id,
        written[1],
    )
    async with delivering():
        await settled(actor, made.row, written[-1])
    assert receiver.headers[0]["webhook-id"] == "msg_018f0000000070008000000000000001"
    assert receiver.positions == written


async def test_disabled_changed_and_deleted_under_way(actor: Actor, receiver: Receiver) -> None:
    """By hand: nothing while disabled, everything to the new URL after, nothing once deleted."""
    made = await endpoint(actor, receiver)
    await disable_webhook(actor, made.row.id)
    async with delivering(), Receiver(secret=made.secret) as moved:
        first = await entries(actor, 2)
        await update_webhook(actor, made.row.id, Changes(url=moved.url))
        await enable_webhook(actor, made.row.id)
        await settled(actor, made.row, first[-1])
        await delete_webhook(actor, made.row.id)
        await entries(actor, 2)
    assert receiver.seen == 0
    assert moved.positions == first


async def test_the_log_is_kept_short(actor: Actor, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """About 500 lines an endpoint: the oldest go."""
    made = await endpoint(actor, receiver)
    await pool().execute(
        """INSERT INTO webhook_delivery (account_id, id, webhook_id, kind, message_id, after_position, up_to_position,
                                         events, attempt, created_at, sent_at)
           SELECT $1, uuidv7(), $2, 'EVENTS', 'msg_' || n, 0, 0, 1, 1, now(), now() FROM generate_series(1, 600) n""",
        actor.account_id,
        made.row.id,
    )
    async with delivering():
        written = await entries(actor, 1)
        await settled(actor, made.row, written[-1])
    newest = (await queries.log(actor, made.row.id, Window(first=250))).rows
    assert (newest[0].kind, newest[0].up_to_position) == (DeliveryKind.EVENTS, written[-1])
    older = await queries.log(actor, made.row.id, Window(first=250, after=newest[-1].id))
    assert (len(newest) + len(older.rows), older.has_next) == (500, False)


async def test_soak(actor: Actor, receiver: Receiver) -> None:
    """2,000 entries to a receiver that fails a third of the time, is killed and starts again: all there, in order."""
    receiver.reply = lambda n: web.Response(status=500) if n % 3 == 0 else None
    made = await endpoint(actor, receiver)
    async with delivering():
        written: list[int] = []
        for turn in range(20):
            written += await entries(actor, 100)
            if turn == 8:
                await receiver.until(lambda r: bool(r.taken))
                await receiver.stop()
            if turn == 12:
                await receiver.start()
        await settled(actor, made.row, written[-1])
    once = list(dict.fromkeys(receiver.positions))
    assert once == written
    assert receiver.forged == 0
