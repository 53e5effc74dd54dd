"""What a client accepts, and where a page that calls comes from."""

from collections.abc import Callable

import pytest

from api.http.accept import accepted
from tests.api.client import Client, connected

JSON, RESPONSE, SSE = "application/json", "application/graphql-response+json", "text/event-stream"
PARTS = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
URQL = f"{RESPONSE}, application/graphql+json, {JSON}, {SSE}, multipart/mixed"
PAGE = "https://app.example.com"


@pytest.mark.parametrize(
    ("accept", "one", "stream", "first"),
    [
        ("", JSON, None, False),
        (SSE, None, SSE, True),
        (f"{SSE}, multipart/mixed", None, SSE, True),
        (URQL, RESPONSE, SSE, False),
        (f"{PARTS},{JSON}", JSON, "multipart/mixed", False),
        ("multipart/mixed", None, None, False),
        ("multipart/mixed;deferSpec=20220824,application/json", JSON, None, False),
        (f"{SSE};q=0.1, {JSON}", JSON, SSE, False),
        (f"{SSE};q=0, {JSON}", JSON, None, False),
        (f"{JSON}, {SSE}", JSON, SSE, False),
        ("text/csv", None, None, False),
        ("application/*;q=0.1, text/html", JSON, None, False),
        (f"{JSON};q=x", None, None, False),
        (f"{JSON};q=0, */*", RESPONSE, None, False),
        (f"{RESPONSE};q=0, */*;q=0.5", JSON, None, False),
        (f"{RESPONSE};q=0.5, */*", JSON, None, False),
        (f"{RESPONSE}, */*", RESPONSE, None, False),
        ("application/*;q=0, */*", None, None, False),
    ],
)
def test_what_is_accepted(accept: str, one: str | None, stream: str | None, first: bool) -> None:
    """One answer in the type wanted most; a stream for all only where it is wanted first."""
    found = accepted(accept)
    assert (found.one, found.stream, found.streams_first) == (one, stream, first)


async def test_a_query_of_urql_is_answered_in_json(api: Client) -> None:
    """Although it names event streams, too."""
    response = await api.post({"query": "{ viewer { actor } }"}, headers={"accept": URQL})
    assert response.headers["content-type"] == f"{RESPONSE}; charset=utf-8"


async def test_a_compressed_body_is_not_read(api: Client) -> None:
    """Nobody sends a small body that grows."""
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    assert (await api.post(content=b"\x1f\x8b", headers=headers)).status_code == 415


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:8000"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://["}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": PAGE, "sec-fetch-site": "cross-site"}, 200),
    ],
)
async def test_a_get_from_another_site(
    api: Client, setting: Callable[..., None], headers: dict[str, str], status: int
) -> None:
    """It is refused, unless its origin is on the list."""
    setting(ASSENT_ALLOWED_ORIGINS=PAGE)
    async with connected() as http:
        given = headers | {"authorization": f"Bearer {api.key}"}
        response = await http.get("/graphql", params={"query": "{ viewer { actor } }"}, headers=given)
    assert response.status_code == status


@pytest.mark.parametrize(("listed", "allowed"), [("", False), (f"{PAGE}/, https://b.example", True), ("*", True)])
async def test_pages_on_the_list_may_read(
    api: Client, setting: Callable[..., None], listed: str, allowed: bool
) -> None:
    """A preflight is answered, and the answer names the origin; never with credentials, never for others."""
    setting(ASSENT_ALLOWED_ORIGINS=listed)
    asked = {"origin": PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    async with connected() as http:
        preflight = await http.options("/graphql", headers=asked)
    answer = await api.post({"query": "{ viewer { actor } }"}, headers={"origin": PAGE})
    assert preflight.status_code == (204 if allowed else 405)
    for response in (preflight, answer):
        assert (response.headers.get("access-control-allow-origin") == PAGE) is allowed
        assert "access-control-allow-credentials" not in response.headers
    if listed and listed != "*":
        evil = await api.post({"query": "{ viewer { actor } }"}, headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in evil.headers
        assert "Origin" in evil.headers["vary"]


async def test_too_much_in_one_request(api: Client) -> None:
    """Ten thousand ids pass, more values or maps than anybody needs do not, nor what is nested too deeply."""
    text = "query($by: [ID!]!) { nodes(ids: $by) { id } }"
    for variables, status in (
        ({"by": ["x"] * 10_000}, 200),
        ({"by": ["x"] * 20_001}, 413),
        ({"by": [{}] * 1_001}, 413),
    ):
        assert (await api.post({"query": text, "variables": variables})).status_code == status
    nested = b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 150 + b"]" * 150 + b"}}"
    response = await api.post(content=nested, headers={"content-type": JSON})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")
