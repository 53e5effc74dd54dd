"""Bounces and complaints, as mail providers send them."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.api.client import Client
from tests.api.providers import ARN, CERTIFICATE, SENDGRID_SECRET, amazon, call, hook, mailgun, sendgrid

ADA = "ada@example.org"
STANDING = "points { consent deliverability softBounces deliveryDetail }"
MAILGUN_KEY = "mailgun-key"


async def standing(api: Client) -> tuple[str, str, int, str | None]:
    """Consent, deliverability, soft bounces and the provider's words of Ada's address."""
    text = f"query($by: ContactLookupInput!) {{ contact(by: $by) {{ {STANDING} }} }}"
    (point,) = (await api.query(text, by={"email": ADA}))["contact"]["points"]
    return point["consent"], point["deliverability"], point["softBounces"], point["deliveryDetail"]


async def sources(api: Client) -> list[str]:
    """By which ways the changes came that hooks made."""
    nodes = (await api.query("{ consentEvents { nodes { source actor } } }"))["consentEvents"]["nodes"]
    return [event["source"] for event in nodes if event["actor"].startswith("hook:")]


def postmark(kind: str, record: str = "Bounce", key: int = 7) -> bytes:
    """A webhook of Postmark's."""
    return orjson.dumps({"RecordType": record, "ID": key, "Type": kind, "Email": ADA, "Details": "550 no such user"})


async def test_sendgrid(api: Client) -> None:
    """One list: a deferral and a block are counted, a bounce marks, the rest is passed over; again changes nothing."""
    await api.opted_in(ADA)
    url = (await hook(api, "SENDGRID", SENDGRID_SECRET))["url"]
    events: list[dict[str, Any]] = [
        {"event": "delivered", "email": ADA, "sg_event_id": "0", "timestamp": 1},
        {"event": "deferred", "email": ADA, "sg_event_id": "1", "timestamp": 2, "response": "451 later"},
        {"event": "bounce", "type": "blocked", "email": ADA, "sg_event_id": "2", "timestamp": 3, "reason": "busy"},
        {"event": "bounce", "type": "bounce", "email": ADA, "sg_event_id": "3", "timestamp": 4, "reason": "550\nno"},
        {"event": "bounce", "type": "bounce", "email": "no address", "sg_event_id": "4", "timestamp": 5},
    ]
    for _ in range(2):
        assert (await sendgrid(url, *events)).status_code == 200
        assert await standing(api) == ("SINGLE_OPT_IN", "ERROR", 2, "busy")
    assert await sources(api) == ["BOUNCE"]
    await sendgrid(url, {"event": "spamreport", "email": ADA.upper(), "sg_event_id": "5", "timestamp": 6})
    assert (await standing(api))[0] == "OPTED_OUT"
    assert await sources(api) == ["BOUNCE", "COMPLAINT"]
    assert (await sendgrid(url, *events, age=timedelta(days=4))).status_code == 403


async def test_mailgun(api: Client) -> None:
    """Temporary is counted, permanent marks, what it did not send at all is neither; a complaint withdraws."""
    await api.opted_in(ADA)
    url = (await hook(api, "MAILGUN", MAILGUN_KEY))["url"]
    failed = {"event": "failed", "recipient": ADA}
    await mailgun(url, failed | {"severity": "permanent", "reason": "suppress-unsubscribe", "id": "a"})
    await mailgun(url, failed | {"severity": "temporary", "id": "b", "delivery-status": {"message": "full"}})
    assert await standing(api) == ("SINGLE_OPT_IN", "OK", 1, "full")
    await mailgun(url, failed | {"severity": "permanent", "id": "c"})
    assert (await standing(api))[1] == "ERROR"
    for _ in range(2):
        assert (await mailgun(url, {"event": "complained", "recipient": ADA, "id": "d"})).status_code == 200
    assert (await standing(api))[0] == "OPTED_OUT"
    assert await sources(api) == ["BOUNCE", "COMPLAINT"]


