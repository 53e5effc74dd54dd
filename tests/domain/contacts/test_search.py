"""What a person types into a search box."""

from collections.abc import AsyncIterator

import pytest

from domain.actor import Actor
from domain.contacts.create import NewContact, NewPoint, create_contact
from domain.contacts.pages import page
from domain.contacts.rarity import forget, learn, rarest
from domain.contacts.search import contains, patterns
from domain.infra.db import pool
from domain.window import Window
from tests.domain.contacts.people import CALL, EMAIL, person


async def names(actor: Actor, typed: str) -> set[str]:
    """The first names of whom it finds."""
    return {contact.first_name or "" for contact in (await page(actor, Window(), search=typed)).contacts}


@pytest.fixture
async def people(actor: Actor) -> None:
    """Three people and one company number."""
    await person(actor, "anna.smith@example.com", "+12025550100", first_name="Anna", last_name="Smith")
    points = [
        NewPoint(EMAIL, "b@b\u00fccher.example"),
        NewPoint(EMAIL, "Second@x.example", 2),
        NewPoint(CALL, "+491701234567"),
    ]
    await create_contact(actor, NewContact(points=points, first_name="Ren\u00e9", last_name="Gro\u00df"))
    await person(actor, "100%_sure\\@example.com".replace("\\", ""), first_name="Per Cent")
    await person(actor, "999@example.com", first_name="Nine")


CASES = [
    ("anna smith", {"Anna"}),
    ("NNA  SMI", {"Anna"}),
    ("smith anna", set()),
    ("anna.smith@ex", {"Anna"}),
    ("@example.com", {"Anna", "Per Cent", "Nine"}),
    ("+1 (202) 555", {"Anna"}),
    ("(202) 555-0100", {"Anna"}),
    ("2025550100", {"Anna"}),
    ("0170 1234567", {"Ren\u00e9"}),
    ("0049 170 1234567", {"Ren\u00e9"}),
    ("rene\u0301 gross", {"Ren\u00e9"}),
    ("b\u00fccher", {"Ren\u00e9"}),
    ("xn--bcher", {"Ren\u00e9"}),
    ("second@", {"Ren\u00e9"}),
    ("%", {"Per Cent"}),
    ("0%_s", {"Per Cent"}),
    ("_", {"Per Cent"}),
    ("\\", set()),
    ("(9-9-9)", set()),
    ("999", {"Nine"}),
    ("smith\nanna.smith", set()),
    ("\t", {"Anna", "Ren\u00e9", "Per Cent", "Nine"}),
    ("\x00", set()),
    ("\ud800", set()),
    ("a" * 10_000_000, set()),
]
every_case = pytest.mark.parametrize(
    ("typed", "expected"), CASES, ids=lambda value: repr(value)[:30] if isinstance(value, str) else ""
)


@pytest.fixture
async def learned(people: None) -> AsyncIterator[None]:
    """What a large account's search knows of its contacts."""
    await pool().execute("ANALYZE contact")
    forget()
    await learn(fewest=1)
    yield
    forget()


@pytest.mark.usefixtures("people")
@every_case
async def test_any_part_of_a_name_an_email_or_a_number_is_found(actor: Actor, typed: str, expected: set[str]) -> None:
    """Whatever the case; a number however it is written; `%` and `_` as they stand; never across two of them."""
    assert await names(actor, typed) == expected


@pytest.mark.usefixtures("learned")
@every_case
async def test_it_is_found_by_its_rarest_part(actor: Actor, typed: str, expected: set[str]) -> None:
    """Where a part alone is looked up, the same people are found."""
    assert rarest("%anna.smith@example.com%") == "smith"
    assert await names(actor, typed) == expected


def test_nothing_typed_is_no_search() -> None:
    """Space alone leaves nobody out."""
    assert patterns(" \u00a0") is None
    assert contains(None) is None
    assert contains("  ") is None
    assert contains("A%") == "%a\\%%"
    assert contains("\x00") == ""
