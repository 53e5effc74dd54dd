"""bulkChangeStatus, its preview, its report."""

from typing import Any

import pytest

from tests.api.client import EVIDENCE, Client, connected
from tests.api.working import work_off

OPERATION = (
    "bulkOperation { id kind summary actor status total processed changed unchanged skipped failed progress error"
    " outcomes { code count } reportUrl resultUrl createdAt startedAt finishedAt }"
)
PREVIEW = """query($input: BulkChangeStatusInput!) { previewBulkChangeStatus(input: $input) {
    total changed unchanged skipped outcomes { code count } userErrors { code field message } } }"""


async def crowd(api: Client) -> list[str]:
    """Five contacts: two without permission, one opted in, one opted out, one archived."""
    contacts = [
        await api.contact(),
        await api.contact(),
        await api.opted_in(),
        await api.contact(),
        await api.contact(),
    ]
    await api.changed("optOutContact", contactId=contacts[3]["id"])
    await api.changed("archiveContact", contactId=contacts[4]["id"])
    return [contact["id"] for contact in contacts]


async def test_a_change_of_many(api: Client) -> None:
    """The preview is what then happens, and every refusal has a line in the report."""
    await crowd(api)
    asked: dict[str, Any] = {"selection": {"everyone": True}, "status": "OPTED_IN", "evidence": EVIDENCE}
    preview = (await api.query(PREVIEW, input=asked))["previewBulkChangeStatus"]
    outcomes = [{"code": "CONTACT_ARCHIVED", "count": 1}, {"code": "OPTED_OUT", "count": 1}]
    counts = {"total": 5, "changed": 2, "unchanged": 1, "skipped": 2, "outcomes": outcomes}
    assert preview == counts | {"userErrors": []}
    started = (await api.changed("bulkChangeStatus", OPERATION, **asked))["bulkOperation"]
    assert (started["kind"], started["status"], started["processed"]) == ("CHANGE_STATUS", "QUEUED", 0)
    assert started["actor"].startswith("key:")
    await work_off(api, started["id"])
    text = f"query($id: ID!) {{ node(id: $id) {{ ... on BulkOperation {{ {OPERATION[16:-1]} }} }} }}"
    ended = (await api.query(text, id=started["id"]))["node"]
    assert {name: ended[name] for name in counts} == counts
    assert (ended["status"], ended["progress"], ended["error"], ended["failed"]) == ("COMPLETED", 1.0, None, 0)
    async with connected() as http:
        report = await http.get(ended["reportUrl"])
    assert report.status_code == 200
    assert report.headers["content-type"].startswith("text/csv")
    assert {line.split(",")[3] for line in report.text.splitlines()[1:]} == {"CONTACT_ARCHIVED", "OPTED_OUT"}


async def test_a_forged_link_is_no_link(api: Client) -> None:
    """A report is not to be had with a cut, changed or foreign token."""
    started = await api.contact() and await api.changed(
        "bulkChangeStatus", OPERATION, selection={"everyone": True}, status="OPTED_OUT"
    )
    url = started["bulkOperation"]["reportUrl"]
    async with connected() as http:
        for wrong in (url[:-1], f"{url}x", url.replace("/reports/", "/reports/x"), "/reports/abc", "/reports/%00"):
            assert (await http.get(wrong)).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"selection": {"ids": []}}, ("INVALID", "selection")),
        ({"selection": {"everyone": False}}, ("INVALID", "selection")),
        ({"selection": {"filter": {}}}, ("INVALID", "selection")),
        ({"selection": {"filter": {"or": []}}}, ("INVALID", "selection")),
        ({"selection": {"filter": {"and": [{}, {"and": []}]}}}, ("INVALID", "selection")),
        ({"selection": {"tag": "nobody has this"}}, ("INVALID", "selection")),
        ({"selection": {"ids": ["Q29udGFjdDow"]}}, ("NOT_FOUND", "selection")),
        ({"selection": {"group": "R3JvdXA6MA"}}, ("NOT_FOUND", "selection")),
        ({"selection": {"ids": ["x"] * 10_001}}, ("TOO_LARGE", "selection")),
        ({"channels": []}, ("INVALID", "channels")),
        ({"slots": [7]}, ("INVALID", "slots")),
        ({"evidence": None}, ("EVIDENCE_REQUIRED", "evidence")),
        ({"expectedTotal": 3}, ("CONFLICT", "expectedTotal")),
        ({"idempotencyKey": ""}, ("INVALID", "idempotencyKey")),
    ],
)
async def test_what_is_refused(api: Client, wrong: dict[str, Any], expected: tuple[str, str]) -> None:
    """A bad selection or a missing piece starts nothing, and the preview says the same."""
    await api.contact()
    asked = {"selection": {"everyone": True}, "status": "OPTED_IN", "evidence": EVIDENCE} | wrong
    ((code, field), *_) = await api.refused("bulkChangeStatus", **asked)
    assert (code, (field or ["?"])[0]) == expected
    assert (await api.query("{ bulkOperations { nodes { id } } }"))["bulkOperations"]["nodes"] == []


async def test_the_same_key_gives_the_same_operation(api: Client) -> None:
    """Repeated with its key a request answers the same operation; with other input it is a CONFLICT."""
    await api.contact()
    asked = {"selection": {"everyone": True}, "status": "OPTED_OUT", "idempotencyKey": "one"}
    ids = {(await api.changed("bulkChangeStatus", OPERATION, **asked))["bulkOperation"]["id"] for _ in range(2)}
    assert len(ids) == 1
    ((code, _),) = await api.refused("bulkChangeStatus", **asked | {"status": "ARCHIVED"})
    assert code == "CONFLICT"