async def test_the_providers_own_unsubscribe_is_the_recipients(api: Client) -> None:
    """Whoever leaves by the provider's link has left here, too, under STRICT as well."""
    await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    await api.opted_in(ADA)
    url = (await hook(api, "MAILGUN", MAILGUN_KEY))["url"]
    await mailgun(url, {"event": "unsubscribed", "recipient": ADA, "id": "a"})
    assert (await standing(api))[0] == "OPTED_OUT"
    assert await sources(api) == ["RECIPIENT_RELAYED"]


async def test_postmark(api: Client) -> None:
    """The address is the secret, and a name and password when they are set."""
    await api.opted_in(ADA)
    bare = (await hook(api, "POSTMARK"))["url"]
    await call(bare, postmark("SoftBounce"))
    await call(bare, postmark("AutoResponder", key=8))
    assert await standing(api) == ("SINGLE_OPT_IN", "OK", 1, "550 no such user")
    locked = (await hook(api, "POSTMARK", "assent:a-long-password"))["url"]
    for headers in ({}, {"authorization": "Basic " + b64encode(b"assent:wrong").decode()}):
        assert (await call(locked, postmark("HardBounce"), headers)).status_code == 403
    headers = {"authorization": "Basic " + b64encode(b"assent:a-long-password").decode()}
    assert (await call(locked, postmark("HardBounce"), headers)).status_code == 200
    assert (await standing(api))[1] == "ERROR"
    await call(bare, postmark("SpamComplaint", "SpamComplaint", 9))
    assert await sources(api) == ["BOUNCE", "COMPLAINT"]
    change: dict[str, Any] = {
        "RecordType": "SubscriptionChange",
        "MessageID": "m",
        "ChangedAt": "t",
        "Recipient": "bob@example.org",
    }
    change |= {"Origin": "Recipient", "SuppressSending": True, "SuppressionReason": "ManualSuppression"}
    await call(bare, orjson.dumps(change))
    assert await sources(api) == ["BOUNCE", "COMPLAINT", "RECIPIENT_RELAYED"]


@pytest.mark.parametrize("version", ["1", "2"])
async def test_amazon(api: Client, version: str) -> None:
    """Signed by either version; transient is counted, permanent marks, a complaint withdraws."""
    await api.opted_in(ADA)
    url = (await hook(api, "AMAZON_SES", ARN))["url"]
    recipients = [{"emailAddress": f"Ada <{ADA}>", "diagnosticCode": "smtp; 550 5.1.1"}]
    soft = {"notificationType": "Bounce", "bounce": {"bounceType": "Transient", "bouncedRecipients": recipients}}
    hard = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bouncedRecipients": recipients}}
    for said in (soft, hard):
        for _ in range(2):
            assert (await amazon(url, said, MessageId=str(said)[:60], SignatureVersion=version)).status_code == 200
    assert await standing(api) == ("SINGLE_OPT_IN", "ERROR", 1, "smtp; 550 5.1.1")
    regret = {"complainedRecipients": recipients, "complaintFeedbackType": "not-spam"}
    await amazon(url, {"notificationType": "Complaint", "complaint": regret}, SignatureVersion=version)
    assert (await standing(api))[0] == "SINGLE_OPT_IN"
    complaint = {"complainedRecipients": recipients, "complaintFeedbackType": "abuse"}
    await amazon(url, {"notificationType": "Complaint", "complaint": complaint}, Subject="x", SignatureVersion=version)
    assert (await standing(api))[0] == "OPTED_OUT"


async def test_amazon_asks_a_person_to_confirm(api: Client) -> None:
    """The link is shown to the operator and opened by nobody else; it goes once a notification comes."""
    url = (await hook(api, "AMAZON_SES", ARN))["url"]
    link = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={ARN}&Token=abc"
    asks = {"Type": "SubscriptionConfirmation", "Token": "abc", "Message": "You have chosen to subscribe"}
    assert (await amazon(url, None, **asks, SubscribeURL=link)).status_code == 200
    shown = "{ inboundHooks { kind confirmationUrl lastReceivedAt } }"
    (found,) = (await api.query(shown))["inboundHooks"]
    assert (found["kind"], found["confirmationUrl"]) == ("AMAZON_SES", link)
    assert found["lastReceivedAt"]
    for elsewhere in (
        "http://169.254.169.254/?Action=ConfirmSubscription&x",
        "https://example.com/?a=sns.amazonaws.com",
    ):
        assert (await amazon(url, None, **asks, SubscribeURL=elsewhere)).status_code == 400
    await amazon(url, {"notificationType": "Delivery"})
    (found,) = (await api.query(shown))["inboundHooks"]
    assert found["confirmationUrl"] is None


