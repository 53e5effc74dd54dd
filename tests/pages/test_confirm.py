"""Double opt-in from the mail to the press of the button, through the application itself."""

from uuid import uuid4

import pytest

from domain.infra.db import pool
from domain.recipients.links import link
from domain.recipients.tokens import Purpose
from tests.api.client import Client
from tests.mailing import Server, link_in, mailbox, send_mail, text
from tests.pages.visiting import get, post, recipient

__all__ = ["mailbox"]


async def asked(api: Client, mailbox: Server, email: str = "anna@example.org") -> tuple[str, str]:
    """Somebody who was asked: their id, and the path of the link in their mail."""
    contact = await api.opted_in(email)
    payload = await api.changed("requestDoubleOptIn", contactId=contact["id"])
    assert [(one["action"], one["source"]) for one in payload["events"]] == [("CONFIRMATION_REQUESTED", "OPERATOR")]
    await send_mail(api.actor.account_id)
    return contact["id"], link_in(mailbox.sent_to(email)[-1])


async def consent(email: str = "anna@example.org") -> str:
    """How an address stands."""
    return str(await pool().fetchval("SELECT consent FROM address WHERE value = $1", email))


async def test_from_mail_to_button(api: Client, mailbox: Server) -> None:
    """Scanners open the link as often as they like; one press confirms, and is the proof; again is harmless."""
    contact_id, path = await asked(api, mailbox)
    for _ in range(3):
        page = await get(path)
        assert page.status_code == 200
        assert "<button>Confirm</button>" in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
    assert await consent() == "SINGLE_OPT_IN"
    for _ in range(2):
        page = await post(path, headers={"user-agent": "A browser"})
        assert (page.status_code, "it is confirmed" in page.text) == (200, True)
    assert await consent() == "DOUBLE_OPT_IN"
    found = await api.query(
        "query($id: ID!) { contact(by: { id: $id }) { points { proof { action source actor from to"
        " evidence { method statement ip userAgent obtainedAt } } } events(first: 9) { nodes { action } } } }",
        id=contact_id,
    )
    (point,) = found["contact"]["points"]
    proof = point["proof"]
    assert (proof["action"], proof["source"], proof["actor"]) == ("CONFIRM", "CONFIRMATION_LINK", "link:confirm")
    assert (proof["evidence"]["ip"], proof["evidence"]["userAgent"]) == ("127.0.0.1", "A browser")
    assert [one["action"] for one in found["contact"]["events"]["nodes"]].count("CONFIRM") == 1


async def test_a_link_from_before_an_opt_out_confirms_nothing(api: Client, mailbox: Server) -> None:
    """The page says so, and how to come back; a link asked for after it works."""
    contact_id, path = await asked(api, mailbox)
    await api.changed("optOutContact", contactId=contact_id, requestedBy="RECIPIENT")
    page = await post(path)
    assert (page.status_code, "Nothing was changed" in page.text) == (200, True)
    assert await consent() == "OPTED_OUT"


async def test_an_archived_contact_confirms_and_stays_archived(api: Client, mailbox: Server) -> None:
    """The link works for them, too."""
    contact_id, path = await asked(api, mailbox)
    await api.changed("archiveContact", contactId=contact_id)
    assert (await post(path)).status_code == 200
    assert await consent() == "DOUBLE_OPT_IN"
    assert await pool().fetchval("SELECT lifecycle FROM contact_state") == "ARCHIVED"


async def test_links_that_confirm_nothing(api: Client, mailbox: Server) -> None:
    """Old, cut off, for something else, or for a request that is gone: a page that says nothing about anyone."""
    _, path = await asked(api, mailbox)
    account_id = api.actor.account_id
    asked_for = await pool().fetchrow("SELECT id, requested_at FROM confirmation")
    assert asked_for is not None
    week = await pool().fetchval("SELECT $1::timestamptz - interval '7 days 1 minute'", asked_for["requested_at"])
    somebody = await recipient(api, "bert@example.org")
    for bad, status in (
        (link(Purpose.CONFIRM, account_id, asked_for["id"], at=week), 410),
        (path[:30], 404),
        (path.replace("/c/", "/p/"), 404),
        (somebody.path().replace("/u/", "/c/"), 404),
        (link(Purpose.CONFIRM, account_id, uuid4()), 404),
    ):
        path_only = "/" + bad.split("/", 3)[3] if bad.startswith("http") else bad
        for page in (await get(path_only), await post(path_only)):
            assert page.status_code == status
            assert "anna" not in page.text
    assert await consent() == "SINGLE_OPT_IN"


