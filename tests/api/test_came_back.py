"""Messages that the mail server or the provider took, and that came back later."""

from typing import Any

import pytest

from domain.infra.db import pool
from domain.infra.settings import settings
from tests.api.client import EVIDENCE, Client
from tests.api.providers import (
    ARN,
    AUTH_TOKEN,
    SENDGRID_SECRET,
    amazon,
    call,
    hook,
    mailgun,
    report,
    sendgrid,
    twilio,
)
from tests.api.test_messages import STATUS
from tests.domain.inbound import reports
from tests.mailing import Server, mailbox, send_mail
from tests.texting import Carrier, carrier

__all__ = ["carrier", "mailbox"]

ADA, NUMBER = "ada@example.org", "+12025550100"
POINTS = [{"channel": "EMAIL", "value": ADA}, {"channel": "SMS", "value": NUMBER}, {"channel": "CALL", "value": NUMBER}]
MAIL = {"key": "mail", "name": "M", "marketing": False, "message": {"subject": "x", "text": "x", "html": "x"}}
TEXT = {"key": "text", "name": "T", "marketing": False, "channel": "SMS", "message": {"text": "x"}}


async def ada(api: Client) -> str:
    """A contact whose email and numbers may be used."""
    contact = (await api.contact(points=POINTS))["id"]
    given = {"contactId": contact, "channels": ["EMAIL", "SMS", "CALL"], "evidence": EVIDENCE}
    await api.changed("optInContact", **given)
    return str(contact)


async def sent(api: Client, contact: str, template: dict[str, Any] = MAIL) -> str:
    """A message that has gone to her; its id."""
    known = {one["key"]: one["id"] for one in (await api.query("{ templates { id key } }"))["templates"]}
    key = known.get(template["key"])
    key = key or (await api.changed("createTemplate", "template { id }", **template))["template"]["id"]
    given = {"contact": {"id": contact}, "template": key}
    delivery = (await api.changed("sendTransactional", "delivery { id }", **given))["delivery"]["id"]
    await send_mail(api.actor.account_id)
    return str(delivery)


async def status(api: Client, delivery: str) -> str:
    """Where a message stands."""
    return str((await api.query(STATUS, id=delivery))["node"]["status"])


async def points(api: Client, contact: str) -> list[tuple[str, str, str]]:
    """The channel, consent and deliverability of each point."""
    text = "query($id: ID!) { node(id: $id) { ... on Contact { points { channel consent deliverability } } } }"
    found = (await api.query(text, id=contact))["node"]["points"]
    return [(one["channel"], one["consent"], one["deliverability"]) for one in found]


def about(raw: bytes, message_id: str) -> bytes:
    """The report of another mail."""
    return raw.replace(reports.MESSAGE_ID.encode(), message_id.encode())


async def test_a_report_of_the_mail_server(api: Client, mailbox: Server) -> None:
    """The message that it names is BOUNCED, not the one after it; the address is ERROR; delivered again: once."""
    contact, made = await ada(api), await hook(api, "DSN")
    first, second = await sent(api, contact), await sent(api, contact)
    raw = about(reports.POSTFIX, mailbox.mails[0]["message-id"])
    assert (await report(made, raw, key="whsec_d3Jvbmcgd3Jvbmc=")).status_code == 403
    assert await status(api, first) == "SENT"
    for _ in range(2):
        assert (await report(made, raw)).status_code == 200
        assert [await status(api, one) for one in (first, second)] == ["BOUNCED", "SENT"]
        assert (await points(api, contact))[0] == ("EMAIL", "SINGLE_OPT_IN", "ERROR")


async def test_a_full_mailbox_loses_the_message_and_not_the_address(api: Client, mailbox: Server) -> None:
    """BOUNCED, a soft bounce; a delay is none of the message's end; octets that are no UTF-8 are read."""
    contact, made = await ada(api), await hook(api, "DSN")
    delivery = await sent(api, contact)
    message_id = mailbox.mails[0]["message-id"]
    await report(made, about(reports.POSTFIX_DELAYED, message_id))
    assert await status(api, delivery) == "SENT"
    await report(made, about(reports.EXCHANGE_FULL, message_id))
    assert await status(api, delivery) == "BOUNCED"
    assert (await points(api, contact))[0] == ("EMAIL", "SINGLE_OPT_IN", "OK")
    text = "query($by: ContactLookupInput!) { contact(by: $by) { points(channel: EMAIL) { softBounces } } }"
    assert (await api.query(text, by={"email": ADA}))["contact"]["points"] == [{"softBounces": 2}]


async def test_another_systems_mail_says_nothing_of_ours(api: Client, mailbox: Server) -> None:
    """A refusal of what it said; but where there is nobody, ours did not arrive either."""
    contact, made = await ada(api), await hook(api, "DSN")
    delivery = await sent(api, contact)
    await report(made, about(reports.EXIM_SPAM, "<1@elsewhere.example.com>"))
    assert await status(api, delivery) == "SENT"
    await report(made, about(reports.EXIM, "<2@elsewhere.example.com>"))
    assert await status(api, delivery) == "BOUNCED"


