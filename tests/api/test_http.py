"""GraphQL over HTTP: what is accepted, in which media type and with which status it is answered."""

from typing import Any

import orjson
import pytest

from domain.infra.settings import settings
from tests.api.client import Client, connected

JSON, RESPONSE = "application/json", "application/graphql-response+json"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("*/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, {JSON};q=0.9", RESPONSE),
        (f"{JSON}, {RESPONSE};q=0.5", JSON),
        ("text/html, application/*;q=0.1", JSON),
        (f"{RESPONSE.upper()}", RESPONSE),
    ],
)
async def test_the_answer_comes_in_the_type_that_was_asked_for(
    api: Client, accept: str | None, media_type: str
) -> None:
    """Accept is honoured; whoever takes anything gets JSON."""
    headers = {"accept": accept} if accept else {}
    response = await api.post({"query": "{ __typename }"}, headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_an_answer_nobody_can_read_is_not_given(api: Client) -> None:
    """An Accept without JSON is 406."""
    assert (await api.post({"query": "{ __typename }"}, headers={"accept": "text/csv"})).status_code == 406


@pytest.mark.parametrize("body", ["null", '"abc"', "[1]", "7", "[]", '[{"query": "{ __typename }"}]', "{}"])
async def test_a_body_of_another_shape(api: Client, body: str) -> None:
    """What is no GraphQL request is a 400 in JSON; batches are not accepted."""
    response = await api.post(content=body, headers={"content-type": JSON})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    "body",
    [
        {"query": 7},
        {"query": ""},
        {"query": None},
        {"query": "{ __typename }", "variables": []},
        {"query": "{ __typename }", "variables": "x"},
        {"query": "{ __typename }", "operationName": 7},
        {"query": "{ __typename }", "extensions": 0},
        {"query": "query A { __typename } query B { __typename }"},
        {"query": "{ __typename }", "operationName": "Missing"},
    ],
)
async def test_a_request_with_wrong_parts(api: Client, body: dict[str, Any]) -> None:
    """Each is refused in words, with the status 400 where the media type can say so."""
    response = await api.post(body, headers={"accept": RESPONSE})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in response.json()


@pytest.mark.parametrize("body", [b"{", b"{'query': 1}", b"\xff\xfe", b"[" * 100_000, b'{"query": "\\ud800"}', b""])
async def test_a_body_that_is_no_json(api: Client, body: bytes) -> None:
    """Broken, endlessly nested or wrongly encoded JSON is a 400."""
    response = await api.post(content=body, headers={"content-type": JSON})
    assert response.status_code == 400
    assert response.json()["errors"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/jsonx", "application/graphql", "multipart/form-data", ""]
)
async def test_a_body_of_another_type(api: Client, media_type: str) -> None:
    """Only JSON is read: a form on a foreign site cannot send it."""
    response = await api.post(content=b'{"query": "{ __typename }"}', headers={"content-type": media_type})
    assert response.status_code == 415


@pytest.mark.parametrize(("charset", "status"), [("utf-8", 200), ("UTF-8", 200), ('"utf-8"', 200), ("latin1", 415)])
async def test_json_is_utf_8(api: Client, charset: str, status: int) -> None:
    """A charset may be named, if it is the one."""
    headers = {"content-type": f"{JSON}; charset={charset}"}
    assert (await api.post(content=b'{"query": "{ __typename }"}', headers=headers)).status_code == status


async def test_a_body_that_is_too_large(api: Client) -> None:
    """Ten megabytes are refused with a 413 before they are read, also when the length was not declared."""

    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 1024 * 512

    query = orjson.dumps({"query": "{ __typename }", "variables": {"x": "x" * 10_000_000}})
    for content in (query, endless()):
        response = await api.post(content=content, headers={"content-type": JSON})
        assert response.status_code == 413
        assert response.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"


@pytest.mark.parametrize(
    "parameters",
    ["query=%7Bviewer%7Bactor%7D%7D&query=%7B__typename%7D", "query=%7B__typename%7D%ff", "a=1&" * 30],
)
async def test_a_url_that_can_be_read_in_two_ways(api: Client, parameters: str) -> None:
    """A parameter given twice, bytes that are no UTF-8 and floods of parameters are a 400, not a guess."""
    async with connected() as http:
        response = await http.get(f"/graphql?{parameters}", headers={"authorization": f"Bearer {api.key}"})
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_no_link_is_built_from_the_host_header(api: Client) -> None:
    """A path with a slash too many is not found; nobody is sent to whatever host was named."""
    async with connected() as http:
        response = await http.post("/graphql/", json={}, headers={"host": "evil.example"})
    assert (response.status_code, "location" in response.headers) == (404, False)


