"""createApiKey, rotateApiKey, revokeApiKey and apiKeys: credentials made, replaced and ended through the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.auth import forget_keys
from domain.actor import Scope
from domain.infra.db import pool
from tests.api.client import Client

KEY = "apiKey { id name prefix scopes origins createdBy expiresAt revokedAt lastUsedAt replacedBy } "
MADE = f"{KEY} key"
LIST = "{ apiKeys { id name prefix scopes expiresAt revokedAt lastUsedAt replacedBy } viewer { actor } }"


async def made(api: Client, **given: Any) -> tuple[dict[str, Any], Client]:
    """A key made through the API, and a client that uses it."""
    payload = await api.changed("createApiKey", MADE, **({"name": "Shop", "scopes": ["READ"]} | given))
    return payload["apiKey"], Client(api.actor, payload["key"])


async def works(client: Client) -> bool:
    """Whether a key is taken, asking the database."""
    forget_keys()
    return (await client.post({"query": "{ __typename }"})).status_code == 200


async def test_a_key_is_shown_once(api: Client) -> None:
    """The text comes with the answer, works at once, and is kept as a hash and its first letters alone."""
    key, client = await made(api, scopes=["READ", "WRITE", "READ"])
    assert key["scopes"] == ["READ", "WRITE"]
    assert client.key.startswith(key["prefix"])
    assert len(key["prefix"]) == 12
    assert (await client.query("{ viewer { scopes } }"))["viewer"]["scopes"] == ["read", "write"]
    row = await pool().fetchrow("SELECT * FROM api_key WHERE account_id = $1 AND name = 'Shop'", api.actor.account_id)
    assert client.key not in str(dict(row))
    assert client.key.encode() not in row["hash"]
    listed = (await api.query(LIST))["apiKeys"]
    assert [one["name"] for one in listed] == ["First key", "Shop"]
    assert listed[1]["lastUsedAt"] is not None
    node = await api.query("query($id: ID!) { node(id: $id) { ... on ApiKey { name } } }", id=key["id"])
    assert node["node"] == {"name": "Shop"}


async def test_a_revoked_key_is_useless(api: Client, other: Client) -> None:
    """At once for whoever asks the database; again is harmless; another account's key is NOT_FOUND."""
    key, client = await made(api)
    assert await works(client)
    assert await other.refused("revokeApiKey", KEY, id=key["id"]) == [("NOT_FOUND", ["id"])]
    first = await api.changed("revokeApiKey", KEY, id=key["id"])
    assert not await works(client)
    assert await api.changed("revokeApiKey", KEY, id=key["id"]) == first


async def test_rotation_overlaps(api: Client) -> None:
    """The new text may do the same; the old one works on for the overlap, then no longer, and rotates but once."""
    key, old = await made(api)
    payload = await api.changed("rotateApiKey", MADE, id=key["id"])
    new = Client(api.actor, payload["key"])
    listed = {one["id"]: one for one in (await api.query(LIST))["apiKeys"]}
    left = datetime.fromisoformat(listed[key["id"]]["expiresAt"]) - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert listed[key["id"]]["replacedBy"] == payload["apiKey"]["id"]
    assert [await works(one) for one in (old, new)] == [True, True]
    assert await api.refused("rotateApiKey", KEY, id=key["id"]) == [("ALREADY_FINISHED", ["id"])]
    again = await api.changed("rotateApiKey", MADE, id=payload["apiKey"]["id"], overlap=0)
    assert [await works(one) for one in (new, Client(api.actor, again["key"]))] == [False, True]


async def test_rotation_keeps_how_long_a_key_lasts(api: Client) -> None:
    """A key for thirty days is followed by one for thirty days; an overlap never makes the old one last longer."""
    until = datetime.now(UTC) + timedelta(days=30)
    key, _ = await made(api, origins=["https://www.example.com"], expiresAt=until.isoformat())
    payload = await api.changed("rotateApiKey", MADE, id=key["id"], overlap=720)
    listed = {one["id"]: one for one in (await api.query(LIST))["apiKeys"]}
    assert datetime.fromisoformat(listed[key["id"]]["expiresAt"]) <= until
    assert datetime.fromisoformat(payload["apiKey"]["expiresAt"]) >= until
    assert payload["apiKey"]["origins"] == ["https://www.example.com"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"name": " "}, ("INVALID", ["name"])),
        ({"name": "x" * 101}, ("TOO_LARGE", ["name"])),
        ({"scopes": []}, ("INVALID", ["scopes"])),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, ("INVALID", ["expiresAt"])),
        ({"origins": ["https://example.com/path"]}, ("INVALID", ["origins", "0"])),
        ({"origins": ["https://example.com", "http://[::1"]}, ("INVALID", ["origins", "1"])),
        ({"origins": ["https://example.com"] * 21}, ("TOO_LARGE", ["origins"])),
    ],
)
async def test_what_a_key_cannot_be(api: Client, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    """A refusal names the field; nothing is made."""
    assert await api.refused("createApiKey", MADE, **({"name": "Shop", "scopes": ["READ"]} | given)) == [refusal]
    assert len((await api.query(LIST))["apiKeys"]) == 1


@pytest.mark.parametrize("given", [{"overlap": -1}, {"overlap": 721}, {"expiresAt": "2020-01-01T00:00:00Z"}])
async def test_what_a_rotation_cannot_be(api: Client, given: dict[str, Any]) -> None:
    """An overlap is 0 to 720 hours, an expiry lies in the future, and the key is one of ours that works."""
    key, _ = await made(api)
    assert await api.refused("rotateApiKey", MADE, id=key["id"], **given) == [("INVALID", [*given])]
    assert await api.refused("rotateApiKey", MADE, id="nonsense") == [("NOT_FOUND", ["id"])]
    await api.changed("revokeApiKey", KEY, id=key["id"])
    assert await api.refused("rotateApiKey", MADE, id=key["id"]) == [("ALREADY_FINISHED", ["id"])]


async def test_a_key_ends_when_it_expires(api: Client) -> None:
    """From its expiry on it is no key."""
    _, client = await made(api, expiresAt=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    assert await works(client)
    await pool().execute("UPDATE api_key SET expires_at = now() WHERE name = 'Shop'")
    assert not await works(client)


async def test_only_an_administrator_handles_keys(api: Client) -> None:
    """Whoever could make keys could do anything: every other scope is FORBIDDEN."""
    for scope in set(Scope) - {Scope.ADMIN}:
        client = await api.with_scopes(scope)
        assert (await client.error("{ apiKeys { id } }"))["extensions"]["code"] == "FORBIDDEN"
