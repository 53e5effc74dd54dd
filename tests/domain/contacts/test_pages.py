"""Pages of contacts, by key."""

from itertools import pairwise
from uuid import UUID, uuid4

import pytest

from domain.actor import Actor
from domain.contacts import pages
from domain.contacts.filter import ContactFilter
from domain.contacts.pages import Direction, Order, OrderField, Place, page, total
from domain.contacts.queries import by_ids
from domain.contacts.rows import ContactRow
from domain.errors import DomainError
from domain.values import Lifecycle
from domain.window import Window
from tests.domain.contacts.people import person, refused

NAMES = ["Bob", "anna", None, "\u00c9mile", "Bob", "carl", "", "anna", "Zo\u00eb", "bob"]
ORDERS = [Order(field, direction) for field in OrderField for direction in Direction]


@pytest.fixture
async def people(actor: Actor) -> list[UUID]:
    """Ten contacts, some of the same name, some without an email."""
    return [
        await person(actor, f"{chr(106 - n)}{n}@example.com" if n % 3 else None, first_name=name)
        for n, name in enumerate(NAMES)
    ]


@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_pages_forward_and_backward_are_the_whole_list(actor: Actor, people: list[UUID], order: Order) -> None:
    """In pages of three, from either end, each contact comes once, in the order asked for."""
    rows = await by_ids(actor, people)

    def key(contact_id: UUID) -> tuple[str, UUID]:
        contact = rows[contact_id]
        words = {OrderField.NAME: contact.name.lower(), OrderField.EMAIL: contact.email or ""}
        return words.get(order.field, ""), contact_id

    expected = sorted(people, key=key, reverse=order.direction is Direction.DESC)
    window, forward = Window[Place](first=3), list[UUID]()
    while True:
        shown = await page(actor, window, order)
        forward.extend(contact.id for contact in shown.contacts)
        assert shown.has_previous is (window.after is not None)
        if not shown.has_next:
            break
        window = Window(first=3, after=shown.places[-1])
    assert forward == expected
    window, backward = Window(last=3), list[UUID]()
    while True:
        shown = await page(actor, window, order)
        backward[:0] = [contact.id for contact in shown.contacts]
        if not shown.has_previous:
            break
        window = Window(last=3, before=shown.places[0])
    assert backward == expected
    assert all(a != b for a, b in pairwise(forward))


@pytest.mark.parametrize("near", [1, 4, 2_000])
@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_a_filtered_list_is_the_whole_list_filtered(
    actor: Actor, people: list[UUID], order: Order, near: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few contacts are looked at first, forward and backward alike."""
    monkeypatch.setattr(pages, "NEAR", near)
    where = ContactFilter(or_=[ContactFilter(search="b"), ContactFilter(search="@")])
    every = (await page(actor, Window(), order)).contacts
    expected = [contact for contact in every if contact.email or "b" in contact.name.lower()]
    window, found = Window[Place](first=2), list[ContactRow]()
    while True:
        shown = await page(actor, window, order, where)
        found.extend(shown.contacts)
        if not shown.has_next:
            break
        window = Window(first=2, after=shown.places[-1])
    assert found == expected
    assert (await page(actor, Window(last=2), order, where)).contacts == expected[-2:]
    assert await total(actor, where) == len(expected)


async def test_a_window_may_have_both_ends(actor: Actor, people: list[UUID]) -> None:
    """What lies after one place and before another."""
    ascending = Order(direction=Direction.ASC)
    window = Window(first=50, after=Place("", people[2]), before=Place("", people[6]))
    assert [contact.id for contact in (await page(actor, window, ascending)).contacts] == people[3:6]


async def test_pages_are_stable_under_inserts(actor: Actor, people: list[UUID]) -> None:
    """Someone who is added meanwhile moves nobody to another page."""
    first = await page(actor, Window(first=5))
    await person(actor, "new@example.com")
    second = await page(actor, Window(first=50, after=first.places[-1]))
    assert [contact.id for contact in (*first.contacts, *second.contacts)] == people[::-1]


async def test_newest_first_and_fifty_unless_told_otherwise(actor: Actor) -> None:
    """The default order and size; 0 is a page without contacts."""
    people = [await person(actor) for _ in range(52)]
    shown = await page(actor, Window())
    assert [contact.id for contact in shown.contacts] == people[:1:-1]
    assert shown.has_next
    assert (await page(actor, Window(first=0))).contacts == []


async def test_the_total_is_asked_for_apart(actor: Actor, stranger: Actor, people: list[UUID]) -> None:
    """Exact with and without a filter, and never another account's."""
    await person(stranger)
    assert await total(actor) == len(people) == await total(actor, ContactFilter())
    assert await total(actor, ContactFilter(lifecycle=Lifecycle.ARCHIVED)) == 0
    assert await total(actor, search="bob") == 3
    assert await total(actor, ContactFilter(search="example"), search="bob") == 1


@pytest.mark.parametrize(
    ("window", "field"),
    [
        (Window(first=-1), "first"),
        (Window(first=251), "first"),
        (Window(last=251), "last"),
        (Window(last=-(10**30)), "last"),
        (Window(first=1, last=1), "last"),
        (Window(after=Place("\x00", uuid4())), "after"),
        (Window(before=Place("\ud800", uuid4())), "before"),
    ],
)
async def test_a_bad_window_is_refused(actor: Actor, window: Window[Place], field: str) -> None:
    """Negative or huge sizes, both at once, and places that no list has."""
    with pytest.raises(DomainError) as refusal:
        await page(actor, window, Order(OrderField.NAME))
    assert refused(refusal.value) == [("INVALID", field)]