@pytest.mark.parametrize(
    "envelope",
    [
        {"TopicArn": "arn:aws:sns:eu-central-1:999999999999:bounces"},
        {"SigningCertURL": "https://example.com/SimpleNotificationService-0123456789abcdef.pem"},
        {"SigningCertURL": CERTIFICATE.replace("https", "http")},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@example.com/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-0.pem"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com/../SimpleNotificationService-0.pem"},
        {"Signature": "AAAA"},
        {"Timestamp": "2020-01-01T00:00:00.000Z"},
        {"Timestamp": "yesterday"},
    ],
)
async def test_a_call_that_is_not_amazons(api: Client, envelope: dict[str, str]) -> None:
    """Another topic, a certificate from elsewhere, a wrong signature or an old message: 403, nothing fetched."""
    await api.opted_in(ADA)
    url = (await hook(api, "AMAZON_SES", ARN))["url"]
    complaint = {"notificationType": "Complaint", "complaint": {"complainedRecipients": [{"emailAddress": ADA}]}}
    assert (await amazon(url, complaint, **envelope)).status_code == 403
    assert (await standing(api))[0] == "SINGLE_OPT_IN"


async def test_calls_that_are_nobodys(api: Client) -> None:
    """Without a signature, or with one that is nonsense, every signed hook says 403, whatever the body."""
    kinds = {"SENDGRID": SENDGRID_SECRET, "MAILGUN": MAILGUN_KEY, "AMAZON_SES": ARN, "TWILIO_SMS": "token"}
    nonsense = {"webhook-id": "a", "webhook-timestamp": "x", "webhook-signature": "v1"}
    for name in ("x-twilio-signature", "x-twilio-email-event-webhook-signature"):
        nonsense |= {name: "é?".encode("latin-1").decode("latin-1"), f"{name[:-9]}timestamp": "nan"}
    for kind, secret in (kinds | {"GENERIC_SMS": None}).items():
        url = (await hook(api, kind, secret))["url"]
        for body in (b"", b"[]", b"null", b"{}", b"[" * 5_000, b"\xff\x00", b'{"signature": {"timestamp": "1e9"}}'):
            for headers in ({}, {name: value.encode("ascii", "replace").decode() for name, value in nonsense.items()}):
                answer = await call(url, body, headers)
                assert answer.status_code == 403, (kind, body[:20])
                assert "Traceback" not in answer.text


async def test_genuine_calls_that_make_no_sense(api: Client) -> None:
    """400, and nothing is changed."""
    url = (await hook(api, "POSTMARK"))["url"]
    for body in (b"", b"[]", b"null", b"{}", b'{"RecordType": []}', b'{"RecordType": "Bounce"}', b"[" * 5_000):
        assert (await call(url, body)).status_code == 400, body[:20]
    sent = (await hook(api, "SENDGRID", SENDGRID_SECRET))["url"]
    assert (await sendgrid(sent, {"event": "bounce"})).status_code == 400
    assert (await sendgrid(sent, {"no": "event"})).status_code == 400
    assert await sources(api) == []


async def test_too_much_at_once(api: Client) -> None:
    """More than a request may have is not read."""
    url = (await hook(api, "POSTMARK"))["url"]
    assert (await call(url, b"x" * (1024**2 + 1))).status_code == 413


