"""Every connection, forwards and backwards: the same list from either end."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import GraphQLObjectType, get_named_type

from api.relay import read_id
from api.schema import schema
from domain.infra.db import pool, tx
from tests.api.client import Client

PAGE: Final = "edges { cursor node { key: %s } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
SIZES: Final = "first: $first, after: $after, last: $last, before: $before"


@dataclass
class Listed:
    """Where a connection stands: the path to it, what it is asked with, and what tells its rows apart."""

    path: tuple[str, ...]
    key: str = "id"
    given: str = ""

    async def page(self, api: Client, owner: str, **sizes: Any) -> dict[str, Any]:
        """A page; `owner` is the id of the contact, group or webhook that has the list."""
        return await self._open(await api.query(self.text, owner=owner, **sizes))

    async def _open(self, data: dict[str, Any]) -> dict[str, Any]:
        for name in self.path:
            data = data[name]
        return data

    @property
    def text(self) -> str:
        """The query."""
        inner = f"{self.path[-1]}({SIZES} {self.given}) {{ {PAGE % self.key} }}"
        if self.path[0] == "node":
            kind = "Group" if self.path[-1] == "contacts" else "Contact"
            inner = f"node(id: $owner) {{ ... on {kind} {{ {inner} }} }}"
        elif "$owner" not in self.given:
            inner = f"{inner} node(id: $owner) {{ id }}"
        return f"query($owner: ID!, $first: Int, $after: String, $last: Int, $before: String) {{ {inner} }}"


LISTS: Final = {
    "Query.contacts": Listed(("contacts",)),
    "Query.groups": Listed(("groups",)),
    "Query.bulkOperations": Listed(("bulkOperations",)),
    "Query.consentEvents": Listed(("consentEvents",)),
    "Query.contactChanges": Listed(("contactChanges",), "contactId"),
    "Query.webhookDeliveries": Listed(("webhookDeliveries",), given="webhook: $owner"),
    "Query.missedMessages": Listed(("missedMessages",)),
    "Contact.groups": Listed(("node", "groups")),
    "Contact.events": Listed(("node", "events")),
    "Group.contacts": Listed(("node", "contacts")),
}


async def furnished(api: Client) -> dict[str, str]:
    """Five rows of everything; answers whose list each connection is."""
    groups = [
        (await api.changed("createGroup", "group { id }", name=f"Group {n}"))["group"]["id"] for n in (3, 1, 5, 2, 4)
    ]
    contacts = [await api.contact(groups=groups) for _ in range(5)]
    for _ in range(5):
        await api.changed("bulkChangeStatus", "bulkOperation { id }", selection={"everyone": True}, status="ARCHIVED")
    for _ in range(2):
        await api.changed("archiveContact", contactId=contacts[0]["id"])
        await api.changed("activateContact", contactId=contacts[0]["id"])
    webhook = await api.changed("createWebhook", "webhook { id }", url="https://hooks.example.com/")
    await _logged(api, str((read_id(webhook["webhook"]["id"]) or ("", ""))[1]))
    await _missed(api)
    owners = {"Group.contacts": groups[0], "Query.webhookDeliveries": webhook["webhook"]["id"]}
    return {name: owners.get(name, contacts[0]["id"]) for name in LISTS}


async def _logged(api: Client, webhook: str) -> None:
    await pool().execute(
        """INSERT INTO webhook_delivery (account_id, id, webhook_id, kind, message_id, after_position, up_to_position,
                                         events, attempt, created_at, sent_at)
           SELECT $1, uuidv7(), $2, 'EVENTS', 'msg_' || n, 0, 0, 1, 1, now(), now() FROM generate_series(1, 5) n""",
        api.actor.account_id,
        UUID(webhook),
    )


async def _missed(api: Client) -> None:
    async with tx() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            """INSERT INTO journey_entry (account_id, id, journey_id, contact_id, occasion, status, entered_at,
                                          missed_at, expires_at)
               SELECT $1, uuidv7(), uuidv7(), uuidv7(), 'once', 'MISSED', now(), now(), now() + interval '1 day'
                 FROM generate_series(1, 5)""",
            api.actor.account_id,
        )


def keys(page: dict[str, Any]) -> list[str]:
    """What is on a page, in order."""
    return [edge["node"]["key"] for edge in page["edges"]]


def more(page: dict[str, Any]) -> tuple[bool, bool]:
    """Whether there is more before it and after it."""
    return page["pageInfo"]["hasPreviousPage"], page["pageInfo"]["hasNextPage"]


def test_every_connection_is_tried_and_takes_both_directions() -> None:
    """Whatever answers a connection takes `first`, `after`, `last` and `before`, as graphql-eslint asks."""
    found = {
        f"{kind.name}.{name}": set(field.args)
        for kind in schema._schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        for name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    }
    assert set(found) == set(LISTS)
    assert all({"first", "after", "last", "before"} <= arguments for arguments in found.values())


async def test_the_same_list_from_either_end(api: Client, other: Client) -> None:
    """In pages of two, forwards and backwards; `last` alone is the end; another account's rows are never there."""
    owners = await furnished(api)
    await furnished(other)
    for name, listed in LISTS.items():
        whole = await listed.page(api, owners[name], first=250)
        every = keys(whole)
        assert len(every) == len(set(every)) >= 5, name
        assert more(whole) == (False, False), name
        assert await forwards(api, listed, owners[name]) == every, name
        assert await backwards(api, listed, owners[name]) == every, name
        end = await listed.page(api, owners[name], last=3)
        assert (keys(end), more(end)) == (every[-3:], (True, False)), name
        inside = {"after": whole["edges"][0]["cursor"], "before": whole["edges"][4]["cursor"]}
        assert keys(await listed.page(api, owners[name], first=250, **inside)) == every[1:4], name
        assert keys(await listed.page(api, owners[name], last=2, **inside)) == every[2:4], name
        assert keys(await listed.page(api, owners[name], first=2, before=inside["before"])) == every[:2], name
        assert keys(await listed.page(api, owners[name], last=250, after=inside["after"])) == every[1:], name
        beyond = await listed.page(api, owners[name], last=2, before=whole["edges"][0]["cursor"])
        assert (keys(beyond), beyond["pageInfo"]["hasPreviousPage"]) == ([], False), name


