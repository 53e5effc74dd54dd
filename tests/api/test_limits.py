"""What an operation may cost, what a key may spend, how long a request may take."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query

from api.documents import Documents, Rejected
from api.http import rate
from api.schema import schema
from domain.infra import bucket, redis
from domain.infra.db import pool
from tests.api.client import Client

DOCUMENTS = Documents(schema._schema)


def cost(text: str, **variables: Any) -> int:
    """What a document costs."""
    document = DOCUMENTS.read(text)
    return DOCUMENTS.cost(document, document.operations[0], variables)


@pytest.mark.parametrize(
    ("text", "variables", "points"),
    [
        ("{ __typename }", {}, 0),
        ("{ viewer { actor scopes } }", {}, 3),
        ("{ contacts(first: 10) { nodes { id } } }", {}, 1 + 10 * 2),
        ("{ contacts { nodes { id } } }", {}, 1 + 50 * 2),
        ("{ contacts(first: 10) { totalCount } }", {}, 1 + 100),
        ("{ contacts(first: 10) { nodes { points { id } } } }", {}, 1 + 10 * (1 + 1 + 2)),
        ("query($n: Int) { contacts(first: $n) { nodes { id } } }", {"n": 20}, 1 + 20 * 2),
        ("query($n: Int) { contacts(first: $n) { nodes { id } } }", {}, 1 + 50 * 2),
        ("{ contacts(first: 10) { nodes { groups(first: 5) { nodes { name } } } } }", {}, 1 + 10 * (1 + 1 + 5 * 2)),
        ("{ contacts(last: 10) { nodes { id } } }", {}, 1 + 10 * 2),
        ("{ consentEvents(first: null, last: 250) { nodes { id } } }", {}, 1 + 250 * 2),
        ("query($n: Int) { groups(first: $n, last: 250) { nodes { id } } }", {}, 1 + 250 * 2),
        ("query($n: Int) { groups(first: $n, last: 250) { nodes { id } } }", {"n": None}, 1 + 250 * 2),
        ("query($n: Int = 250) { contacts(first: $n) { nodes { id } } }", {}, 1 + 250 * 2),
        ("query($n: Int = 250) { contacts(first: $n) { nodes { id } } }", {"n": 20}, 1 + 20 * 2),
        ("query($n: Int = 250) { ...F } fragment F on Query { contacts(last: $n) { nodes { id } } }", {}, 1 + 250 * 2),
        ("query($n: Int) { contacts(first: $n) { nodes { id } } }", {"n": 250.0}, 1 + 250 * 2),
        ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a", "b", "c"]}, 1 + 3),
        ('{ nodes(ids: ["a", "b"]) { id } }', {}, 1 + 2),
        ('mutation { archiveContact(input: { contactId: "x" }) { userErrors { code } } }', {}, 100 + 1 + 1 + 2),
        ("{ ...F ...F } fragment F on Query { viewer { actor } }", {}, 4),
        ("{ ... on Query { viewer { actor } } }", {}, 2),
    ],
)
def test_the_formula(text: str, variables: dict[str, Any], points: int) -> None:
    """A point for each field that the answer could hold, as docs/limits.md says."""
    assert cost(text, **variables) == points


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{ " + " ".join(f"a{i}: viewer {{ actor }}" for i in range(31)) + " }", "at the root"),
        ("{ ...F } fragment F on Query { " + " ".join(f"a{i}: __typename" for i in range(31)) + " }", "at the root"),
        ("{ viewer { " + " ".join(f"a{i}: actor" for i in range(101)) + " } }", "aliases"),
        ("{ viewer { " + "actor " * 40 + "} }", "repeated fields"),
        ("{ viewer { actor " + "@include(if: true) " * 51 + "} }", "directives"),
        ("{ ...F0 } " + " ".join(f"fragment F{i} on Query {{ viewer {{ actor }} }}" for i in range(60)), "fragments"),
        ("{ contacts(first: 250) { nodes { groups(first: 250) { nodes { id } } } } }", "points"),
    ],
)
def test_what_is_too_large(text: str, words: str) -> None:
    """Each measure has a limit of its own, and the refusal names it."""
    with pytest.raises(Rejected) as caught:
        cost(text)
    assert words in caught.value.errors[0].message
    assert caught.value.code == "TOO_COMPLEX"


def test_the_schema_can_be_read_but_not_ten_times_at_once() -> None:
    """What every tool asks passes; asked again under other names, it is too much."""
    assert 1_000 < cost(get_introspection_query()) < 20_000
    types = "types { fields { args { type { ofType { ofType { ofType { name } } } } } } }"
    with pytest.raises(Rejected):
        cost("{ __schema { " + " ".join(f"a{i}: {types}" for i in range(20)) + " } }")


async def test_the_cost_is_reported(api: Client) -> None:
    """In `extensions.cost`, beside the most that an operation may cost."""
    answer = await api.answer("{ contacts(first: 10) { nodes { id } } }")
    assert answer["extensions"]["cost"] == {"requested": 21, "maximum": 25_000}


async def test_points_are_counted_and_come_back(api: Client, setting: Callable[..., None]) -> None:
    """A key that has spent its points is told when to come again, in words, headers and status; others go on."""
    setting(ASSENT_RATE_CAPACITY=1000, ASSENT_RATE_RESTORE=1)
    page = {"query": "{ contacts(first: 250) { nodes { id } } }"}
    first = await api.post(page)
    assert first.headers["ratelimit-policy"] == '"points";q=1000;w=1000'
    assert first.headers["ratelimit"] == '"points";r=499;t=501'
    second = await api.post(page)
    assert second.status_code == 429
    assert second.headers["ratelimit-policy"] == first.headers["ratelimit-policy"]
    assert second.headers["ratelimit"].startswith('"points";r=')
    (error,) = second.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": int(second.headers["retry-after"])}
    assert 1 <= int(second.headers["retry-after"]) <= 3
    assert (await api.post({"query": "{ viewer { actor } }"})).status_code == 200
    setting(ASSENT_RATE_RESTORE=1_000_000)
    assert (await api.post(page)).status_code == 200


async def test_a_spent_key_is_not_read_any_more(api: Client, setting: Callable[..., None]) -> None:
    """Documents that are refused cost points too; once there are none, documents are not even parsed."""
    setting(ASSENT_RATE_CAPACITY=3 * rate.REFUSED_COST, ASSENT_RATE_RESTORE=1)
    answers = [await api.post({"query": "{"}, headers={"accept": "*/*"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert all(answer.headers["ratelimit"].startswith('"points";r=') for answer in answers)
    rate._spent.clear()


async def test_redis_away_limits_nothing(
    api: Client, setting: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Requests pass, and it is logged."""
    setting(ASSENT_RATE_CAPACITY=1000, ASSENT_RATE_RESTORE=1)
    await redis.close()
    for _ in range(3):
        response = await api.post({"query": "{ contacts(first: 250) { nodes { id } } }"})
        assert response.status_code == 200
        assert "ratelimit" not in response.headers
    assert "redis is away" in capsys.readouterr().out
    bucket.forget()


