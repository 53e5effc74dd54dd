"""Leaving by a link: with one click or by a button, always, for everybody, and never by merely looking."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.infra.db import pool, tx
from domain.recipients.tokens import Purpose, issue
from domain.recipients.withdraw import TAKEN_BACK_WITHIN, can_take_back, take_back, withdraw
from domain.values import ConsentSource
from tests.api.client import Client, connected
from tests.domain.consent.population import assert_counts_exact, elsewhere
from tests.pages.visiting import ONE_CLICK, Recipient, get, hidden, post, recipient, topic_id

OUT, SINGLE = "OPTED_OUT", "SINGLE_OPT_IN"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    "multipart/form-data; boundary=x",
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"),
        (b"List%2DUnsubscribe=One%2DClick", "application/x-www-form-urlencoded; charset=UTF-8"),
        (b"list-unsubscribe=ONE-CLICK\r\n", ""),
        (b"List-Unsubscribe=One-Click", "text/plain"),
        MULTIPART,
        (MULTIPART[0].replace(b"\r\n\r\nOne", b"\r\nContent-Type: text/plain\r\n\r\nOne"), MULTIPART[1]),
        (MULTIPART[0].replace(b"\r\n", b"\n"), MULTIPART[1]),
    ],
)
@pytest.mark.parametrize("agent", ["", "Mail Program/1.0"])
async def test_one_click(api: Client, content: bytes, kind: str, agent: str) -> None:
    """RFC 8058: one POST without cookies or redirect, by anybody, withdraws the whole channel."""
    anna = await recipient(api)
    headers = {"user-agent": agent} | ({"content-type": kind} if kind else {})
    response = await post(anna.path(), content=content, headers=headers)
    assert (response.status_code, response.text) == (200, "You are unsubscribed.\n")
    assert (await anna.entries())[1:] == [("OPT_OUT", "ONE_CLICK", SINGLE, OUT)]
    assert await anna.consent() == OUT
    await assert_counts_exact(pool(), api.actor)


async def test_one_click_of_a_topics_mail_leaves_all(api: Client) -> None:
    """What a mail was about does not narrow one-click: the whole channel goes."""
    anna = await recipient(api)
    await post(anna.path(topic_id=await topic_id(api)), ONE_CLICK)
    assert await anna.consent() == OUT


async def test_again_is_recorded_again(api: Client) -> None:
    """Repeated, it succeeds again, and each time becomes the proof."""
    anna = await recipient(api)
    for _ in range(3):
        assert (await post(anna.path(), ONE_CLICK)).status_code == 200
    assert [entry[2:] for entry in (await anna.entries())[1:]] == [(SINGLE, OUT), (OUT, OUT), (OUT, OUT)]
    assert await pool().fetchval("SELECT proof = (SELECT max(position) FROM ledger) FROM address")


@pytest.mark.parametrize("state", ["archived", "strict", "error", "erased", "let go", "never opted in"])
async def test_everybody_can_leave(api: Client, state: str) -> None:
    """Archived or undeliverable, under STRICT, erased, held by nobody any more: the link works and is recorded."""
    anna = await recipient(api, opted_in=state != "never opted in")
    if state == "archived":
        await api.changed("archiveContact", contactId=anna.contact_id)
    elif state == "strict":
        await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    elif state == "error":
        await api.changed("changeDeliverability", contactId=anna.contact_id, deliverability="ERROR")
    elif state == "erased":
        await api.changed("eraseContact", "erasedId", contactId=anna.contact_id)
    elif state == "let go":
        other = [{"channel": "EMAIL", "slot": 1, "value": "other@example.org"}]
        await api.changed("updateContact", "contact { id }", contactId=anna.contact_id, points=other)
    assert (await get(anna.path())).status_code == 200
    assert (await post(anna.path(), ONE_CLICK)).status_code == 200
    assert (await anna.entries())[-1][:2] == ("OPT_OUT", "ONE_CLICK")
    assert await anna.consent() == OUT
    assert (await get(anna.path())).status_code == 200
    await assert_counts_exact(pool(), api.actor)


async def test_looking_changes_nothing(api: Client) -> None:
    """Scanners fetch every link of a mail with GET and HEAD, a hundred times: nothing is written."""
    anna = await recipient(api)
    paths = [anna.path(), anna.path(topic_id=await topic_id(api)), anna.path(Purpose.PREFERENCES)]
    before = await _everything()
    async with connected() as http:
        for _ in range(100):
            for path in paths:
                assert (await http.head(path)).status_code == 200
                assert (await http.get(path + "?lang=de")).status_code == 200
    assert await _everything() == before


@pytest.mark.parametrize(
    "body", ["", "action=", "action=undo&form=x", "List-Unsubscribe=Two-Clicks", "action=topic", "%", "a" * 200_000]
)
async def test_a_post_that_asks_for_nothing_changes_nothing(api: Client, body: str) -> None:
    """An empty or a strange body gets the page and leaves things as they are."""
    anna = await recipient(api)
    before = await _everything()
    assert (await post(anna.path(), content=body.encode())).status_code == 200
    assert await _everything() == before


async def test_the_button_and_the_reason(api: Client) -> None:
    """The page's button leaves too, and keeps why, however much was written."""
    anna = await recipient(api)
    page = await post(anna.path(), {"action": "all", "reason": "Too many mails\x00 " + "!" * 2_000})
    assert "You are unsubscribed" in page.text
    assert (await anna.entries())[1:] == [("OPT_OUT", "UNSUBSCRIBE_LINK", SINGLE, OUT)]
    reason = await pool().fetchval("SELECT reason FROM evidence WHERE reason IS NOT NULL")
    assert reason.startswith("Too many mails !!!")
    assert len(reason) == 1_000
    (event,) = (await api.query("{ consentEvents(first: 9, actions: [OPT_OUT]) { nodes { actor reason source } } }"))[
        "consentEvents"
    ]["nodes"]
    assert event == {"actor": "link:unsubscribe", "reason": reason, "source": "UNSUBSCRIBE_LINK"}


