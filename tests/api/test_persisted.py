"""Documents by hash: Apollo's automatic persisted queries, and trusted documents."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.http import persisted
from api.http.trusted import trusted
from domain.actor import Scope
from domain.infra import redis
from tests.api.client import Client, connected

RESPONSE = "application/graphql-response+json"
TEXT = "{ viewer { actor } }"


def by_hash(text: str, **rest: Any) -> dict[str, Any]:
    """A request that names a text by its hash."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}} | rest


def codes(response: Any) -> list[str]:
    """The codes of an answer's errors."""
    return [error["extensions"]["code"] for error in response.json().get("errors", [])]


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    persisted.forget()


@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (RESPONSE, 400)])
async def test_an_unknown_hash_asks_for_the_text(api: Client, accept: str, status: int) -> None:
    """In Apollo's words, with the status that the media type has for it."""
    response = await api.post(by_hash(TEXT), headers={"accept": accept})
    assert (response.status_code, codes(response)) == (status, ["PERSISTED_QUERY_NOT_FOUND"])
    assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_once_sent_the_hash_is_enough(api: Client, other: Client) -> None:
    """For every process, over POST and GET, and for every account: the text is the same."""
    assert "data" in (await api.post(by_hash(TEXT, query=TEXT))).json()
    assert await redis.client().exists(f"assent:document:{sha256(TEXT.encode()).hexdigest()}")
    persisted.forget()
    assert (await api.post(by_hash(TEXT))).json()["data"]["viewer"]
    assert (await other.post(by_hash(TEXT))).json()["data"]["viewer"]
    given = {"extensions": json.dumps(by_hash(TEXT)["extensions"])}
    async with connected() as http:
        response = await http.get("/graphql", params=given, headers={"authorization": f"Bearer {api.key}"})
    assert response.json()["data"]["viewer"]


async def test_a_hash_that_is_not_the_texts(api: Client) -> None:
    """It is refused, and nothing is kept under it."""
    response = await api.post(by_hash("{ other }", query=TEXT))
    assert codes(response) == ["BAD_REQUEST"]
    assert codes(await api.post(by_hash("{ other }"))) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_what_is_not_valid_is_not_kept(api: Client) -> None:
    """A text that cannot run is refused each time."""
    for _ in range(2):
        assert codes(await api.post(by_hash("{ nope }", query="{ nope }"))) == ["GRAPHQL_VALIDATION_FAILED"]
    assert codes(await api.post(by_hash("{ nope }"))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize(
    "given",
    [7, [], {}, {"version": 2, "sha256Hash": "a" * 64}, {"version": True, "sha256Hash": "a" * 64},
     {"version": 1}, {"version": 1, "sha256Hash": "A" * 64}, {"version": 1, "sha256Hash": "../" * 21 + "a"}],
)  # fmt: skip
async def test_what_is_no_hash(api: Client, given: Any) -> None:
    """Another version, or anything but 64 lower-case hexadecimal digits, is a 400."""
    response = await api.post({"query": TEXT, "extensions": {"persistedQuery": given}})
    assert (response.status_code, codes(response)) == (400, ["BAD_REQUEST"])


async def test_no_key_no_hash(api: Client) -> None:
    """Whoever has no key learns nothing of what is kept."""
    await api.post(by_hash(TEXT, query=TEXT))
    async with connected() as http:
        assert (await http.post("/graphql", json=by_hash(TEXT))).status_code == 401


async def test_an_account_adds_only_so_many(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond that texts still run, and are not kept."""
    monkeypatch.setattr(persisted, "MOST_ADDED", 1)
    texts = ["{ a: viewer { actor } }", "{ b: viewer { actor } }"]
    for text in texts:
        assert "data" in (await api.post(by_hash(text, query=text))).json()
    persisted.forget()
    assert [codes(await api.post(by_hash(text))) for text in texts] == [[], ["PERSISTED_QUERY_NOT_FOUND"]]


async def test_redis_away(api: Client) -> None:
    """Texts still run; hashes that the process does not know ask for the text again."""
    await redis.close()
    assert "data" in (await api.post(by_hash(TEXT, query=TEXT))).json()
    assert "data" in (await api.post(by_hash(TEXT))).json()
    persisted.forget()
    assert codes(await api.post(by_hash(TEXT))) == ["PERSISTED_QUERY_NOT_FOUND"]


def manifests(place: Path) -> dict[str, Path]:
    """The same documents in each of the forms."""
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1}
    operations = [{"id": "actor", "name": "A", "type": "query", "body": TEXT}]
    (place / "apollo.json").write_text(json.dumps(apollo | {"operations": operations}))
    (place / "relay.json").write_text(json.dumps({"actor": TEXT}))
    (place / "documents").mkdir()
    (place / "documents" / "actor.graphql").write_text(TEXT)
    return {"apollo": place / "apollo.json", "relay": place / "relay.json", "directory": place / "documents"}


@pytest.mark.parametrize("form", ["apollo", "relay", "directory"])
async def test_trusted_documents(api: Client, setting: Callable[..., None], tmp_path: Path, form: str) -> None:
    """Found by id, by hash and by text; all else is refused, but for keys with the scope admin and the IDE."""
    setting(ASSENT_TRUSTED_DOCUMENTS=manifests(tmp_path)[form], ASSENT_TRUSTED_ONLY="true")
    reader = await api.with_scopes(Scope.READ)
    for body in ({"documentId": "actor"}, by_hash(TEXT), {"query": TEXT}):
        assert (await reader.post(body)).json()["data"]["viewer"]
    for body in ({"query": "{ viewer { scopes } }"}, by_hash("{ viewer { scopes } }", query="{ viewer { scopes } }")):
        assert codes(await reader.post(body)) == ["PERSISTED_QUERY_NOT_IN_LIST"]
    assert codes(await reader.post({"documentId": "nobody"})) == ["PERSISTED_QUERY_NOT_FOUND"]
    assert (await reader.post({"query": "{ __schema { queryType { name } } }"})).json()["data"]
    assert (await api.post({"query": "{ viewer { scopes } }"})).json()["data"]["viewer"]


@pytest.mark.parametrize("content", ["[]", '{"a": 1}', '{"operations": [{"id": "x"}]}', "{"])
def test_a_manifest_that_is_none(tmp_path: Path, content: str) -> None:
    """It is refused when the server starts."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError):  # noqa: PT011 - the JSON module has words of its own
        trusted(tmp_path / "manifest.json")