async def test_what_providers_report(api: Client, mailbox: Server) -> None:
    """SendGrid, Mailgun and Amazon name the Message-ID; the message of that is BOUNCED."""
    contact = await ada(api)
    urls = {
        kind: (await hook(api, kind, secret))["url"]
        for kind, secret in (("SENDGRID", SENDGRID_SECRET), ("MAILGUN", "mailgun-key"), ("AMAZON_SES", ARN))
    }
    for number in range(3):
        delivery = await sent(api, contact)
        later = await sent(api, contact)
        key = mailbox.mails[-2]["message-id"]
        if number == 0:
            bounce = {"event": "bounce", "type": "bounce", "email": ADA, "sg_event_id": "1", "timestamp": 1}
            await sendgrid(urls["SENDGRID"], bounce | {"smtp-id": key})
        elif number == 1:
            event = {"event": "failed", "severity": "permanent", "recipient": ADA, "id": "a"}
            await mailgun(urls["MAILGUN"], event | {"message": {"headers": {"message-id": key.strip("<>")}}})
        else:
            bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": ADA}]}
            mail = {"headers": [{"name": "From", "value": "x"}, {"name": "Message-ID", "value": key}]}
            await amazon(urls["AMAZON_SES"], {"notificationType": "Bounce", "bounce": bounce, "mail": mail})
        assert [await status(api, one) for one in (delivery, later)] == ["BOUNCED", "SENT"]
        await api.changed("changeDeliverability", contactId=contact, deliverability="OK")


async def test_reported_by_hand(api: Client, mailbox: Server) -> None:
    """By its Message-ID, or the last one within five days; an older one came back long ago."""
    contact = await ada(api)
    deliveries = [await sent(api, contact) for _ in range(3)]
    given = {"channel": "EMAIL", "address": ADA, "kind": "HARD_BOUNCE"}
    await api.changed("reportDeliveryFailure", "contacts { id }", **given, messageId=mailbox.mails[0]["message-id"])
    assert [await status(api, one) for one in deliveries] == ["BOUNCED", "SENT", "SENT"]
    await api.changed("reportDeliveryFailure", "contacts { id }", **given)
    assert [await status(api, one) for one in deliveries] == ["BOUNCED", "SENT", "BOUNCED"]
    await pool().execute(
        "UPDATE mail SET ended_at = ended_at - interval '6 days', bounced_at = NULL WHERE account_id = $1",
        api.actor.account_id,
    )
    await api.changed("reportDeliveryFailure", "contacts { id }", **given)
    assert [await status(api, one) for one in deliveries] == ["SENT"] * 3


async def test_another_accounts_message_is_untouched(api: Client, other: Client, mailbox: Server) -> None:
    """Its Message-ID in a report to one company's hook changes nothing of another's."""
    theirs = await sent(other, await ada(other))
    made = await hook(api, "DSN")
    assert (await report(made, about(reports.POSTFIX, mailbox.mails[0]["message-id"]))).status_code == 200
    assert await status(other, theirs) == "SENT"


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public address, which Twilio can reach; the caches are emptied again by the carrier."""
    monkeypatch.setenv("ASSENT_PUBLIC_URL", "http://localhost:8000")


async def followed(carrier: Carrier, state: str, **fields: str) -> None:
    """Twilio's call about the last message that it was given."""
    form = carrier.forms[-1]
    given = {"MessageSid": "SM1", "MessageStatus": state, "To": form["To"], "From": form["From"]} | fields
    answer = await twilio(form["StatusCallback"], form["From"], "", **given)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("state", "code", "stands", "sms"),
    [
        ("delivered", "", "SENT", ("SMS", "SINGLE_OPT_IN", "OK")),
        ("undelivered", "30003", "BOUNCED", ("SMS", "SINGLE_OPT_IN", "ERROR")),
        ("undelivered", "30005", "BOUNCED", ("SMS", "SINGLE_OPT_IN", "ERROR")),
        ("undelivered", "30006", "BOUNCED", ("SMS", "SINGLE_OPT_IN", "ERROR")),
        ("undelivered", "30007", "BOUNCED", ("SMS", "SINGLE_OPT_IN", "OK")),
        ("failed", "21610", "SENT", ("SMS", "OPTED_OUT", "OK")),
        ("queued", "", "SENT", ("SMS", "SINGLE_OPT_IN", "OK")),
    ],
)
async def test_what_twilio_tells_later(
    api: Client, reachable: None, carrier: Carrier, state: str, code: str, stands: str, sms: tuple[str, str, str]
) -> None:
    """A landline or an unknown number is ERROR for texts, not for calls; a filtered text is its own affair."""
    await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    contact = await ada(api)
    delivery = await sent(api, contact, TEXT)
    await followed(carrier, state, **({"ErrorCode": code} if code else {}))
    assert await status(api, delivery) == stands
    found = await points(api, contact)
    assert found[1] == sms
    assert found[2][2] == "OK"


async def test_a_lost_answer_that_turns_up(api: Client, reachable: None, carrier: Carrier) -> None:
    """UNKNOWN until the provider tells of the message; a call that is not signed tells nothing."""
    await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    carrier.answers = [(0, None)]
    delivery = await sent(api, await ada(api), TEXT)
    assert await status(api, delivery) == "UNKNOWN"
    url = carrier.forms[-1]["StatusCallback"]
    assert (await call(url, b"MessageSid=SM1&MessageStatus=sent&To=%2B12025550100")).status_code == 403
    assert await status(api, delivery) == "UNKNOWN"
    await followed(carrier, "sent")
    assert await status(api, delivery) == "SENT"


async def test_no_callback_where_nobody_can_reach_us(api: Client, carrier: Carrier) -> None:
    """Without a public address, or without a hook, the provider is given none."""
    assert settings().public_url is None
    await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await sent(api, await ada(api), TEXT)
    assert "StatusCallback" not in carrier.forms[-1]