async def test_leaving_one_topic(api: Client) -> None:
    """The mail's own topic can be left alone; permission and the other topics stay."""
    anna = await recipient(api)
    path = anna.path(topic_id=await topic_id(api))
    assert "Leave Newsletter" in (await get(path)).text
    assert "Leave Newsletter" not in (await get(anna.path())).text
    page = await post(path, {"action": "topic"})
    assert "You left this topic" in page.text
    assert await anna.consent() == SINGLE
    assert {key for key, on in (await anna.topics()).items() if not on} == {"newsletter"}
    assert [
        tuple(row) for row in await pool().fetch("SELECT source, actor FROM ledger WHERE action = 'TOPIC_OFF'")
    ] == [("UNSUBSCRIBE_LINK", "link:unsubscribe")]


@pytest.mark.parametrize("policy", ["WITH_EVIDENCE", "STRICT"])
async def test_i_did_not_mean_to(api: Client, policy: str) -> None:
    """Pressed twice and taken back: what stood before stands again, by the recipient's own act, in any policy."""
    anna = await recipient(api)
    await api.changed("updateAccount", "account { id }", optOutPolicy=policy)
    await post(anna.path(), ONE_CLICK)
    page = await post(anna.path(), {"action": "all"})
    (form,) = hidden(page.text)
    back = await post(anna.path(), {"action": "undo", "form": form})
    assert "You are subscribed again" in back.text
    assert (await anna.entries())[-1] == ("RESTORE", "UNSUBSCRIBE_LINK", OUT, SINGLE)
    assert await anna.consent() == SINGLE
    again = await post(anna.path(), {"action": "undo", "form": form})
    assert "Nothing was changed" in again.text
    await assert_counts_exact(pool(), api.actor)


