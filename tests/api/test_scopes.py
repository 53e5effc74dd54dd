"""Who may do what: every root field declares its scope, and a key without it is refused."""

from collections.abc import Callable, Iterator

import pytest
from graphql import GraphQLField

from api.fields import SCOPE
from api.schema import schema
from domain.actor import Scope
from tests.api.client import EVIDENCE, Client, connected

ROOTS = (schema._schema.query_type, schema._schema.mutation_type, schema._schema.subscription_type)


def root_fields() -> Iterator[tuple[str, GraphQLField]]:
    """Every field that an operation can begin with."""
    for root in ROOTS:
        assert root is not None
        yield from root.fields.items()


def scope_of(field: GraphQLField) -> Scope | None:
    """The scope that a field declares."""
    found: Scope | None = field.extensions["strawberry-definition"].metadata.get(SCOPE)
    return found


@pytest.mark.parametrize("name", [name for name, _ in root_fields()])
def test_every_root_field_declares_its_scope(name: str) -> None:
    """A field without a scope would be open to every key; the scope stands in its description, too."""
    for field in (field for one, field in root_fields() if one == name):
        scope = scope_of(field)
        assert scope is not None
        assert f"`{scope}`" in (field.description or "")


MUTATIONS = {
    Scope.WRITE: 'mutation { archiveContact(input: { contactId: "x" }) { userErrors { code } } }',
    Scope.BULK: 'mutation { cancelBulkOperation(input: { id: "x" }) { userErrors { code } } }',
    Scope.ADMIN: 'mutation { updateAccount(input: { name: "New" }) { userErrors { code } } }',
    Scope.SIGNUP: 'mutation { signUp(input: { formUrl: "x", wording: "x" }) { userErrors { code } } }',
    Scope.READ: "{ contacts { nodes { id } } }",
}


@pytest.mark.parametrize("needed", [*Scope])
@pytest.mark.parametrize("held", [*Scope])
async def test_a_key_does_what_its_scope_allows(api: Client, needed: Scope, held: Scope) -> None:
    """FORBIDDEN unless the key holds the scope; `admin` holds all."""
    client = await api.with_scopes(held)
    errors = (await client.answer(MUTATIONS[needed])).get("errors", [])
    allowed = held in (needed, Scope.ADMIN)
    assert [error["extensions"]["code"] for error in errors] == ([] if allowed else ["FORBIDDEN"])


async def test_writing_shows_what_was_written_and_no_more(api: Client) -> None:
    """With `write` alone a payload shows the contact, but leads nowhere from there."""
    contact = await api.contact()
    writer = await api.with_scopes(Scope.WRITE)
    payload = await writer.changed(
        "optInContact", "contact { optedIn } events { action }", contactId=contact["id"], evidence=EVIDENCE
    )
    assert payload["contact"]["optedIn"] is True
    text = (
        "mutation($input: ArchiveContactInput!) { archiveContact(input: $input) { contact { groups { totalCount } } } }"
    )
    errors = (await writer.answer(text, input={"contactId": contact["id"]}))["errors"]
    assert errors[0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong-key-of-some-length", "Basic YTpi"]
)
async def test_without_a_valid_key(api: Client, authorization: str | None) -> None:
    """A missing or wrong key is UNAUTHENTICATED, with the status that HTTP has for it."""
    headers = {} if authorization is None else {"authorization": authorization}
    async with connected() as http:
        response = await http.post("/graphql", json={"query": "{ viewer { actor } }"}, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in response.json()


INTROSPECTION = {"query": "{ __typename __schema { queryType { name } } }"}


async def test_the_schema_is_shown_to_keys_alone(api: Client) -> None:
    """Without a key, or with one that stands in a web page, nothing of it is: no introspection, no hint at a name."""
    async with connected() as http:
        for query in (INTROSPECTION["query"], "{ __typename }", "{ contatcs }", "{"):
            response = await http.post("/graphql", json={"query": query})
            assert response.status_code == 401
            assert "Did you mean" not in response.text
    page = await api.with_scopes(Scope.SIGNUP)
    assert (await page.error(INTROSPECTION["query"]))["extensions"]["code"] == "FORBIDDEN"
    assert (await api.post(INTROSPECTION)).json()["data"]["__schema"] == {"queryType": {"name": "Query"}}


async def test_the_schema_can_be_opened(api: Client, setting: Callable[..., None]) -> None:
    """Where the settings say so it can be read without a key, and nothing beside it; not with a wrong one."""
    setting(ASSENT_OPEN_INTROSPECTION="true")
    async with connected() as http:
        response = await http.post("/graphql", json=INTROSPECTION)
        assert response.json()["data"]["__schema"] == {"queryType": {"name": "Query"}}
        for query in ("{ __schema { queryType { name } } topics { id } }", "{ __schema { nope } }", "{"):
            assert (await http.post("/graphql", json={"query": query})).status_code == 401
        wrong = {"authorization": "Bearer wrong-key-of-some-length"}
        assert (await http.post("/graphql", json=INTROSPECTION, headers=wrong)).status_code == 401


HINTS = {
    "a field": ("{ contatcs { nodes { id } } }", {}),
    "an argument": ("{ contacts(frist: 1) { nodes { id } } }", {}),
    "a type": ("query($id: IDD) { node(id: $id) { id } }", {}),
    "an enum value": ("{ contactSummary(channel: EMIAL) { total } }", {}),
    "an input field": ("{ contacts(filter: { serch: 1 }) { nodes { id } } }", {}),
    "an input field in a variable": (
        "query($f: ContactFilterInput) { contacts(filter: $f) { nodes { id } } }",
        {"serch": 1},
    ),
    "an enum value in a variable": (
        "query($f: ContactFilterInput) { contacts(filter: $f) { nodes { id } } }",
        {"channel": "EMIAL"},
    ),
    "a directive": ("{ __typename @inclde(if: true) }", {}),
}


@pytest.mark.parametrize("what", HINTS)
async def test_a_key_in_a_web_page_is_given_no_hint(api: Client, what: str) -> None:
    """Who mistypes a name is told which one was meant, unless the key is one for everybody to read."""
    query, given = HINTS[what]
    page = await api.with_scopes(Scope.SIGNUP)
    told = [(await client.answer(query, f=given))["errors"] for client in (api, page)]
    assert "Did you mean" in str(told[0]) or what == "a directive"
    assert "Did you mean" not in str(told[1])


async def test_a_key_in_other_letters_is_another_key(api: Client) -> None:
    """The scheme's case does not matter, the key's does."""
    body = {"query": "{ __typename }"}
    assert (await api.post(body, headers={"authorization": f"bearer {api.key}"})).status_code == 200
    assert (await api.post(body, headers={"authorization": f"Bearer {api.key.upper()}"})).status_code == 401
