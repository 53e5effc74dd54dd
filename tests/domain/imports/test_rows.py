"""Batches read at once say what the rules say one by one."""

import csv
import io
import random
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.consent.rules import Proof
from domain.contacts import rules
from domain.contacts.given import AccountFacts
from domain.errors import DomainError
from domain.imports import cells, phones
from domain.imports.cells import Batch
from domain.imports.plan import SLOTS, ImportPlan, placed
from domain.imports.rows import COLUMNS, Reader, split
from domain.imports.values import OnExisting
from domain.values import Channel

ACCOUNT = AccountFacts(b"k" * 32, ["client"], "US")
FIELDS = ["email", "email2", "first_name", "last_name", "mobile", "phone", "external_id", "attribute:Town"]


def reader(fields: list[str | None]) -> Reader:
    """A reader of these columns."""
    plan = ImportPlan(
        object="x",
        columns=placed(fields, [str(field) for field in fields]),
        granted=True,
        proof=Proof.WRITTEN,
        channels=(Channel.EMAIL,),
        groups=(),
        new_group=None,
        tags=(),
        on_existing=OnExisting.UPDATE,
        dry_run=False,
    )
    return Reader(uuid4(), plan, ACCOUNT, {})


def frame(rows: list[list[str]]) -> pl.DataFrame:
    """Rows as the reading gives them."""
    lines = pl.Series("line", range(2, len(rows) + 2), dtype=pl.UInt32)
    columns = {str(i): pl.Series([row[i] for row in rows], dtype=pl.String) for i in range(len(rows[0]))}
    return pl.DataFrame({"line": lines, "excess": pl.Series([False] * len(rows)), **columns})


def staged(fields: list[str | None], rows: list[list[str]]) -> list[dict[str, str]]:
    """What is staged of them, as text; blank for null."""
    text = reader(fields).read(frame(rows), 0).text
    return [dict(zip(COLUMNS, row, strict=True)) for row in csv.reader(io.StringIO(text.decode(), newline=""))]


def judged(value: str, judge: object) -> str | None:
    """What a rule makes of a value; None when it refuses."""
    try:
        return judge(value)  # type: ignore[operator,no-any-return]
    except DomainError:
        return None


MAILS = st.one_of(
    st.from_regex(r"\A[A-Za-z.+_-]{1,8}@[A-Za-z0-9.-]{1,12}\.[A-Za-z]{1,5}\Z"),
    st.emails(),
    st.sampled_from(["ann@xn--bcher-kva.example", "a@b.invalid", "A.B@Example.COM", "ann@bücher.example", "a..b@c.de"]),
)


@given(st.lists(MAILS, min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_emails(values: list[str]) -> None:
    """An email column is what `rules.email` makes of each value."""
    batch = Batch(frame([[value] for value in values]))
    read = cells.email(batch, batch.cells(0), "email").to_list()
    assert read == [judged(value, rules.email) for value in values]


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_names(values: list[str]) -> None:
    """A name column is what `rules.name` makes of each value."""
    values = [value.replace("\ud800", "") or "x" for value in values]
    batch = Batch(frame([[value] for value in values]))
    read = cells.line(batch, batch.cells(0), rules.MAX_NAME, rules.name, "name").to_list()
    assert read == [judged(value, rules.name) for value in values]


@pytest.mark.parametrize("country", [None, "US", "DE"])
def test_phones(country: str | None) -> None:
    """A phone column is what the library makes of each number, for numbers of every country."""
    chance = random.Random(7)
    codes = [str(code) for code in (1, 7, 20, 33, 34, 39, 44, 49, 52, 54, 55, 61, 81, 86, 91, 353, 358, 380, 800, 972)]
    values = [
        f"+{chance.choice(codes)}{chance.choice(['', ' ', ' ('])}{chance.randrange(10 ** chance.randrange(3, 13))}"
        for _ in range(1_500)
    ]
    values += [str(chance.randrange(10 ** chance.randrange(6, 12))) for _ in range(200)]
    batch = Batch(frame([[value] for value in values]))
    read = cells.phone(batch, batch.cells(0), country, "phone").to_list()
    assert read == [judged(value, lambda number: rules.phone(number, country)) for value in values]


def test_most_countries_are_plain() -> None:
    """Clean numbers of nearly every country are told without the library."""
    pattern = phones.international()
    for number in ("+4915112345678", "+33612345678", "+447400123456", "+14155550101", "+919876543210", "+61412345678"):
        assert pl.Series([number]).str.contains(pattern)[0], number


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "ann@example.com", "Bob@example.com", "x@xn--bcher-kva.example"]),
        st.sampled_from(["", "second@example.com", "ann@example.com"]),
        st.sampled_from(["", "Ann", "Zoë", "Straße", "x@y"]),
        st.sampled_from(["", "Lee", "Núñez"]),
        st.sampled_from(["", "+14155550101"]),
        st.sampled_from(["", "+14155550101", "+14155550102"]),
        st.sampled_from(["", "ID-7"]),
        st.sampled_from(["", "Köln", 'say "hi"', "tab\there"]),
    ).map(list),
    min_size=1,
    max_size=12,
)


@given(ROWS)
@settings(max_examples=80, deadline=None)
def test_what_is_staged(rows: list[list[str]]) -> None:
    """Name, search text and hashes are those that a single contact would get; an address stands once in a row."""
    for kept in staged(list(FIELDS), rows):
        emails = [kept[name] for name in ("email", "email2") if kept[name]]
        assert len({email.lower() for email in emails}) == len(emails)
        points = [(Channel.EMAIL, slot, value) for slot, value in enumerate(emails, 1)]
        points += [(SLOTS[name][0], 1, kept[name]) for name in ("mobile", "phone") if kept[name]]
        derived = rules.derive(
            kept["first_name"] or None, kept["last_name"] or None, kept["external_id"] or None, points
        )
        assert (kept["name"], kept["search"]) == (derived.name, derived.search)
        for name, (channel, _) in SLOTS.items():
            hashed = rules.address_hash(ACCOUNT.address_key, channel, kept[name]).hex() if kept[name] else ""
            assert kept[f"{name}_hash"].removeprefix("\\x") == hashed


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ann", ("Ann", None)),
        ("Ann Lee", ("Ann", "Lee")),
        ("Ann Marie Lee", ("Ann Marie", "Lee")),
        ("Lee, Ann Marie", ("Ann Marie", "Lee")),
    ],
)
def test_whole_names(name: str, parts: tuple[str, str | None]) -> None:
    """A whole name is shared out: the last word is the last name, or what stands before a comma."""
    assert split(name) == parts