async def forwards(api: Client, listed: Listed, owner: str) -> list[str]:
    """The list in pages of two, from its beginning."""
    seen, after = list[str](), None
    while True:
        page = await listed.page(api, owner, first=2, after=after)
        seen += keys(page)
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not page["pageInfo"]["hasNextPage"]:
            return seen
        after = page["pageInfo"]["endCursor"]


async def backwards(api: Client, listed: Listed, owner: str) -> list[str]:
    """The list in pages of two, from its end."""
    seen, before = list[str](), None
    while True:
        page = await listed.page(api, owner, last=2, before=before)
        seen = keys(page) + seen
        assert page["pageInfo"]["hasNextPage"] is (before is not None)
        if not page["pageInfo"]["hasPreviousPage"]:
            return seen
        before = page["pageInfo"]["startCursor"]


@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ({"first": 1, "last": 1}, "last"),
        ({"last": -1}, "last"),
        ({"last": 251}, "last"),
        ({"first": 251}, "first"),
        ({"last": 1, "before": "\u00e9"}, "before"),
        ({"last": 1, "before": "WzFd"}, "before"),
        ({"last": 1, "before": "5-5"}, "before"),
        ({"first": 1, "after": "5-"}, "after"),
        ({"before": ""}, "before"),
    ],
)
async def test_a_bad_page_is_refused(api: Client, sizes: dict[str, Any], field: str) -> None:
    """Both directions at once, sizes out of bounds, cursors of no list: INVALID, by the argument, in words."""
    group = await api.changed("createGroup", "group { id }", name="Guests")
    contact = await api.contact(groups=[group["group"]["id"]])
    webhook = await api.changed("createWebhook", "webhook { id }", url="https://hooks.example.com/")
    owners = {"Group.contacts": group["group"]["id"], "Query.webhookDeliveries": webhook["webhook"]["id"]}
    for name, listed in LISTS.items():
        error = await api.error(listed.text, owner=owners.get(name, contact["id"]), **sizes)
        assert (error["extensions"]["code"], error["extensions"].get("field")) == ("INVALID", [field]), (name, error)


