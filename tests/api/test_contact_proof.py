"""contactProof, exportContactData, and what erasure leaves of both."""

import re
from typing import Any

from tests.api.client import EVIDENCE, Client, connected
from tests.api.test_journeys import worked_off
from tests.api.test_messages import NEWS
from tests.mailing import Server, mailbox, send_mail

__all__ = ["mailbox"]

PROOF = "query($id: ID!) { contactProof(contactId: $id) { record entries url expiresAt } }"


async def proof(api: Client, contact: str) -> dict[str, Any]:
    """The proof of a contact."""
    found: dict[str, Any] = (await api.query(PROOF, id=contact))["contactProof"]
    return found


async def fetched(url: str, status: int = 200, accept_language: str = "en") -> Any:
    """What is at an address."""
    async with connected() as http:
        response = await http.get(url, headers={"accept-language": accept_language})
    assert response.status_code == status
    return response


async def a_person(api: Client) -> str:
    """Somebody who opted in on paper and left by a call."""
    contact = await api.contact("ada@example.org", firstName="Ada", tags=["vip"], attributes={"size": 42})
    await api.changed("optInContact", contactId=contact["id"], evidence=EVIDENCE)
    reason = "Called <us> & asked."
    await api.changed("optOutContact", contactId=contact["id"], requestedBy="RECIPIENT", reason=reason)
    return str(contact["id"])


async def test_the_record_is_a_consent_record(api: Client) -> None:
    """In the standard's fields, with DPV's terms: who, whose, what for, how it stands, and every event behind it."""
    found = await proof(api, await a_person(api))
    record = found["record"]
    assert record["@type"] == "dpv:ConsentRecord"
    assert record["party_identification"][0]["party_name"] == "Example Ltd"
    (processing,) = record["pii_processing"]
    (data,) = processing["pii_information"]
    assert (processing["purposes"][0]["purpose_type"], processing["lawful_basis"]) == (
        "dpv:DirectMarketing",
        "dpv:Consent",
    )
    assert (data["pii_type"], data["value"], data["event_state"], data["status"]) == (
        "pd:EmailAddress",
        "ada@example.org",
        "dpv:ConsentWithdrawn",
        "OPTED_OUT",
    )
    assert len(record["event"]) == found["entries"] == 4
    *_, opt_in, opt_out = record["event"]
    assert (opt_in["event_state"], opt_in["notice"]["statement"]) == ("dpv:ConsentGiven", EVIDENCE["statement"])
    assert (opt_out["source"], opt_out["reason"]) == ("RECIPIENT_RELAYED", "Called <us> & asked.")
    assert data["proof"] == opt_out["@id"]


async def test_every_key_of_the_record_is_in_its_context(api: Client) -> None:
    """So that a JSON-LD processor drops nothing: a term, a keyword, or the vocabulary's own."""
    record = (await proof(api, await a_person(api)))["record"]
    context = record.pop("@context")
    assert {prefix for prefix in ("dpv", "pd", "dct", "xsd") if context[prefix].startswith("http")} == {
        "dpv",
        "pd",
        "dct",
        "xsd",
    }
    for term in re.findall(r"'((?:dpv|pd|dct|xsd|assent):[^']+)'", str(context) + str(record)):
        assert term.split(":")[0] in context
    assert context["@vocab"]


async def test_the_page_can_be_read_without_a_login(api: Client) -> None:
    """Escaped, in no cache, for whoever holds the link; it names the wording and the reason."""
    found = await proof(api, await a_person(api))
    response = await fetched(found["url"])
    assert response.headers["cache-control"] == "no-store"
    for words in ("Ada", "ada@example.org", EVIDENCE["statement"], "Called &lt;us&gt; &amp; asked.", "OPTED_OUT"):
        assert words in response.text
    assert "Nachweis der Einwilligung" in (await fetched(found["url"], accept_language="de-AT")).text


