"""Calls as the providers make them: their documented forms, signed for real."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

from domain.inbound.providers.amazon_ses import signed_text
from domain.inbound.providers.certificates import keep
from domain.inbound.providers.twilio import signature
from tests.api.client import Client, connected

AUTH_TOKEN = "12345678901234567890123456789012"
ARN = "arn:aws:sns:eu-central-1:123456789012:bounces"
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
SENDGRID_SECRET = b64encode(
    SENDGRID_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
_AMAZON = rsa.generate_private_key(65537, 2048)


async def hook(api: Client, kind: str, secret: str | None = None) -> dict[str, Any]:
    """A new hook: its id, url and, for a generic one, signingSecret."""
    given = {"kind": kind} | ({"secret": secret} if secret else {})
    made = await api.changed("createInboundHook", "hook { id url } signingSecret", **given)
    return {**made["hook"], "signingSecret": made["signingSecret"]}


async def call(url: str, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response:
    """A POST of a provider."""
    async with connected() as http:
        return await http.post(url, content=body, headers=headers)


async def twilio(url: str, sender: str, text: str, *, token: str = AUTH_TOKEN, **fields: str) -> httpx2.Response:
    """An incoming message."""
    said = {"MessageSid": f"SM{uuid4().hex}", "From": sender, "To": "+12025550199", "Body": text, "NumMedia": "0"}
    said |= fields
    headers = {"x-twilio-signature": signature(token, url, list(said.items()))}
    headers |= {"content-type": "application/x-www-form-urlencoded"}
    return await call(url, urlencode(said).encode(), headers)


async def generic(made: dict[str, Any], sender: str, text: str, *, age: int = 0, key: str = "m1") -> httpx2.Response:
    """A message of any gateway, signed so many seconds ago."""
    body, moment = json.dumps({"from": sender, "text": text}), datetime.now(UTC) - timedelta(seconds=age)
    headers = {"webhook-id": key, "webhook-timestamp": str(int(moment.timestamp()))}
    headers["webhook-signature"] = Webhook(made["signingSecret"]).sign(key, moment, body)
    return await call(made["url"], body.encode(), headers)


async def sendgrid(url: str, *events: dict[str, Any], age: timedelta = timedelta(0)) -> httpx2.Response:
    """A list of events."""
    body, stamp = json.dumps(events).encode(), str(int((datetime.now(UTC) - age).timestamp()))
    given = b64encode(SENDGRID_KEY.sign(stamp.encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {
        "x-twilio-email-event-webhook-signature": given,
        "x-twilio-email-event-webhook-timestamp": stamp,
    }
    return await call(url, body, headers)


async def mailgun(url: str, event: dict[str, Any], *, key: str = "mailgun-key", age: int = 0) -> httpx2.Response:
    """One event."""
    stamp, token = str(int(datetime.now(UTC).timestamp()) - age), uuid4().hex
    given = hmac.digest(key.encode(), (stamp + token).encode(), "sha256").hex()
    signed = {"timestamp": stamp, "token": token, "signature": given}
    return await call(url, json.dumps({"signature": signed, "event-data": event}).encode())


async def amazon(url: str, said: dict[str, Any] | None = None, /, **envelope: str) -> httpx2.Response:
    """A notification of SNS, signed with a certificate that is kept as if it had been fetched."""
    keep(CERTIFICATE, certificate())
    given = {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": ARN,
        "Message": json.dumps(said or {}),
        "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    } | envelope
    digest = SHA256() if given["SignatureVersion"] == "2" else SHA1()
    given["Signature"] = (
        envelope.get("Signature") or b64encode(_AMAZON.sign(signed_text(given), PKCS1v15(), digest)).decode()
    )
    return await call(url, json.dumps(given).encode(), {"content-type": "text/plain; charset=UTF-8"})


def certificate() -> bytes:
    """A certificate of the key that signs notifications here."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example.com")])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(_AMAZON.public_key())
    built = built.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return built.sign(_AMAZON, SHA256()).public_bytes(Encoding.PEM)


async def report(made: dict[str, Any], raw: bytes, *, key: str | None = None) -> httpx2.Response:
    """A mail server's report, signed as the reference library signs text."""
    moment, name = datetime.now(UTC), uuid4().hex
    signed = Webhook(key or made["signingSecret"]).sign(name, moment, raw.decode())
    stamp = str(int(moment.timestamp()))
    headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v1,AAAA {signed}"}
    return await call(made["url"], raw, headers)
