"""Lists brought in: who is created, who is changed, and who is left alone."""

import pytest

from domain.actor import Actor
from domain.infra.db import pool
from tests.domain.contacts.people import account, counts_are_exact
from tests.domain.imports.importing import bring, figures


@pytest.fixture
async def actor(db: None) -> Actor:
    """A new account in an empty database."""
    return await account()


async def people(actor: Actor) -> list[tuple[object, ...]]:
    """The contacts: first name, last name, email, phone."""
    rows = await pool().fetch(
        "SELECT first_name, last_name, email, phone FROM contact WHERE account_id = $1 ORDER BY email, phone",
        actor.account_id,
    )
    return [tuple(row) for row in rows]


async def test_new_contacts(actor: Actor) -> None:
    """Each row becomes a contact, opted in on the strength of the import's evidence."""
    done = await bring(
        actor, "email,first name,last name,mobile\nann@example.com,Ann,Lee,+14155550101\nbob@example.com,Bob,,\n"
    )
    assert figures(done) == (2, 0, 0, 0)
    assert done.counts == {"created": 2, "opted_in": 2}
    assert await people(actor) == [
        ("Ann", "Lee", "ann@example.com", "+14155550101"),
        ("Bob", None, "bob@example.com", ""),
    ]
    await counts_are_exact(actor)
    again = await bring(
        actor, "email,first name,last name,mobile\nann@example.com,Ann,Lee,+14155550101\nbob@example.com,Bob,,\n"
    )
    assert figures(again) == (0, 2, 0, 0)