async def test_queries_by_get_and_nothing_else(api: Client) -> None:
    """GET runs queries; mutations need a POST, subscriptions a socket."""
    headers = {"authorization": f"Bearer {api.key}"}
    async with connected() as http:
        variables = {"query": "query($id: ID!) { node(id: $id) { id } }", "variables": '{"id": "x"}'}
        assert (await http.get("/graphql", params=variables, headers=headers)).json()["data"] == {"node": None}
        mutation = {"query": 'mutation { archiveContact(input: { contactId: "x" }) { userErrors { code } } }'}
        assert (await http.get("/graphql", params=mutation, headers=headers)).status_code == 405
        for method in ("PUT", "DELETE", "HEAD", "OPTIONS"):
            response = await http.request(method, "/graphql", headers=headers)
            assert response.status_code == 405
            assert response.headers["allow"] == "GET, POST"
    subscription = {"query": 'subscription { bulkOperation(id: "x") { id } }'}
    answer = (await api.post(subscription)).json()
    assert "WebSocket" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ }", "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: "\\ud800") { id } }', "GRAPHQL_PARSE_FAILED"),
        ('{ node(id: "\\u0000") { id } }', "BAD_USER_INPUT"),
        ('{ node(id: """\\u0000""") { id } }', None),
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ ...F } fragment F on Query { ...F }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nodes(ids: 7.5) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        ("{ contacts(first: 9999999999) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ " + "viewer { actor } " * 400 + "}", "GRAPHQL_PARSE_FAILED"),
        ("{ " + " ".join(f"a{i}: viewer {{ actor }}" for i in range(40)) + " }", "TOO_COMPLEX"),
        ("{ contact" + "{ groups { nodes { contacts { nodes " * 6 + "{ id }" + "} } } }" * 6 + " }", "TOO_COMPLEX"),
        ("{ a " * 600 + "}" * 600, "GRAPHQL_PARSE_FAILED"),
        ("{" * 400, "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_documents_that_cannot_be_run(api: Client, query: str, code: str | None) -> None:
    """Each is refused with a code before anything runs, at no great cost."""
    answer = await api.answer(query)
    assert [error["extensions"]["code"] for error in answer.get("errors", [])][:1] == ([code] if code else [])


async def test_fragments_are_measured_once(api: Client) -> None:
    """A document whose fragments multiply is refused at once, not after seconds."""
    fragments = "".join(f" fragment F{i} on Query {{ ...F{i + 1} a{i}: __typename ...F{i + 1} }}" for i in range(40))
    error = await api.error("{ ...F0 }" + fragments + " fragment F40 on Query { __typename }")
    assert error["extensions"]["code"] == "TOO_COMPLEX"


async def test_pages_within_pages_are_weighed(api: Client) -> None:
    """What pages could hold counts, also when their sizes come as variables."""
    text = """query($n: Int) { contacts(first: $n) { nodes { groups(first: $n) { nodes { id } } } } }"""
    error = await api.error(text, n=250)
    assert error["extensions"]["code"] == "TOO_COMPLEX"
    assert str(settings().max_cost) in error["message"]
    assert (await api.query(text, n=50))["contacts"] == {"nodes": []}


async def test_a_fault_is_masked(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What went wrong inside is logged, and the client sees its id alone."""

    async def broken(*_: object) -> None:
        raise RuntimeError("secret of the database")

    monkeypatch.setattr("domain.accounts.queries.topics", broken)
    response = await api.post({"query": "{ topics { id } }"})
    assert response.status_code == 200
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": response.headers["x-request-id"]}
    assert "secret" not in response.text


async def test_careful_headers_on_everything(api: Client) -> None:
    """Answers are not sniffed, framed, cached or leaked by referrers."""
    response = await api.post({"query": "{ __typename }"})
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert len(response.headers["x-request-id"]) == 32


async def test_the_log_names_the_operation_and_no_data(api: Client, caplog: Any, capsys: Any) -> None:
    """A line a request: the operation's name, never its variables, addresses or key."""
    contact = await api.contact("ada@example.org", firstName="Ada")
    text = "query Find($by: ContactLookupInput!) { contact(by: $by) { id } }"
    assert (await api.query(text, by={"email": "ada@example.org"}))["contact"]["id"] == contact["id"]
    written = caplog.text + "".join(capsys.readouterr())
    assert "Find" in written
    for secret in ("ada@", "Ada", api.key, contact["id"]):
        assert secret not in written