async def test_a_persons_data(api: Client) -> None:
    """Details, addresses, topics, groups and history, as a file to hand over."""
    group = (await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"]
    contact = await a_person(api)
    await api.changed("addContactsToGroup", "bulkOperation { id }", group=group, selection={"ids": [contact]})
    payload = await api.changed("exportContactData", "url expiresAt", contactId=contact)
    response = await fetched(payload["url"])
    data = response.json()
    assert "attachment" in response.headers["content-disposition"]
    assert (data["contact"]["firstName"], data["contact"]["tags"], data["contact"]["attributes"]) == (
        "Ada",
        ["vip"],
        {"size": 42},
    )
    assert (data["addresses"][0]["value"], data["addresses"][0]["permission"]) == ("ada@example.org", "OPTED_OUT")
    assert len(data["topics"]) == 4
    assert [entry["source"] for entry in data["history"]][-1] == "RECIPIENT_RELAYED"
    assert data["history"][-2]["notice"]["statement"] == EVIDENCE["statement"]


async def test_what_is_said_of_others_is_theirs(api: Client) -> None:
    """Of a number that two share, each is told that permission was given, and the other's words are kept back."""
    points = [{"channel": "SMS", "value": "+12025550100"}]
    first, second = [(await api.contact(points=points))["id"] for _ in range(2)]
    await api.changed("optInContact", contactId=first, channels=["SMS"], evidence=EVIDENCE)
    for contact, told in ((first, True), (second, False)):
        payload = await api.changed("exportContactData", "url", contactId=contact)
        (entry,) = [e for e in (await fetched(payload["url"])).json()["history"] if e["event_type"] == "assent:OPT_IN"]
        assert ("notice" in entry) is told


async def test_erasure_ends_both_and_leaves_a_hash_and_a_line(api: Client) -> None:
    """The links find nothing; of the person remain a keyed hash, and entries of ids, enums and times alone."""
    from domain.infra.db import pool

    contact = await a_person(api)
    urls = [(await proof(api, contact))["url"]]
    urls.append((await api.changed("exportContactData", "url", contactId=contact))["url"])
    await api.changed("eraseContact", "erasedId", contactId=contact)
    for url in urls:
        await fetched(url, 404)
    error = await api.error(PROOF, id=contact)
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert await api.refused("exportContactData", "url", contactId=contact) == [("NOT_FOUND", ["contactId"])]
    kept = await pool().fetch("SELECT value, octet_length(hash) AS octets, consent FROM address")
    assert [tuple(row) for row in kept] == [(None, 32, "OPTED_OUT")]
    columns = await pool().fetch(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = 'ledger'"
    )
    assert {row["udt_name"] for row in columns if row["column_name"] != "actor"} == {
        "uuid",
        "int8",
        "timestamptz",
        "consent_action",
        "consent_source",
        "consent_status",
        "channel",
    }
    assert await pool().fetchval("SELECT count(*) FROM evidence WHERE coalesce(statement, reason) IS NOT NULL") == 0


async def test_links_are_for_one_thing(api: Client) -> None:
    """A proof's token opens no data, and neither a cut one."""
    found = await proof(api, await a_person(api))
    await fetched(found["url"].replace("/proof/", "/people/"), 404)
    await fetched(found["url"][:-2], 404)


async def test_another_accounts_contact_is_not_found(api: Client, other: Client) -> None:
    """Neither its proof nor its data."""
    theirs = await a_person(other)
    assert (await api.error(PROOF, id=theirs))["extensions"]["code"] == "NOT_FOUND"
    assert await api.refused("exportContactData", "url", contactId=theirs) == [("NOT_FOUND", ["contactId"])]


async def test_why_somebody_was_written_to(api: Client, mailbox: Server) -> None:
    """Each message with the entry that its permission rested on, what others were answered, what was missed."""
    ada = await api.opted_in("ada@example.org")
    template = (await api.changed("createTemplate", "template { id }", **NEWS))["template"]["id"]
    for _ in range(2):
        given = {"template": template, "selection": {"everyone": True}}
        queued = await api.changed("sendBroadcast", "bulkOperation { id }", **given)
        await worked_off(api, queued["bulkOperation"]["id"])
        await send_mail(api.actor.account_id)
        contacts = {"ids": [ada["id"]]}
        await api.changed(
            "authorizeSends", "answers { allowed }", purpose="BROADCAST", channel="EMAIL", contacts=contacts
        )
        await api.changed("optOutContact", contactId=ada["id"])
    found = await proof(api, ada["id"])
    events = {event["event_type"]: event["@id"] for event in found["record"]["event"]}
    sent, refused = found["record"]["messages"]
    assert (sent["template"], sent["address"], sent["status"]) == ("News", "ada@example.org", "SENT")
    assert sent["rests_on"] == events["assent:OPT_IN"]
    assert (refused["status"], refused["reasons"], refused.get("sent_at")) == ("REFUSED", ["OPTED_OUT"], None)
    newest, oldest = found["record"]["send_authorizations"]
    assert (newest["allowed"], newest["reasons"]) == (False, ["OPTED_OUT"])
    assert (oldest["allowed"], oldest["rests_on"]) == (True, events["assent:OPT_IN"])
    page = (await fetched(found["url"])).text
    number = events["assent:OPT_IN"].rpartition(":")[2]
    for words in ("News", "SENT", "REFUSED", f"Decided by entry {number}.", "allowed", "refused"):
        assert words in page
    assert "Maßgeblich: Eintrag" in (await fetched(found["url"], accept_language="de")).text


async def test_what_a_form_sent_is_handed_over_before_it_is_worked_off(api: Client) -> None:
    """Of the email's owner; of a number without an email, its holder's; nobody else's."""
    points = [{"channel": "EMAIL", "value": "ada@example.org"}, {"channel": "SMS", "value": "+12025550100"}]
    contact = (await api.contact(points=points))["id"]
    form = {"formUrl": "https://www.example.com/form", "wording": "Yes, send me the news.", "doubleOptIn": False}
    for given in (
        {"email": "ADA@example.org", "firstName": "Ada"},
        {"phone": "+12025550100", "channels": ["SMS"]},
        {"email": "ben@example.org", "phone": "+12025550100", "channels": ["EMAIL", "SMS"]},
    ):
        await api.changed("signUp", "", **form | given)
    payload = await api.changed("exportContactData", "url", contactId=contact)
    found = (await fetched(payload["url"])).json()["signUpsWaiting"]
    assert [(one["email"], one["phone"], one["channels"]) for one in found] == [
        ("ADA@example.org", None, ["EMAIL"]),
        (None, "+12025550100", ["SMS"]),
    ]
    assert {one["wording"] for one in found} == {"Yes, send me the news."}
