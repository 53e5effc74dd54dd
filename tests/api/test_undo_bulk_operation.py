"""undoBulkOperation."""

from tests.api.client import EVIDENCE, Client, connected
from tests.api.working import work_off

OPERATION = "bulkOperation { id kind summary reportUrl }"
EVERYONE = {"everyone": True}


async def test_an_opt_out_of_everyone_is_taken_back(api: Client) -> None:
    """All but who opted out themselves since; the ledger has a RESTORE, the report the reason."""
    mine, theirs = await api.opted_in(), await api.opted_in()
    first = (await api.changed("bulkChangeStatus", OPERATION, selection=EVERYONE, status="OPTED_OUT"))["bulkOperation"]
    await work_off(api, first["id"])
    await api.changed("optOutContact", contactId=theirs["id"], requestedBy="RECIPIENT")
    back = (await api.changed("undoBulkOperation", OPERATION, id=first["id"]))["bulkOperation"]
    assert (back["kind"], back["summary"]) == ("UNDO", f"Undo: {first['summary']}")
    done = await work_off(api, back["id"])
    assert (done.total, done.changed, done.outcomes) == (2, 1, {"OPTED_OUT": 1})
    text = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Contact {
        optedIn events(first: 1) { nodes { action source from to bulkOperation { id } } } } } }"""
    restored, left = (await api.query(text, ids=[mine["id"], theirs["id"]]))["nodes"]
    (event,) = restored["events"]["nodes"]
    assert event == {
        "action": "RESTORE",
        "source": "UNDO",
        "from": "OPTED_OUT",
        "to": "SINGLE_OPT_IN",
        "bulkOperation": {"id": back["id"]},
    }
    assert (restored["optedIn"], left["optedIn"]) == (True, False)
    async with connected() as http:
        (line,) = (await http.get(back["reportUrl"])).text.splitlines()[1:]
    assert line.split(",")[0] == theirs["id"]
    assert line.endswith("The person has opted out since; that stands.")


async def test_what_cannot_be_undone(api: Client) -> None:
    """One that has not ended, an undo, and an id that is none."""
    await api.contact()
    asked = {"selection": EVERYONE, "status": "OPTED_IN", "evidence": EVIDENCE}
    first = (await api.changed("bulkChangeStatus", OPERATION, **asked))["bulkOperation"]
    assert await api.refused("undoBulkOperation", id=first["id"]) == [("INVALID", ["id"])]
    await work_off(api, first["id"])
    back = (await api.changed("undoBulkOperation", OPERATION, id=first["id"]))["bulkOperation"]
    await work_off(api, back["id"])
    assert await api.refused("undoBulkOperation", id=back["id"]) == [("INVALID", ["id"])]
    assert await api.refused("undoBulkOperation", id="QnVsa09wZXJhdGlvbjow") == [("NOT_FOUND", ["id"])]