@pytest.mark.parametrize("since", ["relayed", "complaint", "preferences", "yesterday", "another page"])
async def test_taking_back_is_limited(api: Client, since: str) -> None:
    """An opt-out that was made elsewhere or a day ago stays, and so does every one for another recipient's page."""
    anna, bert = await recipient(api), await recipient(api, "bert@example.org")
    yesterday = datetime.now(UTC) - TAKEN_BACK_WITHIN - timedelta(seconds=5)
    moment = yesterday if since == "yesterday" else None
    await withdraw(api.actor, anna.address_id, ConsentSource.UNSUBSCRIBE_LINK, at=moment)
    sources = {
        "relayed": ConsentSource.RECIPIENT_RELAYED,
        "complaint": ConsentSource.COMPLAINT,
        "preferences": ConsentSource.PREFERENCE_CENTRE,
    }
    if since in sources:
        await withdraw(api.actor, anna.address_id, sources[since])
    whose = bert if since == "another page" else anna
    form = issue(Purpose.UNDO, api.actor.account_id, whose.address_id)
    before = await anna.entries()
    assert "Nothing was changed" in (await post(anna.path(), {"action": "undo", "form": form})).text
    assert await anna.entries() == before
    assert len(hidden((await get(anna.path())).text)) == (since == "another page")


async def test_what_was_out_before_stays_out(api: Client) -> None:
    """Whoever had left long ago has nothing to take back."""
    anna = await recipient(api)
    await withdraw(api.actor, anna.address_id, ConsentSource.SMS_KEYWORD)
    await withdraw(api.actor, anna.address_id, ConsentSource.UNSUBSCRIBE_LINK)
    assert not await can_take_back(api.actor, anna.address_id)
    assert not await take_back(api.actor, anna.address_id)
    assert await anna.consent() == OUT


async def test_an_erased_person_stays_erased(api: Client) -> None:
    """Erasing after a withdrawal ends what could be taken back."""
    anna = await recipient(api)
    await post(anna.path(), {"action": "all"})
    await api.changed("eraseContact", "erasedId", contactId=anna.contact_id)
    assert not await take_back(api.actor, anna.address_id)
    page = await get(anna.path())
    assert "anna" not in page.text
    assert await anna.consent() == OUT


async def test_dead_links_say_nothing_about_anyone(api: Client, other: Client) -> None:
    """Forged, cut, for another purpose or without an address: the same helpful page, and no company's name."""
    anna = await recipient(api)
    path = anna.path()
    gone = Recipient(other, anna.contact_id, anna.address_id, anna.email)
    swapped = anna.path(Purpose.PREFERENCES).replace("/p/", "/u/")
    before = await _everything()
    texts = set()
    for bad in (path[:-1], path[:-9] + "AAAAAAAAA", path + "A", swapped, "/u/x", gone.path()):
        page = await get(bad)
        assert page.status_code == 404
        assert (await post(bad, ONE_CLICK)).status_code == 404
        texts.add(page.text.split("</style>")[1])
    assert len(texts) == 1
    assert "Example" not in texts.pop()
    assert await _everything() == before


async def test_the_headers_are_strict(api: Client) -> None:
    """No script, no stranger, no referrer, no index, no cache, on every answer of a page."""
    anna = await recipient(api)
    answers = [await get(anna.path()), await get("/u/x"), await post(anna.path(), ONE_CLICK)]
    for answer in (*answers, await get(anna.path(Purpose.PREFERENCES))):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
        assert "script" not in answer.headers["content-security-policy"] + answer.text
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers


async def test_an_opt_out_waits_for_a_bulk_part_and_wins(api: Client) -> None:
    """While others hold the address, the click waits its turn; what was decided before it does not undo it."""
    anna = await recipient(api, opted_in=False)
    async with tx() as connection:
        await connection.execute("SELECT FROM address WHERE id = $1 FOR NO KEY UPDATE", anna.address_id)
        click = elsewhere(post(anna.path(), ONE_CLICK))
        await _someone_waits()
    assert (await click).status_code == 200
    assert await anna.consent() == OUT


async def _someone_waits() -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while not await pool().fetchval(waiting):
            await asyncio.sleep(0.02)


async def _everything() -> list[Any]:
    """All that a page could have changed."""
    tables = ("address", "ledger", "evidence", "topic_switch", "contact_state", "summary_delta")
    return [[tuple(row) for row in await pool().fetch(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in tables]