async def test_an_empty_list_from_either_end(api: Client) -> None:
    """No rows, nothing before, nothing after; the feed's `endCursor` alone says how far there was nothing."""
    for name in ("groups", "bulkOperations", "consentEvents", "contactChanges", "missedMessages", "contacts"):
        for size in ({"first": 3}, {"last": 3}):
            text = LISTS[f"Query.{name}"].text.replace("node(id: $owner) { id }", "").replace("$owner: ID!, ", "")
            page = (await api.query(text, **size))[name]
            assert (keys(page), more(page), page["pageInfo"]["startCursor"]) == ([], (False, False), None), (name, size)
            assert (page["pageInfo"]["endCursor"] is None) is (name != "contactChanges"), (name, size)


async def test_those_who_changed_at_once_from_either_end(api: Client) -> None:
    """Four who share a number change at once, twice: no page is too long, and none of them is missed or repeated."""
    number = {"points": [{"channel": "SMS", "value": "+4915112345678"}]}
    crowd = [(await api.changed("createContact", **number))["contact"]["id"] for _ in range(4)]
    alone = await api.contact()
    for _ in range(2):
        await api.changed("optOutContact", contactId=crowd[0], channels=["SMS"], requestedBy="RECIPIENT")
    listed = LISTS["Query.contactChanges"]
    every = keys(await listed.page(api, alone["id"], first=250))
    assert (every[0], sorted(every[1:])) == (alone["id"], sorted(crowd))
    for size in (1, 2, 3):
        seen, after, pages = list[str](), None, 0
        while pages < 6:
            page = await listed.page(api, alone["id"], first=size, after=after)
            assert len(page["edges"]) <= size
            seen, after, pages = seen + keys(page), page["pageInfo"]["endCursor"], pages + 1
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert seen == every
    for n, edge in enumerate((await listed.page(api, alone["id"], first=250))["edges"]):
        assert keys(await listed.page(api, alone["id"], first=250, after=edge["cursor"])) == every[n + 1 :]
        assert keys(await listed.page(api, alone["id"], last=250, before=edge["cursor"])) == every[:n]
        assert keys(await listed.page(api, alone["id"], first=250, before=edge["cursor"])) == every[:n]
        assert keys(await listed.page(api, alone["id"], last=2, before=edge["cursor"])) == every[max(n - 2, 0) : n]


async def test_a_backward_page_then_what_comes(api: Client) -> None:
    """The latest three, then on from `endCursor`: what happened since, and nothing twice."""
    await api.contact()
    listed = LISTS["Query.consentEvents"]
    contact = await api.opted_in()
    end = await listed.page(api, contact["id"], last=3)
    await api.changed("optOutContact", contactId=contact["id"])
    later = await listed.page(api, contact["id"], first=50, after=end["pageInfo"]["endCursor"])
    assert len(keys(later)) == 1
    changed = await LISTS["Query.contactChanges"].page(api, contact["id"], last=1)
    assert keys(changed) == [contact["id"]]
    beyond = await LISTS["Query.contactChanges"].page(api, contact["id"], first=1, after="999999999999")
    assert (keys(beyond), beyond["pageInfo"]["endCursor"]) == ([], "999999999999")
    await api.contact()
    new = await LISTS["Query.contactChanges"].page(api, contact["id"], first=5, after=changed["pageInfo"]["endCursor"])
    assert len(keys(new)) == 1