async def test_addresses_that_are_no_hooks(api: Client) -> None:
    """Forged, cut, or deleted since: 404, and nothing more is said."""
    made = await hook(api, "POSTMARK")
    url = made["url"]
    for wrong in (
        url[:-1],
        f"{url}A",
        url[:-4] + ("AAAA" if not url.endswith("AAAA") else "BBBB"),
        url[:-64] + "é" * 64,
    ):
        assert (await call(wrong, postmark("HardBounce"))).status_code == 404
    deleted = await api.changed("deleteInboundHook", "deletedId", id=made["id"])
    assert deleted["deletedId"] == made["id"]
    assert (await call(url, postmark("HardBounce"))).status_code == 404
    assert await api.refused("deleteInboundHook", "deletedId", id=made["id"]) == [("NOT_FOUND", ["id"])]


async def test_a_complaint_about_nobody_becomes_a_suppression(api: Client) -> None:
    """The address comes back OPTED_OUT; a bounce of it, soft or hard, leaves nothing at all."""
    url = (await hook(api, "POSTMARK"))["url"]
    await call(url, postmark("SoftBounce", key=1))
    await call(url, postmark("HardBounce", key=2))
    assert await sources(api) == []
    await call(url, postmark("SpamComplaint", "SpamComplaint", 3))
    await api.contact(ADA)
    assert await standing(api) == ("OPTED_OUT", "OK", 0, None)


async def test_erasing_forgets_the_providers_words(api: Client) -> None:
    """The counter and the words go with the person."""
    from domain.infra.db import pool

    contact = await api.opted_in(ADA)
    url = (await hook(api, "POSTMARK"))["url"]
    await call(url, postmark("SoftBounce"))
    assert (await standing(api))[2] == 1
    await api.changed("eraseContact", "erasedId", contactId=contact["id"])
    assert await pool().fetchval("SELECT count(*) FROM delivery_trouble") == 0


async def test_hooks_are_their_accounts_own(api: Client, other: Client) -> None:
    """Neither seen nor deleted from another account; what comes in is the hook's account's alone."""
    await other.opted_in(ADA)
    await api.opted_in(ADA)
    made = await hook(api, "POSTMARK")
    assert (await other.query("{ inboundHooks { id } }"))["inboundHooks"] == []
    assert await other.refused("deleteInboundHook", "deletedId", id=made["id"]) == [("NOT_FOUND", ["id"])]
    await call(made["url"], postmark("SpamComplaint", "SpamComplaint"))
    assert (await standing(api))[0] == "OPTED_OUT"
    assert (await standing(other))[0] == "SINGLE_OPT_IN"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"kind": "TWILIO_SMS"}, "REQUIRED"),
        ({"kind": "MAILGUN", "secret": " "}, "REQUIRED"),
        ({"kind": "GENERIC_SMS", "secret": "x"}, "INVALID"),
        ({"kind": "AMAZON_SES", "secret": "arn:aws:sqs:eu-central-1:123456789012:x"}, "INVALID"),
        ({"kind": "AMAZON_SES", "secret": "arn:aws:sns:example.com/:123456789012:x"}, "INVALID"),
        ({"kind": "SENDGRID", "secret": "AAAA"}, "INVALID"),
        ({"kind": "POSTMARK", "secret": "no-colon"}, "INVALID"),
        ({"kind": "MAILGUN", "secret": "x" * 1_001}, "TOO_LARGE"),
        ({"kind": "MAILGUN", "secret": "two words"}, "INVALID"),
    ],
)
async def test_secrets_that_are_refused(api: Client, given: dict[str, str], refusal: str) -> None:
    """Each with words at its field, and no hook is made."""
    assert await api.refused("createInboundHook", "", **given) == [(refusal, ["secret"])]
    assert (await api.query("{ inboundHooks { id } }"))["inboundHooks"] == []


async def test_secrets_are_kept_sealed(api: Client) -> None:
    """Nothing that a hook is checked with stands in the database as it is."""
    from domain.infra.db import pool

    made = await hook(api, "TWILIO_SMS", "needle-needle-needle")
    row = await pool().fetchrow("SELECT key, secret FROM inbound_hook")
    assert b"needle" not in row["secret"]
    assert row["key"].hex() not in made["url"]
