"""importContacts, seen from outside: the list goes in, the figures and the report say what became of it."""

from typing import Any

from api.relay import required
from tests.api.client import EVIDENCE, Client, connected
from tests.domain.imports import importing

OPERATION = (
    "bulkOperation { id kind summary status total changed unchanged skipped failed outcomes { code count } reportUrl"
    " imported { created updated optedIn optedOut leftOptedOut suppressed duplicate invalid } }"
)
FOUND = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkOperation {{ {OPERATION[16:-1]} }} }} }}"
GRANTED: dict[str, Any] = {"granted": True, "evidence": EVIDENCE}


async def brought(api: Client, **asked: Any) -> dict[str, Any]:
    """An import, worked off, as a client sees it then."""
    started = (await api.changed("importContacts", OPERATION, **asked))["bulkOperation"]
    assert (started["kind"], started["status"]) == ("IMPORT", "QUEUED")
    await importing.work_off(api.actor, required("BulkOperation", started["id"]))
    ended: dict[str, Any] = (await api.query(FOUND, id=started["id"]))["node"]
    return ended


async def test_a_list_brought_in(api: Client) -> None:
    """Whoever is in it can be found by the import, and each row that is not has its line in the report."""
    text = "Email,First name,Mobile\nann@example.com,Ann,+14155550101\nnobody,,\n=cmd@x,,\n"
    done = await brought(api, source={"csv": text}, permission=GRANTED, newGroup="Spring")
    assert (done["status"], done["total"], done["changed"], done["failed"]) == ("COMPLETED", 3, 1, 2)
    assert done["summary"] == "Import contacts from “list.csv” (with permission)"
    zero = dict.fromkeys(("updated", "optedOut", "leftOptedOut", "suppressed", "duplicate"), 0)
    assert done["imported"] == {"created": 1, "optedIn": 1, "invalid": 2} | zero
    assert done["outcomes"] == [{"code": "INVALID", "count": 2}]
    async with connected() as http:
        report = (await http.get(done["reportUrl"])).text.splitlines()
    assert report[0] == "line,column,value,code,words"
    assert report[1].startswith("3,Email,nobody,INVALID,")
    assert report[2].startswith("4,Email,'=cmd@x,INVALID,")
    by_import = (
        "query($id: ID!) { contacts(filter: {importedBy: $id}) { nodes { email optedIn groups { nodes { name } } } } }"
    )
    nodes = (await api.query(by_import, id=done["id"]))["contacts"]["nodes"]
    assert nodes == [{"email": "ann@example.com", "optedIn": True, "groups": {"nodes": [{"name": "Spring"}]}}]


async def test_a_dry_run(api: Client) -> None:
    """It answers what the import would come to, and brings nobody in."""
    done = await brought(api, source={"csv": "email\nann@example.com\n"}, permission=GRANTED, dryRun=True)
    assert (done["changed"], done["imported"]["created"], done["imported"]["optedIn"]) == (1, 1, 1)
    assert (await api.query("{ contacts { totalCount } }"))["contacts"]["totalCount"] == 0


async def test_both_contacts_of_a_conflict_are_named(api: Client) -> None:
    """A row that claims two contacts names both in the report, by the ids that the API uses."""
    one = await api.contact(points=[{"channel": "EMAIL", "value": "ann@example.com"}])
    two = await api.contact(points=[{"channel": "EMAIL", "value": "bob@example.com"}], externalId="7")
    done = await brought(
        api,
        source={"csv": "id,email\n7,ann@example.com\n"},
        columns=[{"column": "id", "field": "external_id"}, {"column": "email", "field": "email"}],
        permission={"granted": False},
    )
    async with connected() as http:
        report = (await http.get(done["reportUrl"])).text
    assert one["id"] in report
    assert two["id"] in report


async def test_what_is_refused(api: Client) -> None:
    """A refusal names the field that has to be mended, and nothing is put on record."""
    refusals = [
        (
            {"source": {"csv": "email\na@b.example\n"}, "permission": {"granted": True}},
            "EVIDENCE_REQUIRED",
            ["permission", "evidence"],
        ),
        ({"source": {"csv": ""}, "permission": {"granted": False}}, "INVALID", ["source", "csv"]),
        ({"source": {"csv": "a,b\n1,2\n"}, "permission": {"granted": False}}, "REQUIRED", ["columns"]),
        ({"source": {"upload": "nothing"}, "permission": {"granted": False}}, "NOT_FOUND", ["source", "upload"]),
        (
            {"source": {"csv": "email\na@b.example\n"}, "permission": {"granted": False}, "groups": ["x"]},
            "NOT_FOUND",
            ["groups", "0"],
        ),
    ]
    for asked, code, field in refusals:
        answer = await api.change("importContacts", OPERATION, **asked)
        assert answer["bulkOperation"] is None
        assert [(error["code"], error["field"]) for error in answer["userErrors"]] == [(code, field)]
    assert (await api.query("{ bulkOperations { nodes { id } } }"))["bulkOperations"]["nodes"] == []
