"""Sign-ups, worked off: rules.md's two columns to the letter, and nothing that a stranger could do to somebody."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.consent.opt_out import OptOutRequester, opt_out
from domain.contacts.erase import erase_contact
from domain.contacts.queries import Lookup, find, topics
from domain.errors import Refusals
from domain.infra import bucket, queue, redis
from domain.infra.db import pool
from domain.recipients.visit import Visit
from domain.signups import enter
from domain.signups.limits import FOR_ONE_ADDRESS, FROM_ONE_PLACE, TooManySignUps
from domain.signups.sign_up import SignUp, sign_up
from domain.signups.work_off import due, work_off
from domain.values import Channel, ConsentStatus
from tests.domain.contacts.people import account, counts_are_exact, opted_in, person, points_of, topic_ids
from tests.mailing import Server, link_in, mailbox, mails, work_through
from tests.pages.visiting import post

__all__ = ["mailbox"]

FORM = SignUp("https://www.example.com/news", "Yes, I want news from Acme.", "anna@example.org")
HERE = Visit("203.0.113.7", "A browser")
BOTH = (Channel.EMAIL, Channel.SMS)
NUMBER = "+12025550123"


@pytest.fixture(autouse=True)
def fresh_buckets() -> None:
    """Nothing is known of Redis from the test before."""
    bucket.forget()


@pytest.fixture
async def actor(db: None, redis: None) -> AsyncIterator[Actor]:
    """A new account."""
    yield await account()
    await queue.drain()


async def standing(value: str = "anna@example.org") -> str:
    """How an address stands."""
    return str(await pool().fetchval("SELECT consent FROM address WHERE value = $1", value))


async def entries(value: str = "anna@example.org") -> list[tuple[str, str]]:
    """What sign-ups and links recorded of an address."""
    rows = await pool().fetch(
        "SELECT l.action, l.channel FROM ledger l JOIN address a ON a.id = l.address_id WHERE a.value = $1"
        " AND l.source IN ('SIGNUP_FORM', 'CONFIRMATION_LINK') AND action NOT IN ('ADDRESS_ADDED') ORDER BY position",
        value,
    )
    return [tuple(row) for row in rows]


async def stands(actor: Actor, consent: ConsentStatus) -> UUID:
    """Anna, known to the account, with this permission."""
    contact_id = await (person if consent is ConsentStatus.NON_MARKETABLE else opted_in)(actor, "anna@example.org")
    if consent is ConsentStatus.OPTED_OUT:
        await opt_out(actor, contact_id, requested_by=OptOutRequester.RECIPIENT)
    return contact_id


COLUMNS: list[tuple[ConsentStatus | None, bool, str, list[str]]] = [
    (None, True, "NON_MARKETABLE", ["CONFIRMATION_REQUESTED"]),
    (None, False, "SINGLE_OPT_IN", ["OPT_IN"]),
    (ConsentStatus.NON_MARKETABLE, True, "NON_MARKETABLE", ["CONFIRMATION_REQUESTED"]),
    (ConsentStatus.NON_MARKETABLE, False, "SINGLE_OPT_IN", ["OPT_IN"]),
    (ConsentStatus.SINGLE_OPT_IN, True, "SINGLE_OPT_IN", ["CONFIRMATION_REQUESTED"]),
    (ConsentStatus.SINGLE_OPT_IN, False, "SINGLE_OPT_IN", []),
    (ConsentStatus.OPTED_OUT, True, "OPTED_OUT", ["CONFIRMATION_REQUESTED"]),
    (ConsentStatus.OPTED_OUT, False, "OPTED_OUT", ["CONFIRMATION_REQUESTED"]),
]


@pytest.mark.parametrize(("before", "double", "after", "recorded"), COLUMNS)
async def test_the_two_columns(
    actor: Actor,
    mailbox: Server,
    before: ConsentStatus | None,
    double: bool,
    after: str,
    recorded: list[str],
) -> None:
    """Each row with and without confirmation; a mail goes where one is asked for, and its link confirms."""
    if before:
        await stands(actor, before)
    await sign_up(actor, replace(FORM, double_opt_in=double), HERE)
    await work_through(actor)
    assert await standing() == after
    assert [action for action, _ in await entries()] == recorded
    assert len(mailbox.mails) == recorded.count("CONFIRMATION_REQUESTED")
    await counts_are_exact(actor)
    if not mailbox.mails:
        return
    assert (await post(link_in(mailbox.mails[0]))).status_code == 200
    assert await standing() == "DOUBLE_OPT_IN"
    await sign_up(actor, replace(FORM, double_opt_in=double), HERE)
    await work_through(actor)
    assert [action for action, _ in await entries()] == [*recorded, "CONFIRM"]
    assert len(mailbox.mails) == 1
    await counts_are_exact(actor)


async def test_what_is_kept_as_evidence(actor: Actor, mailbox: Server) -> None:
    """The words, the form's address, the moment, and where it came from; the waiting row is gone."""
    await sign_up(actor, replace(FORM, double_opt_in=False, first_name="Anna", last_name="Ray"), HERE)
    await work_through(actor)
    row = await pool().fetchrow("SELECT method, statement, url, host(ip) AS ip, user_agent, obtained_at FROM evidence")
    assert row is not None
    assert list(row.values())[:5] == ["SIGNUP_FORM", FORM.wording, FORM.form_url, HERE.ip, HERE.user_agent]
    assert row["obtained_at"] is not None
    assert await pool().fetchval("SELECT count(*) FROM signup") == 0
    found = await find(actor, Lookup(email="anna@example.org"))
    assert found is not None
    assert found.name == "Anna Ray"