async def test_who_may_be_asked(api: Client, mailbox: Server) -> None:
    """The codes of requestDoubleOptIn, as the menu of actions says them; and no mail for any of these."""
    plain = await api.contact()
    out = await api.opted_in()
    await api.changed("optOutContact", contactId=out["id"])
    archived = await api.opted_in()
    await api.changed("archiveContact", contactId=archived["id"])
    broken = await api.opted_in()
    await api.changed("changeDeliverability", contactId=broken["id"], deliverability="ERROR")
    for contact, code in (
        (plain, "NOT_PERMITTED"),
        (out, "OPTED_OUT"),
        (archived, "CONTACT_ARCHIVED"),
        (broken, "UNDELIVERABLE"),
    ):
        assert await api.refused("requestDoubleOptIn", contactId=contact["id"]) == [(code, None)]
        found = await api.query(
            "query($id: ID!) { contact(by: { id: $id }) { availableActions { kind code } } }", id=contact["id"]
        )
        codes = {one["kind"]: one["code"] for one in found["contact"]["availableActions"]}
        assert codes["REQUEST_DOUBLE_OPT_IN"] == code
    assert await api.refused("requestDoubleOptIn", contactId=plain["id"], slot=2) == [("NO_ADDRESS", ["slot"])]
    assert await api.refused("requestDoubleOptIn", contactId=plain["id"], slot=4) == [("INVALID", ["slot"])]
    assert await api.refused("requestDoubleOptIn", contactId="x") == [("NOT_FOUND", ["contactId"])]
    await send_mail(api.actor.account_id)
    assert mailbox.mails == []


async def test_nobody_is_bombed(api: Client, mailbox: Server) -> None:
    """Once in ten minutes and five times a day; sent again after a pause, both links work."""
    contact_id, first = await asked(api, mailbox)
    assert await api.refused("requestDoubleOptIn", contactId=contact_id) == [("CONFLICT", None)]
    for _ in range(4):
        await pool().execute("UPDATE confirmation SET requested_at = requested_at - interval '11 minutes'")
        await api.changed("requestDoubleOptIn", contactId=contact_id)
    await pool().execute("UPDATE confirmation SET requested_at = requested_at - interval '11 minutes'")
    assert await api.refused("requestDoubleOptIn", contactId=contact_id) == [("CONFLICT", None)]
    await send_mail(api.actor.account_id)
    assert len(mailbox.mails) == 5
    assert (await post(first)).status_code == 200
    assert await consent() == "DOUBLE_OPT_IN"


async def test_the_accounts_own_mail(api: Client, mailbox: Server) -> None:
    """Set, previewed, sent; refused without the link; and given up again."""
    own = {
        "subject": "{{ account_name }}: yes?",
        "text": "Hi {{ first_name|default('you') }}: {{ link }}",
        "html": '<a href="{{ link }}">Yes, {{ first_name }}</a>',
    }
    preview = "query($input: UpdateConfirmationMailInput) { previewConfirmationMail(input: $input) {"
    preview += " subject text html userErrors { code field } } }"
    assert await api.refused("updateConfirmationMail", "account { id }", **(own | {"text": "Hi"})) == [
        ("INVALID", ["text"])
    ]
    shown = (await api.query(preview, input=own | {"html": "{{ 7 * 7 }}"}))["previewConfirmationMail"]
    assert (shown["subject"], shown["userErrors"]) == (None, [{"code": "INVALID", "field": ["html"]}])
    shown = (await api.query(preview, input=own))["previewConfirmationMail"]
    assert shown["text"].startswith("Hi Anna: https://example.com/")
    await api.changed("updateConfirmationMail", "account { id }", **own)
    assert (await api.query(preview))["previewConfirmationMail"]["subject"].endswith(": yes?")
    _, path = await asked(api, mailbox)
    (mail,) = mailbox.mails
    assert mail["subject"].endswith(": yes?")
    assert text(mail).startswith("Hi you: http")
    assert (await get(path)).status_code == 200
    await api.changed("updateConfirmationMail", "account { id }", subject="", text="", html="")
    assert "Please confirm" in (await api.query(preview))["previewConfirmationMail"]["subject"]


@pytest.mark.parametrize("name", ["Anna", "Jean-Pierre d'Arc", "http://evil.example", "WIN 1000", "a" * 41])
async def test_a_form_puts_no_words_into_our_mail(api: Client, mailbox: Server, name: str) -> None:
    """A first name is greeted when it reads like one, and nothing else of a form is in the mail."""
    contact = await api.opted_in("anna@example.org", firstName=name)
    await api.changed("requestDoubleOptIn", contactId=contact["id"])
    await send_mail(api.actor.account_id)
    (mail,) = mailbox.mails
    assert (name in text(mail)) == name.startswith(("Anna", "Jean"))


async def test_the_accounts_language_where_the_recipients_is_not_known(api: Client, mailbox: Server) -> None:
    """Somebody whom an operator asks reads the account's language."""
    await api.changed("updateAccount", "account { id }", language="es")
    contact = await api.opted_in("ada@example.org")
    await api.changed("requestDoubleOptIn", contactId=contact["id"])
    await send_mail(api.actor.account_id)
    assert mailbox.mails[0]["content-language"] == "es"
    assert "Confirme" in text(mailbox.mails[0]) or "confirme" in text(mailbox.mails[0])
