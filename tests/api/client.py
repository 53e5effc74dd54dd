"""A client of the API, as an integrator writes one: everything goes through HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx2
from uuid_utils.compat import uuid4

from api.app import app
from domain.accounts.create import create_account
from domain.accounts.keys import create_key
from domain.actor import Actor, Scope

EVIDENCE = {"method": "PAPER_FORM", "statement": "Signed the form at the fair in Hanover."}
ERRORS = "userErrors { code field message }"
CONTACT = "contact { id name version lifecycle optedIn points { id channel slot value consent deliverability } }"
EVENTS = "events { id position action source channel address from to reason actor contact { id } }"


@dataclass
class Client:
    """An account, its owner, and a key to it."""

    actor: Actor
    key: str

    async def post(self, body: Any = None, **options: Any) -> httpx2.Response:
        """Any request at all to /graphql."""
        headers = {"authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        async with connected() as http:
            return await http.post("/graphql", json=body, headers=headers, **options)

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer to an operation, errors included."""
        response = await self.post({"query": query, "variables": variables})
        answer: dict[str, Any] = response.json()
        return answer

    async def query(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that goes well."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def error(self, query: str, **variables: Any) -> dict[str, Any]:
        """The one top-level error of an operation."""
        (error,) = (await self.answer(query, **variables))["errors"]
        found: dict[str, Any] = error
        return found

    async def change(self, mutation: str, selection: str | None = None, /, **given: Any) -> dict[str, Any]:
        """The payload of a mutation with this input."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input"
        if mutation.endswith(("ContactsToGroup", "ContactsFromGroup")):
            kind = "ChangeGroupMembersInput"
        wanted = f"{CONTACT} {EVENTS} {ERRORS}" if selection is None else f"{selection} {ERRORS}"
        text = f"mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {wanted} }} }}"
        payload: dict[str, Any] = (await self.query(text, input=given))[mutation]
        return payload

    async def changed(self, mutation: str, selection: str | None = None, /, **given: Any) -> dict[str, Any]:
        """The payload of a mutation that is not refused."""
        payload = await self.change(mutation, selection, **given)
        assert payload["userErrors"] == []
        return payload

    async def refused(self, mutation: str, selection: str = "", /, **given: Any) -> list[tuple[str, list[str] | None]]:
        """The codes and fields with which a mutation is refused."""
        payload = await self.change(mutation, selection, **given)
        assert payload["userErrors"]
        return [(error["code"], error["field"]) for error in payload["userErrors"]]

    async def contact(self, *emails: str, **given: Any) -> dict[str, Any]:
        """A new contact with these emails, or with one of its own."""
        values = emails or (f"{uuid4()}@example.org",)
        points = [{"channel": "EMAIL", "slot": slot, "value": value} for slot, value in enumerate(values, 1)]
        created = await self.changed("createContact", **({"points": points} | given))
        contact: dict[str, Any] = created["contact"]
        return contact

    async def opted_in(self, *emails: str, **given: Any) -> dict[str, Any]:
        """A new contact whose every email is opted in."""
        contact = await self.contact(*emails, **given)
        slots = [point["slot"] for point in contact["points"]]
        opted = await self.changed("optInContact", contactId=contact["id"], slots=slots, evidence=EVIDENCE)
        found: dict[str, Any] = opted["contact"]
        return found

    async def with_scopes(self, *scopes: Scope) -> "Client":
        """A client of the same account that may do only this."""
        return Client(self.actor, (await create_key(self.actor, "Limited", scopes)).text)


def connected() -> httpx2.AsyncClient:
    """An HTTP client of the application, in this process."""
    transport = httpx2.ASGITransport(app=app, client=("127.0.0.1", 50000))
    return httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000")


async def account(name: str = "Example Ltd") -> Client:
    """A new account and a key that may do everything in it."""
    opened, key = await create_account(name, default_country="DE")
    return Client(Actor(opened.id, "key:test", frozenset(Scope)), key.text)


def consents(contact: dict[str, Any]) -> list[str]:
    """The permission of each point, in order."""
    return [point["consent"] for point in contact["points"]]


def actions(payload: dict[str, Any]) -> list[str]:
    """What was recorded, in order."""
    return [event["action"] for event in payload["events"]]
