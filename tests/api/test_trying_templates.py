"""Templates previewed, and sent to an address of one's own, from outside."""

from typing import Any

import pytest

from domain.infra.db import pool
from domain.infra.settings import settings
from domain.messages.tried import MOST
from tests.api.client import Client
from tests.api.test_journeys import MESSAGE, made_template
from tests.api.test_messages import RECEIPT, made
from tests.mailing import Server, mailbox, mails, text
from tests.texting import Carrier, carrier

__all__ = ["carrier", "mailbox"]

PREVIEW = """query($input: PreviewTemplateInput!) { previewTemplate(input: $input) {
  subject text html problems { code field message } } }"""


async def preview(api: Client, **asked: Any) -> dict[str, Any]:
    """A preview."""
    found: dict[str, Any] = (await api.query(PREVIEW, input=asked))["previewTemplate"]
    return found


def codes(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The problems of a preview."""
    return [(one["code"], one["field"]) for one in found["problems"]]


async def test_a_preview_says_what_would_be_sent(api: Client) -> None:
    """To somebody made up or to a contact, with the foot, links that do nothing, and what the account lacks."""
    template = {"id": await made_template(api)}
    shown = await preview(api, template=template)
    assert (shown["subject"], codes(shown)) == ("Hello Anna", [("REQUIRED", ["postalAddress"])])
    await api.changed("updateAccount", "account { id }", postalAddress="1 Example Street")
    ben = await api.contact("ben@example.org", firstName="Ben <b>")
    shown = await preview(api, template=template, contact={"id": ben["id"]})
    assert (shown["subject"], shown["problems"]) == ("Hello Ben <b>", [])
    assert shown["text"] == f"{settings().base_url}/u/test\n\n-- \nExample Ltd\n1 Example Street\n"
    assert f"href='{settings().base_url}/u/test'" in shown["html"]
    draft = {"message": MESSAGE | {"html": "<p>{{ first_name }}</p><a href='{{ unsubscribe }}'>x</a>"}}
    assert "Ben &lt;b&gt;" in (await preview(api, template={"draft": draft}, contact={"id": ben["id"]}))["html"]
    assert await pool().fetchval("SELECT count(*) FROM message WHERE account_id = $1", api.actor.account_id) == 0


async def test_a_draft_shows_its_problems(api: Client) -> None:
    """Each at its part, in words; what is safe to fill in is shown all the same, and the rest is null."""
    draft = {"message": {"subject": "Hi {{ frist_name }}", "text": "Hi {{ first_name }}", "html": "{{ name.x }}"}}
    shown = await preview(api, template={"draft": draft})
    assert codes(shown) == [("INVALID", ["message", name]) for name in ("subject", "text", "html")]
    assert "there is no “frist_name”" in shown["problems"][0]["message"]
    assert (shown["subject"], shown["text"], shown["html"]) == (None, "Hi Anna", None)


async def test_a_draft_with_fields_and_one_by_sms(api: Client) -> None:
    """Texts for its own fields, or their names; a text message is text alone, with the words to leave."""
    template = {"id": await made(api, RECEIPT)}
    assert (await preview(api, template=template))["subject"] == "Order [order]"
    shown = await preview(api, template=template, data={"order": "7\r\nBcc: x@example.com"})
    assert (shown["subject"], shown["problems"]) == ("Order 7 Bcc: x@example.com", [])
    draft = {"channel": "SMS", "optOutWords": True, "message": {"text": "Hi {{ first_name }}"}}
    shown = await preview(api, template={"draft": draft})
    assert shown == {"subject": None, "text": "Hi Anna\nReply STOP to opt out.", "html": None, "problems": []}


@pytest.mark.parametrize(
    "asked",
    [
        {"template": {"id": "x"}},
        {"template": {"draft": {"message": MESSAGE}}, "contact": {"email": "nobody@example.org"}},
        {"template": {"draft": {"message": MESSAGE}}, "topic": "x"},
        {"template": {"draft": {"message": MESSAGE}}, "data": [1]},
        {"template": {"draft": {"message": MESSAGE}}, "data": {"order": "7"}},
    ],
)
async def test_what_no_preview_is_made_of(api: Client, asked: dict[str, Any]) -> None:
    """Unknown ids and data that no field is for."""
    error = await api.error(PREVIEW, input=asked)
    assert error["extensions"]["code"] in ("NOT_FOUND", "BAD_USER_INPUT", "INVALID")
    refused = await api.refused("sendTestMessage", **asked, to="me@example.org")
    assert [code for code, _ in refused] in (["NOT_FOUND"], ["INVALID"])


async def test_a_test_goes_to_the_named_address(api: Client, mailbox: Server) -> None:
    """Marked in its subject, with links that do nothing and no header to leave; nothing on record or queued."""
    ben = await api.contact("ben@example.org", firstName="Ben\r\nBcc: x@example.com")
    asked = {"template": {"id": await made_template(api)}, "to": " Me@Example.ORG ", "contact": {"id": ben["id"]}}
    assert (await api.changed("sendTestMessage", "sentTo", **asked))["sentTo"] == "Me@example.org"
    (mail,) = mailbox.mails
    assert (mail["to"], mail["subject"]) == ("Me@example.org", "[Test] Hello Ben Bcc: x@example.com")
    assert (mail["bcc"], mail["list-unsubscribe"]) == (None, None)
    assert f"{settings().base_url}/u/test" in text(mail)
    assert await mails(api.actor.account_id) == []
    assert await pool().fetchval("SELECT count(*) FROM message WHERE account_id = $1", api.actor.account_id) == 0


async def test_a_test_is_no_way_around_an_opt_out(api: Client, mailbox: Server) -> None:
    """Whoever opted out, or cannot be reached, is sent no test either; nor an unsafe template, nor a bad address."""
    ben, cleo = await api.contact("ben@example.org"), await api.contact("cleo@example.org")
    await api.changed("optOutContact", contactId=ben["id"])
    await api.changed("changeDeliverability", contactId=cleo["id"], deliverability="ERROR")
    template = {"id": await made_template(api)}

    async def refused(**given: Any) -> object:
        return await api.refused("sendTestMessage", **{"template": template} | given)

    assert await refused(to="ben@example.org") == [("OPTED_OUT", ["to"])]
    assert await refused(to="cleo@example.org") == [("UNDELIVERABLE", ["to"])]
    assert await refused(to="me@example.org\r\nBcc: x@example.com") == [("INVALID", ["to"])]
    assert await refused(to="me@example.org, you@example.org") == [("INVALID", ["to"])]
    draft = {"message": MESSAGE | {"text": "{{ config }}"}}
    assert await refused(template={"draft": draft}, to="me@example.org") == [("INVALID", ["message", "text"])]
    mailbox.rcpt["no@example.org"] = "550 5.1.1 No"
    assert await refused(to="no@example.org") == [("UNDELIVERABLE", ["to"])]
    mailbox.rcpt["later@example.org"] = "450 4.2.0 Later"
    assert await refused(to="later@example.org") == [("CONFLICT", None)]
    assert mailbox.mails == []


async def test_a_test_by_text(api: Client, carrier: Carrier) -> None:
    """Marked, too, and to a number as it is written at home; not to one that opted out."""
    ben = await api.contact(points=[{"channel": "SMS", "slot": 1, "value": "+12025550101"}])
    await api.changed("optOutContact", contactId=ben["id"], channels=["SMS"])
    template = {"draft": {"channel": "SMS", "optOutWords": True, "message": {"text": "Hi {{ first_name }}"}}}
    sent = await api.changed("sendTestMessage", "sentTo", template=template, to="+1 (202) 555-0100")
    assert sent["sentTo"] == "+12025550100"
    assert carrier.texts == [("+12025550100", "[Test] Hi Anna\nReply STOP to opt out.")]
    for to, code in (("+12025550101", "OPTED_OUT"), ("me@example.org", "INVALID")):
        assert await api.refused("sendTestMessage", template=template, to=to) == [(code, ["to"])]


async def test_tests_are_few(api: Client, mailbox: Server) -> None:
    """So many an hour in an account, and no more; those of an hour ago no longer count."""
    account_id = api.actor.account_id
    asked = {"template": {"id": await made_template(api)}, "to": "me@example.org"}
    await pool().execute(
        "INSERT INTO test_message (account_id, id, actor, sent_at)"
        " SELECT $1, uuidv7(), 'key:test', now() FROM generate_series(1, $2)",
        account_id,
        MOST - 1,
    )
    await api.changed("sendTestMessage", "sentTo", **asked)
    assert await api.refused("sendTestMessage", **asked) == [("TOO_LARGE", None)]
    await pool().execute("UPDATE test_message SET sent_at = sent_at - interval '61 minutes'")
    await api.changed("sendTestMessage", "sentTo", **asked)
    assert len(mailbox.mails) == 2
