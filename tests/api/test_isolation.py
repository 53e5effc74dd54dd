"""Another account's ids find nothing: every id in the schema is tried."""

from typing import Any

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from api.schema import schema
from tests.api.client import EVIDENCE, Client

GRAPH = schema._schema
OWNED = ("contact", "point", "topic", "group", "operation", "event", "account")
# What else an input needs before its ids are looked at.
NEEDED = {
    "evidence": EVIDENCE,
    "rectification": None,
    "status": "OPTED_IN",
    "channel": "EMAIL",
    "purpose": "BROADCAST",
    "deliverability": "ERROR",
    "subscribed": True,
    "expectedTotal": 1,
    "source": {"csv": "email\na@example.org\n"},
    "permission": {"granted": False},
    "name": "Name",
    "key": "some_key",
    "formUrl": "https://www.example.com/join",
    "wording": "Yes, write to me about news.",
    "contacts": {"emails": ["nobody@example.com"]},
    "trigger": "BY_HAND",
    "event": "order paid",
    "to": "me@example.com",
    "message": {"subject": "Hello", "text": "{{ unsubscribe }}", "html": "<a href='{{ unsubscribe }}'>x</a>"},
}


async def belongings(api: Client) -> dict[str, str]:
    """One id of each kind of object that an account can have."""
    group = await api.changed("createGroup", "group { id }", name="Guests")
    contact = await api.opted_in(groups=[group["group"]["id"]])
    started = await api.changed(
        "bulkChangeStatus", "bulkOperation { id }", selection={"everyone": True}, status="ARCHIVED"
    )
    data = await api.query("{ viewer { account { id } } topics { id } consentEvents { nodes { id } } }")
    return {
        "contact": contact["id"],
        "point": contact["points"][0]["id"],
        "topic": data["topics"][0]["id"],
        "group": group["group"]["id"],
        "operation": started["bulkOperation"]["id"],
        "event": data["consentEvents"]["nodes"][0]["id"],
        "account": data["viewer"]["account"]["id"],
    }


def id_paths(kind: GraphQLInputType, path: tuple[str, ...] = (), depth: int = 0) -> list[tuple[str, ...]]:
    """Where in an argument ids stand, as paths of names; filters within filters one level deep."""
    named = get_named_type(kind)
    if named.name == "ID":
        return [path]
    if not isinstance(named, GraphQLInputObjectType) or depth > 3:
        return []
    return [
        found
        for name, field in named.fields.items()
        if not (path and name in ("and", "or", "not") and path[-1] in ("and", "or", "not"))
        for found in id_paths(field.type, (*path, name), depth + 1)
    ]


PLACES = [
    (root, field, path)
    for root in (GRAPH.query_type, GRAPH.mutation_type)
    if root is not None
    for field, definition in root.fields.items()
    for argument, given in definition.args.items()
    for path in id_paths(given.type, (argument,))
]


def value(kind: GraphQLInputType, path: tuple[str, ...], foreign: str, mine: str) -> Any:
    """An argument with the foreign id at the path, our own contact's wherever else an id must stand."""
    if is_non_null_type(kind):
        return value(kind.of_type, path, foreign, mine)
    if is_list_type(kind):
        return [value(kind.of_type, path, foreign, mine)]
    if not isinstance(kind, GraphQLInputObjectType):
        return foreign
    given: dict[str, Any] = {path[0]: value(kind.fields[path[0]].type, path[1:], foreign, mine)}
    for name, field in kind.fields.items():
        if name not in given and is_required_input_field(field):
            given[name] = filler(name, field.type, mine)
    if kind.name in ("OptInContactInput", "BulkChangeStatusInput"):
        given["evidence"] = EVIDENCE
    return given


def filler(name: str, kind: GraphQLInputType, mine: str) -> Any:
    """A value for what is required beside the id that is tried."""
    named = get_named_type(kind)
    if named.name == "ID":
        return mine
    if named.name == "ContactSelectionInput":
        return {"ids": [mine]}
    if named.name == "ContactLookupInput":
        return {"id": mine}
    if named.name == "TemplateOrDraftInput":
        return {"draft": {"message": NEEDED["message"]}}
    return [] if is_list_type(get_nullable_type(kind)) else NEEDED[name]