async def test_a_stranger_changes_nothing_of_who_is_known(actor: Actor, mailbox: Server) -> None:
    """What a known contact has stays until the button is pressed; then the number and the topics come along."""
    contact_id = await opted_in(actor, "anna@example.org", first_name="Anna")
    topic, *_ = await topic_ids(actor)
    await pool().execute("UPDATE topic SET default_subscribed = false")
    given = replace(FORM, phone=NUMBER, channels=BOTH, first_name="Eve", topics=[topic])
    await sign_up(actor, given, HERE)
    await work_through(actor)
    assert [point.value for point in await points_of(actor, contact_id)] == ["anna@example.org"]
    assert not await _on(actor, contact_id, topic)
    await post(link_in(mailbox.mails[0]))
    points = {point.channel: (point.value, point.consent) for point in await points_of(actor, contact_id)}
    assert points == {
        Channel.EMAIL: ("anna@example.org", ConsentStatus.DOUBLE_OPT_IN),
        Channel.SMS: (NUMBER, ConsentStatus.SINGLE_OPT_IN),
    }
    assert await _on(actor, contact_id, topic)
    found = await find(actor, Lookup(id=contact_id))
    assert found is not None
    assert found.first_name == "Anna"
    await counts_are_exact(actor)


async def _on(actor: Actor, contact_id: UUID, topic_id: UUID) -> bool:
    found = (await topics(actor, [contact_id]))[contact_id]
    return any(topic.subscribed for topic in found if topic.topic_id == topic_id)


async def test_two_forms_one_mail(actor: Actor, mailbox: Server) -> None:
    """A second wish while a mail is on its way joins it: one mail, one press, both topics."""
    await pool().execute("UPDATE topic SET default_subscribed = false")
    first, second, *_ = await topic_ids(actor)
    for topic in (first, second):
        await sign_up(actor, replace(FORM, topics=[topic]), HERE)
    await work_through(actor)
    assert len(mailbox.mails) == 1
    await post(link_in(mailbox.mails[0]))
    found = await find(actor, Lookup(email="anna@example.org"))
    assert found is not None
    assert [await _on(actor, found.id, topic) for topic in (first, second)] == [True, True]


async def test_a_number_alone(actor: Actor, mailbox: Server) -> None:
    """Without an email nobody can be asked by mail: the form has to say so, and then it is recorded."""
    given = replace(FORM, email=None, phone=NUMBER, channels=(Channel.SMS,), double_opt_in=False)
    await sign_up(actor, given, HERE)
    await work_through(actor)
    assert (await standing(NUMBER), mailbox.mails) == ("SINGLE_OPT_IN", [])
    with pytest.raises(Refusals):
        await sign_up(actor, replace(given, double_opt_in=True), HERE)


