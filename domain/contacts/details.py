"""A contact's own details: read by the account's rules, and compared with what stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from domain.contacts import rules
from domain.contacts.gathered import Gathered
from domain.errors import not_found
from domain.infra.db import Connection

_READ = """
SELECT c.external_id, c.first_name, c.last_name, c.contact_type, c.attributes::text AS attributes, c.version,
       ARRAY(SELECT tag FROM contact_tag g WHERE g.account_id = $1 AND g.contact_id = $2 ORDER BY tag) AS tags
  FROM contact c WHERE c.account_id = $1 AND c.id = $2
"""
_SAME_JSON = "SELECT $1::jsonb = $2::jsonb"


@dataclass(frozen=True, slots=True)
class Details:
    """The details as they are kept. `attributes` is JSON text; `tags` are in alphabetical order."""

    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    contact_type: str | None = None
    attributes: str = "{}"
    tags: tuple[str, ...] = ()


async def load_details(connection: Connection, account_id: UUID, contact_id: UUID) -> tuple[Details, int]:
    """A contact's details and version. Raises DomainError NOT_FOUND (field `contactId`)."""
    row = await connection.fetchrow(_READ, account_id, contact_id)
    if row is None:
        raise not_found("contact", "contactId")
    values = {name: row[name] for name in Details.__slots__}
    return Details(**values | {"tags": tuple(sorted(row["tags"]))}), row["version"]


def read_details(gathered: Gathered, types: Sequence[str], before: Details, given: Mapping[str, Any]) -> Details:
    """The details with what was given, by the names of Details, in place of what stood; None clears.

    `types`: the account's contact types. What is refused is gathered.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "external_id": lambda text: rules.external_id(text, "externalId"),
        "first_name": lambda text: rules.name(text, "firstName"),
        "last_name": lambda text: rules.name(text, "lastName"),
        # A type that has left the account's list since stays on the contact.
        "contact_type": lambda text: (
            text if text == before.contact_type else rules.contact_type(text, types, "contactType")
        ),
        "attributes": lambda values: rules.attributes({} if values is None else values, "attributes"),
        "tags": lambda words: tuple(sorted(rules.tags(words or (), "tags"))),
    }
    read: dict[str, Any] = {name: gathered.take(partial(readers[name], value)) for name, value in given.items()}
    return replace(before, **read)


async def settled(connection: Connection, before: Details, after: Details) -> Details:
    """The new details, with the old attributes where the database calls both equal: it keeps JSON in its own words."""
    if after.attributes == before.attributes:
        return after
    same = await connection.fetchval(_SAME_JSON, before.attributes, after.attributes)
    return replace(after, attributes=before.attributes) if same else after
