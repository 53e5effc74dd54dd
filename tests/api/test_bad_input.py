"""Whatever is sent, the answer is a refusal or a clean error: never a fault, never Python's words."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from api.schema import schema
from tests.api.client import EVIDENCE, Client

GRAPH = schema._schema
LONG = "x" * 1_000_000
TEXTS = [
    "",
    " ",
    "\t\n",
    LONG,
    "a\x01b",
    "\u202e",
    "'; DROP TABLE contact; --",
    "%_\\",
    "💥" * 300,
    "\ufeff",
    "ß" * 5000,
]
NUMBERS = [-1, 0, 4, 2**31 - 1, -(2**31)]
VALUES: dict[str, list[Any]] = {
    "String": TEXTS,
    "ID": [*TEXTS, "Q29udGFjdDow", "====", "Q29udGFjdDrDpA", "7"],
    "Int": NUMBERS,
    "Float": NUMBERS,
    "DateTime": ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"],
    "JSON": [[], "x", 7, {"": ""}, {"a" * 1000: 1}, {"d": [[[[[[[[]]]]]]]]}, {"x": "y" * 100_000}],
}
PYTHON = ("Traceback", "object at 0x", "<class", "Error(", "NoneType", "asyncpg", "graphql.", "Undefined", "INTERNAL")


def paths(kind: GraphQLInputType, depth: int = 0) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where values of each scalar stand in an input."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLInputObjectType):
        yield (), named.name
    elif depth < 4:
        for name, field in named.fields.items():
            if name not in ("and", "or", "not") or depth < 3:
                for path, scalar in paths(field.type, depth + 1):
                    yield (name, *path), scalar


def placed(kind: GraphQLInputType, path: tuple[str, ...], bad: Any, good: dict[str, Any]) -> Any:
    """A good input, but for one value."""
    if is_non_null_type(kind):
        return placed(kind.of_type, path, bad, good)
    if is_list_type(kind):
        return [placed(kind.of_type, path, bad, {})]
    if not isinstance(kind, GraphQLInputObjectType):
        return bad
    inner = good.get(path[0])
    rest = {} if kind.is_one_of else (good or MINIMAL.get(kind.name, {}))
    return {**rest, path[0]: placed(kind.fields[path[0]].type, path[1:], bad, inner if isinstance(inner, dict) else {})}


MINIMAL: dict[str, dict[str, Any]] = {
    "EvidenceInput": EVIDENCE,
    "PointInput": {"channel": "EMAIL", "value": "a@example.org"},
    "PointChangeInput": {"channel": "EMAIL", "value": "a@example.org"},
    "TopicSwitchInput": {"topic": "x", "subscribed": True},
}


async def good_inputs(api: Client) -> dict[str, dict[str, Any]]:
    """An input that is accepted, for each mutation."""
    contact = (await api.contact())["id"]
    group = (await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"]
    topic = (await api.query("{ topics { id } }"))["topics"][0]["id"]
    everyone = {"everyone": True}
    return {
        "createContact": {"points": []},
        "updateContact": {"contactId": contact},
        "optInContact": {"contactId": contact, "evidence": EVIDENCE},
        "optOutContact": {"contactId": contact},
        "archiveContact": {"contactId": contact},
        "activateContact": {"contactId": contact},
        "changeDeliverability": {"contactId": contact, "deliverability": "ERROR"},
        "updateSubscriptions": {"contactId": contact, "subscriptions": [{"topic": topic, "subscribed": True}]},
        "eraseContact": {"contactId": contact},
        "bulkChangeStatus": {"selection": everyone, "status": "OPTED_IN", "evidence": EVIDENCE},
        "cancelBulkOperation": {"id": contact},
        "createGroup": {"name": "Friends"},
        "updateGroup": {"id": group},
        "deleteGroup": {"id": group},
        "addContactsToGroup": {"group": group, "selection": everyone},
        "removeContactsFromGroup": {"group": group, "selection": everyone},
        "updateAccount": {},
        "createTopic": {"key": "events", "name": "Events"},
    }


def assert_clean(response: Any) -> None:
    """No fault, and no word of Python."""
    assert response.status_code in (200, 400, 413), response.text[:500]
    assert not any(word in response.text for word in PYTHON), response.text[:500]


@pytest.mark.parametrize("mutation", list(GRAPH.mutation_type.fields) if GRAPH.mutation_type else [])
async def test_every_value_of_every_mutation(api: Client, mutation: str) -> None:
    """Each value of each input, one at a time, is replaced by what nobody should send."""
    assert GRAPH.mutation_type
    kind = GRAPH.mutation_type.fields[mutation].args["input"].type
    good = (await good_inputs(api)).get(mutation) or least(kind)
    text = f"mutation($input: {kind}) {{ {mutation}(input: $input) {{ userErrors {{ code field message }} }} }}"
    for path, scalar in paths(kind):
        for bad in VALUES.get(scalar, ["NOPE"]):
            variables = {"input": placed(kind, path, bad, good)}
            assert_clean(await api.post({"query": text, "variables": variables}))


def least(kind: GraphQLInputType) -> Any:
    """An input with what is required and no more."""
    named = get_nullable_type(kind)
    if is_list_type(named):
        return []
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    if not isinstance(named, GraphQLInputObjectType):
        return {"Int": 1, "Boolean": True}.get(get_named_type(kind).name, "name")
    if named.is_one_of:
        return {"everyone": True} if "everyone" in named.fields else {"csv": "email\na@example.org"}
    return {name: least(field.type) for name, field in named.fields.items() if is_required_input_field(field)}


QUERIES = {
    "contacts": "query($first: Int, $last: Int, $after: String, $before: String, $search: String)"
    " { contacts(first: $first, last: $last, after: $after, before: $before, search: $search) { nodes { id } } }",
    "groups": "query($first: Int, $after: String, $search: String)"
    " { groups(first: $first, after: $after, search: $search) { nodes { id } } }",
    "bulkOperations": "query($first: Int, $after: String)"
    " { bulkOperations(first: $first, after: $after) { nodes { id } } }",
    "consentEvents": "query($first: Int, $after: String, $contact: ID)"
    " { consentEvents(first: $first, after: $after, contact: $contact) { nodes { id } } }",
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "contact": "query($email: String, $phone: String, $externalId: String) { a: contact(by: { email: $email }) { id }"
    " b: contact(by: { phone: $phone }) { id } c: contact(by: { externalId: $externalId }) { id } }",
}
CURSORS = ["bnVsbA", "W10", "W251bGxd", "WyJOQU1FIiwiYSIsIngiXQ", "WyJ4Il0", "e30", "WyJcdTAwMDAiLCAieCJd"]


@pytest.mark.parametrize("query", QUERIES)
async def test_every_argument_of_the_lists(api: Client, query: str) -> None:
    """Sizes, cursors, searches and ids that cannot be."""
    await api.contact()
    text = QUERIES[query]
    for name in [part.split(":")[0].strip(" ($") for part in text[: text.index(")")].split("$")[1:]]:
        for bad in [*NUMBERS, 251] if name in ("first", "last") else [*TEXTS, *CURSORS]:
            variables = {"id": "x", "email": "a", "phone": "1", "externalId": "1"} | {name: bad}
            assert_clean(await api.post({"query": text, "variables": variables}))


@pytest.mark.parametrize(
    ("size", "code"), [(-1, "INVALID"), (251, "INVALID"), (2**31 - 1, "INVALID"), (0, None), (250, None)]
)
@pytest.mark.parametrize("field", ["contacts", "groups", "bulkOperations", "consentEvents"])
async def test_pages_have_a_size(api: Client, field: str, size: int, code: str | None) -> None:
    """At most 250, and not less than none."""
    answer = await api.answer(f"query($n: Int) {{ {field}(first: $n) {{ nodes {{ id }} }} }}", n=size)
    assert [error["extensions"]["code"] for error in answer.get("errors", [])] == ([code] if code else [])


@pytest.mark.parametrize(
    "value",
    [
        "a@",
        "@b.c",
        "a b@example.org",
        "a@example",
        "a@exa mple.org",
        "a@-x.org",
        "a@example..org",
        "a@example.org\nb",
        "a" * 400,
    ],
)
async def test_emails_that_are_none(api: Client, value: str) -> None:
    """Each is INVALID (or too long) at its index."""
    ((code, field),) = await api.refused("createContact", points=[{"channel": "EMAIL", "value": value}])
    assert (code in ("INVALID", "TOO_LARGE"), field) == (True, ["points", "0", "value"])


@pytest.mark.parametrize("value", ["1", "abc", "+", "+49", "0" * 30, "+1 555", "911"])
async def test_phones_that_are_none(api: Client, value: str) -> None:
    """Each is INVALID at its index."""
    ((code, field),) = await api.refused("createContact", points=[{"channel": "SMS", "value": value}])
    assert (code, field) == ("INVALID", ["points", "0", "value"])


async def test_nul_never_reaches_the_database(api: Client) -> None:
    """Escaped in JSON, in variables or in a literal, it is refused; a text about it is not."""
    head = '{"query": "query($by: ContactLookupInput!) { contact(by: $by) { id } }", "variables": {"by": {"email": "'
    for text, status in (("a\\u0000b", 400), ("a\\\\u0000b", 200)):
        content = f'{head}{text}"}}}}}}'.encode()
        response = await api.post(content=content, headers={"content-type": "application/json"})
        assert response.status_code == status, response.text
        assert_clean(response)


@pytest.mark.parametrize("number", ["1180591620717411303424", "-99999999999999999999", "1e400", "0.1"])
async def test_numbers_in_literals(api: Client, number: str) -> None:
    """A number that no other program could read back is refused; any other comes back as it is."""
    text = f"mutation {{ createContact(input: {{ points: [], attributes: {{ n: {number} }} }})"
    response = await api.post({"query": f"{text} {{ contact {{ attributes }} userErrors {{ code }} }} }}"})
    assert_clean(response)
    assert ("errors" in response.json()) is (number != "0.1")


async def test_filters_within_filters(api: Client) -> None:
    """However deep, a filter is matched or refused."""
    for depth in (3, 30, 300):
        filter_: dict[str, Any] = {"tag": "x"}
        for _ in range(depth):
            filter_ = {"not": filter_}
        text = "query($filter: ContactFilterInput) { contacts(filter: $filter) { totalCount } }"
        assert_clean(await api.post({"query": text, "variables": {"filter": filter_}}))


async def test_a_look_up_by_two_keys_is_none(api: Client) -> None:
    """Exactly one key, and not null."""
    text = "query($by: ContactLookupInput!) { contact(by: $by) { id } }"
    for by in ({}, {"id": "x", "email": "y"}, {"id": None}, {"id": None, "email": "y"}):
        error = await api.error(text, by=by)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
