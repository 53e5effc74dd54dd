"""Recipients and their links, as the tests of pages need them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from domain.infra.db import pool
from domain.recipients.links import link
from domain.recipients.tokens import Purpose
from tests.api.client import Client, connected

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass(frozen=True)
class Recipient:
    """Somebody on a list: a contact's address, and the links in the messages they get."""

    api: Client
    contact_id: str
    address_id: UUID
    email: str

    def path(self, purpose: Purpose = Purpose.UNSUBSCRIBE, topic_id: UUID | None = None) -> str:
        """A link's path."""
        url = link(purpose, self.api.actor.account_id, self.address_id, topic_id=topic_id)
        return "/" + url.split("/", 3)[3]

    async def consent(self) -> str:
        """How the address stands."""
        return str(await pool().fetchval("SELECT consent FROM address WHERE id = $1", self.address_id))

    async def entries(self) -> list[tuple[str, str, str | None, str | None]]:
        """What the ledger says of the address's permission: action, source, from, to."""
        rows = await pool().fetch(
            "SELECT action, source, consent_from, consent_to FROM ledger"
            " WHERE address_id = $1 AND consent_to IS NOT NULL ORDER BY position",
            self.address_id,
        )
        return [tuple(row) for row in rows]

    async def topics(self) -> dict[str, bool]:
        """Which topics are on, by key."""
        found = await self.api.query(
            "query($id: ID!) { contact(by: { id: $id }) { topics { subscribed topic { key } } } }", id=self.contact_id
        )
        return {row["topic"]["key"]: row["subscribed"] for row in found["contact"]["topics"]}


async def recipient(api: Client, email: str = "anna@example.org", *, opted_in: bool = True, **given: Any) -> Recipient:
    """A contact with one address, opted in unless said otherwise."""
    contact = await (api.opted_in if opted_in else api.contact)(email, **given)
    address_id = await pool().fetchval("SELECT id FROM address WHERE value = $1", email)
    return Recipient(api, contact["id"], address_id, email)


async def topic_id(api: Client, key: str = "newsletter") -> UUID:
    """One of the account's topics."""
    found = await pool().fetchval("SELECT id FROM topic WHERE account_id = $1 AND key = $2", api.actor.account_id, key)
    assert isinstance(found, UUID)
    return found


async def get(path: str, **headers: str) -> httpx2.Response:
    """A page."""
    async with connected() as http:
        return await http.get(path, headers=headers)


async def post(path: str, data: dict[str, Any] | None = None, **options: Any) -> httpx2.Response:
    """A press of a button, by whoever has the link: no key, no cookies."""
    async with connected() as http:
        response = await http.post(path, data=data, **options)
        assert not response.cookies
        return response


def hidden(page: str, name: str = "form") -> list[str]:
    """The values of a page's hidden fields of this name."""
    return [part.split('"', 1)[0] for part in page.split(f'type="hidden" name="{name}" value="')[1:]]