async def test_a_bucket_survives_a_redis_that_forgot_its_script(api: Client) -> None:
    """A restarted Redis is told the script again."""
    assert await bucket.pour("x", 1, 10, 1)
    await redis.client().script_flush()
    found = await bucket.pour("x", 9, 10, 0.001)
    assert found is not None
    assert found.fits
    overflowing = await bucket.pour("x", 2, 10, 0.001)
    assert overflowing is not None
    assert not overflowing.fits


async def test_a_request_that_takes_too_long(api: Client, setting: Callable[..., None]) -> None:
    """Its statement is cancelled in the database, its changes are undone, and the client is told."""
    contact = await api.contact()
    setting(ASSENT_DEADLINE=0.3)
    async with pool().acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM contact_state WHERE account_id = $1 FOR UPDATE", api.actor.account_id)
        answer = await _archive(api, contact["id"])
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        async with asyncio.timeout(10):
            while await connection.fetchval(waiting):
                await asyncio.sleep(0.02)
    assert answer["errors"][0]["extensions"]["code"] == "DEADLINE"
    assert answer["data"] is None
    setting(ASSENT_DEADLINE=30)
    again = await api.query("query($id: ID!) { node(id: $id) { ... on Contact { lifecycle } } }", id=contact["id"])
    assert again["node"]["lifecycle"] == "ACTIVE"
    assert await pool().fetchval("SELECT true")


async def _archive(api: Client, contact: str) -> dict[str, Any]:
    text = "mutation($id: ID!) { archiveContact(input: { contactId: $id }) { userErrors { code } } }"
    return await api.answer(text, id=contact)