async def test_an_erased_address_comes_back_opted_out(actor: Actor, mailbox: Server) -> None:
    """Until its owner confirms: then they are back."""
    await erase_contact(actor, await opted_in(actor, "anna@example.org"))
    await sign_up(actor, replace(FORM, double_opt_in=False), HERE)
    await work_through(actor)
    assert await standing() == "OPTED_OUT"
    await post(link_in(mailbox.mails[0]))
    assert await standing() == "DOUBLE_OPT_IN"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"channels": BOTH}, "phone"),
        ({"channels": BOTH, "phone": "12"}, "phone"),
        ({"channels": ()}, "channels"),
        ({"channels": (Channel.EMAIL, Channel.POST)}, "channels"),
        ({"wording": "Yes."}, "wording"),
        ({"form_url": "javascript:alert(1)"}, "formUrl"),
        ({"first_name": "x" * 1_000}, "firstName"),
        ({"topics": [UUID(int=1)]}, "topics.0"),
    ],
)
async def test_what_is_refused(actor: Actor, changed: dict[str, Any], field: str) -> None:
    """By what was sent alone."""
    with pytest.raises(Refusals) as caught:
        await sign_up(actor, replace(FORM, **changed), HERE)
    assert [".".join(error.field) for error in caught.value.errors] == [field]


async def test_traps_and_limits(actor: Actor) -> None:
    """Programs are dropped unsaid; so is one too many for an address; too many from one place are told."""
    await sign_up(actor, replace(FORM, trap="http://spam.example"), HERE)
    for _ in range(FOR_ONE_ADDRESS + 2):
        await sign_up(actor, FORM, HERE)
    assert await pool().fetchval("SELECT count(*) FROM signup") == FOR_ONE_ADDRESS
    crowd = (sign_up(actor, replace(FORM, email=f"a{n}@example.org"), HERE) for n in range(FROM_ONE_PLACE))
    ends = await asyncio.gather(*crowd, return_exceptions=True)
    assert any(isinstance(end, TooManySignUps) for end in ends)
    await sign_up(actor, replace(FORM, email="other@example.org"), Visit("203.0.113.8"))


async def test_without_redis(db: None, mailbox: Server) -> None:
    """Taken in and worked off all the same: nothing is limited, and the sweep finds it."""
    redis.connect("redis://127.0.0.1:1")
    actor = await account()
    await sign_up(actor, FORM, HERE)
    now = await pool().fetchval("SELECT now() + interval '1 second'")
    assert await due(now) == [actor.account_id]
    await work_through(actor)
    assert len(mailbox.mails) == 1
    await queue.drain()
    await redis.close()


async def test_a_worker_that_fails_leaves_it_as_it_was(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half done; tried again after a pause, and no other sign-up waits for it."""

    async def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(enter, "_ask", broken)
        await sign_up(actor, FORM, HERE)
        await work_off(actor.account_id, asyncio.Event())
    assert await pool().fetchval("SELECT count(*) FROM contact") == 0
    assert await mails(actor.account_id) == []
    await pool().execute("UPDATE signup SET next_attempt_at = now()")
    await work_off(actor.account_id, asyncio.Event())
    assert await entries() == [("CONFIRMATION_REQUESTED", "EMAIL")]
    assert len(await mails(actor.account_id)) == 1


async def test_at_once_from_everywhere(actor: Actor, mailbox: Server) -> None:
    """Several workers at the same sign-ups of one person: one contact, one mail."""
    for _ in range(FOR_ONE_ADDRESS):
        await sign_up(actor, FORM, HERE)
    await asyncio.gather(*(work_off(actor.account_id, asyncio.Event()) for _ in range(4)))
    while await pool().fetchval("SELECT count(*) FROM signup"):
        await pool().execute("UPDATE signup SET next_attempt_at = now()")
        await work_through(actor)
    assert await pool().fetchval("SELECT count(*) FROM contact") == 1
    await work_through(actor)
    assert len(mailbox.mails) == 1