def selection(root: Any, field: str) -> str:
    """Something to read of a field: every id below it, two levels down, and the refusals."""
    named = get_named_type(root.fields[field].type)
    if named.name == "Node":
        return "{ id }"
    parts = []
    for name, one in named.fields.items():
        inner = get_named_type(one.type)
        if name == "userErrors":
            parts.append("userErrors { code field }")
        elif name in ("nodes", "contact", "group", "point", "bulkOperation", "decidedBy"):
            parts.append(f"{name} {{ id }}")
        elif name == "answers":
            parts.append("answers { contactId }")
        elif name == "problems":
            parts.append("problems { code }")
        elif inner.name in ("ID", "Boolean", "Int", "SendBlock") and not one.args:
            parts.append(name)
    return f"{{ {' '.join(parts)} }}"


@pytest.mark.parametrize(
    ("root", "field", "path"), PLACES, ids=lambda part: ".".join(part) if isinstance(part, tuple) else str(part)
)
async def test_foreign_ids_find_nothing(
    api: Client, other: Client, root: Any, field: str, path: tuple[str, ...]
) -> None:
    """With each of another account's ids, in each place that takes one: nothing is found and nothing is touched."""
    theirs = await belongings(other)
    mine = await api.contact()
    before = await snapshot(other)
    arguments = root.fields[field].args
    for kind in OWNED:
        given = {path[0]: value(arguments[path[0]].type, path[1:], theirs[kind], mine["id"])}
        for name, argument in arguments.items():
            if name not in given and is_required_argument(argument):
                given[name] = filler(name, argument.type, mine["id"])
        declared = ", ".join(f"${name}: {arguments[name].type}" for name in given)
        passed = ", ".join(f"{name}: ${name}" for name in given)
        word = "mutation" if root is GRAPH.mutation_type else "query"
        answer = await api.answer(f"{word}({declared}) {{ it: {field}({passed}) {selection(root, field)} }}", **given)
        text = str({"data": answer.get("data"), "errors": [error["message"] for error in answer.get("errors", [])]})
        assert not any(foreign in text for foreign in theirs.values()), (kind, answer)
        assert found_nothing(answer, mine["id"]), (kind, given, answer)
    assert await snapshot(other) == before


def found_nothing(answer: dict[str, Any], mine: str) -> bool:
    """Whether an answer is a refusal, null, or empty; our own only contact may be in it."""
    if "errors" in answer:
        return {error["extensions"]["code"] for error in answer["errors"]} <= {"NOT_FOUND", "INVALID"}
    it = answer["data"]["it"]
    if it is None or it == [None] or it.get("userErrors"):
        return True
    if "reasons" in it:
        return it["allowed"] is False
    if "authorization" in it:  # a record of what was asked, and of nobody found
        return all(answer["contactId"] is None for answer in it["answers"])
    return all(node["id"] == mine for node in it["nodes"]) if "nodes" in it else it.get("total") in (0, 1)


async def snapshot(api: Client) -> Any:
    """What an account looks like from inside."""
    return await api.query(
        "{ contacts { nodes { id lifecycle version optedIn groups { totalCount } } } groups { nodes { id name size } }"
        " bulkOperations { nodes { id status } } consentEvents { nodes { id } } viewer { account { name } } }"
    )


async def test_a_foreign_operation_is_not_followed(api: Client, other: Client, server: str) -> None:
    """A subscription to another account's operation is NOT_FOUND."""
    from tests.api.socket import connected

    theirs = await belongings(other)
    async with connected(server, api.key) as socket:
        await socket.subscribe("subscription($id: ID!) { bulkOperation(id: $id) { id } }", id=theirs["operation"])
        message = await socket.receive()
    assert message["type"] == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_FOUND"
