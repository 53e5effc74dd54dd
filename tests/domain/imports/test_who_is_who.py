"""Who a row of a list is: matched by external id, email or mobile, and tied to other rows of the file."""

import pytest

from domain.actor import Actor
from domain.imports.choice import Chosen
from domain.infra.db import pool
from domain.values import Channel
from tests.domain.contacts.people import (
    account,
    counts_are_exact,
    person,
    row,
)
from tests.domain.imports.importing import bring, consents, figures, ids, told

EMAIL, SMS = Channel.EMAIL, Channel.SMS


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account in an empty database."""
    return await account()


async def test_the_last_row_of_a_person_wins(actor: Actor) -> None:
    """The same address twice is one contact: the last row's details, and a `false` in any of them."""
    done = await bring(
        actor,
        "email,first name,accepts_marketing\n"
        "ann@example.com,Ann,false\nANN@EXAMPLE.COM,Anna,true\nbob@example.com,Bob,true\n",
    )
    assert figures(done) == (2, 0, 1, 0)
    assert done.outcomes == {"DUPLICATE": 1}
    assert await told(actor, done) == [(2, "email", "ann@example.com", "DUPLICATE")]
    found = await ids(actor)
    ann = found["ANN@example.com"]
    assert (await row(actor, ann)).name == "Anna"
    assert (await consents(actor, ann))[0][3] == "OPTED_OUT"


async def test_rows_that_meet_in_one_contact(actor: Actor) -> None:
    """Two addresses of one contact of the account, in two rows, are one contact."""
    known = await person(actor, "a@example.com")
    columns = [Chosen("a", "email"), Chosen("b", "email2")]
    await bring(actor, "a,b\na@example.com,b@example.com\n", columns=columns)
    done = await bring(actor, "email,first name\na@example.com,First\nb@example.com,Second\n")
    assert figures(done) == (1, 0, 1, 0)
    assert (await row(actor, known)).name == "Second"
    assert [value for _, _, value, _ in await consents(actor, known)] == ["a@example.com", "b@example.com"]


async def test_rows_tied_by_a_second_address(actor: Actor) -> None:
    """Rows that share no first address but a second one are one contact all the same."""
    columns = [Chosen("a", "email"), Chosen("b", "email2"), Chosen("n", "first_name")]
    done = await bring(actor, "a,b,n\nx@example.com,y@example.com,First\ny@example.com,,Second\n", columns=columns)
    assert figures(done) == (1, 0, 1, 0)
    assert list(await ids(actor)) == ["y@example.com"]


async def test_two_contacts_claimed(actor: Actor) -> None:
    """An email of one contact beside the external id of another fails that row with both named; the rest goes in."""
    one, other = await person(actor, "ann@example.com"), await person(actor, "bob@example.com", external_id="7")
    columns = [Chosen("id", "external_id"), Chosen("email", "email"), Chosen("first", "first_name")]
    done = await bring(actor, "id,email,first\n7,ann@example.com,Wrong\n7,bob@example.com,Right\n", columns=columns)
    assert (done.changed, done.skipped, done.failed) == (1, 0, 1)
    words = await pool().fetchval("SELECT words FROM bulk_refusal WHERE code = 'CONFLICT'")
    assert str(one) in words
    assert str(other) in words
    assert ((await row(actor, one)).first_name, (await row(actor, other)).first_name) == (None, "Right")


async def test_a_mobile_finds_who_alone_holds_it(actor: Actor) -> None:
    """A number without an email is the one contact that has it; of several, none."""
    alone = await person(actor, "ann@example.com", "+14155550101")
    await person(actor, "bob@example.com", "+14155550102")
    await person(actor, "cy@example.com", "+14155550102")
    done = await bring(
        actor, "mobile,first name\n+14155550101,Ann\n+14155550102,Who\n+14155550103,New\n", channels=[SMS]
    )
    assert figures(done) == (2, 0, 0, 1)
    assert await told(actor, done) == [(3, "mobile", "+14155550102", "CONFLICT")]
    assert (await row(actor, alone)).first_name == "Ann"
    assert (await consents(actor, alone))[1][3] == "SINGLE_OPT_IN"
    assert figures(await bring(actor, "mobile\n+14155550103\n", channels=[SMS])) == (0, 1, 0, 0)


async def test_a_family_shares_a_phone(actor: Actor) -> None:
    """Rows with emails of their own and one number are two contacts, and the number's permission is theirs together."""
    done = await bring(
        actor, "email,mobile\nann@example.com,+14155550101\nbob@example.com,+14155550101\n", channels=[EMAIL, SMS]
    )
    assert done.counts == {"created": 2, "opted_in": 2}
    for contact in (await ids(actor)).values():
        assert [consent for *_, consent in await consents(actor, contact)] == ["SINGLE_OPT_IN", "SINGLE_OPT_IN"]
    await counts_are_exact(actor)


async def test_an_external_id_finds_first(actor: Actor) -> None:
    """Matched by its external id, a contact takes the row's email; its old one goes, and both are in the ledger."""
    known = await person(actor, "old@example.com", external_id="7")
    columns = [Chosen("id", "external_id"), Chosen("email", "email")]
    done = await bring(actor, "id,email\n7,new@example.com\n8,other@example.com\n", columns=columns)
    assert done.counts == {"created": 1, "updated": 1, "opted_in": 2}
    assert [value for _, _, value, _ in await consents(actor, known)] == ["new@example.com"]
    found = (await ids(actor))["other@example.com"]
    assert (await row(actor, found)).external_id == "8"
