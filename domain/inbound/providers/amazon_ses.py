"""Amazon SES by way of SNS: a notification, signed with a key whose certificate lies with Amazon.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

import re
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

from domain.errors import invalid
from domain.inbound.call import Call, Forged, Hook, Malformed, Reading, object_in, part, parts, text, words
from domain.inbound.providers.certificates import certificate
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

OLDEST: Final = timedelta(days=30)
"""SNS tries again for up to 23 days."""
_ARN: Final = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:sns:([a-z]{2}(?:-[a-z0-9]+)+):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?"
)
_NOTIFICATION: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Final = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}


async def read(hook: Hook, call: Call) -> Reading:
    """What a notification says. Raises Forged, Malformed, and Unverifiable when the certificate cannot be had."""
    try:
        envelope = object_in(call.body)
        await _check(envelope, hook.secret or "")
    except Malformed:
        raise Forged from None
    if envelope["Type"] == "SubscriptionConfirmation":
        return Reading(confirmation_url=_confirmation(envelope, hook.secret or ""))
    if envelope["Type"] != "Notification":
        return Reading()
    return Reading(_incoming(envelope))


def region(arn: str) -> str:
    """The region in a topic's ARN. Raises DomainError INVALID when it is none."""
    found = _ARN.fullmatch(arn)
    if not found:
        raise invalid("This is no SNS topic's ARN, such as arn:aws:sns:eu-central-1:123456789012:bounces.", "secret")
    return found[1]


def host(arn: str) -> str:
    """The one host that a topic's certificates and confirmations lie on."""
    return f"sns.{region(arn)}.amazonaws.com{'.cn' if arn.startswith('arn:aws-cn:') else ''}"


def signed_text(envelope: dict[str, Any]) -> bytes:
    """What the signature is over. Raises Malformed."""
    names = _SIGNED.get(text(envelope, "Type"))
    if names is None:
        raise Malformed
    there = [name for name in names if name != "Subject" or envelope.get(name) is not None]
    return "".join(f"{name}\n{text(envelope, name)}\n" for name in there).encode("utf-8", "surrogatepass")


async def _check(envelope: dict[str, Any], arn: str) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415

    # Anybody can have Amazon sign for a topic of their own.
    if text(envelope, "TopicArn") != arn or envelope.get("SignatureVersion") not in ("1", "2"):
        raise Forged
    signed, fresh = signed_text(envelope), _is_fresh(text(envelope, "Timestamp"))
    key = await certificate(text(envelope, "SigningCertURL"), host(arn))
    digest = SHA256() if envelope["SignatureVersion"] == "2" else SHA1()  # noqa: S303 - version 1 is SHA-1
    try:
        key.verify(b64decode(text(envelope, "Signature"), validate=True), signed, PKCS1v15(), digest)
    except (ValueError, InvalidSignature):
        raise Forged from None
    if not fresh:
        raise Forged


def _is_fresh(stamp: str) -> bool:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        raise Malformed from None
    return moment.tzinfo is not None and abs(datetime.now(UTC) - moment) < OLDEST


def _confirmation(envelope: dict[str, Any], arn: str) -> str:
    """The link, for a person to open: nothing is ever fetched because a call says so."""
    link = text(envelope, "SubscribeURL")
    if not link.startswith(f"https://{host(arn)}/?Action=ConfirmSubscription&") or len(link) > 2_000:
        raise Malformed
    return link


def _incoming(envelope: dict[str, Any]) -> list[Incoming]:
    said = object_in(text(envelope, "Message"))
    kind, key = words(said, "notificationType", "eventType"), text(envelope, "MessageId")
    if kind == "Bounce":
        bounce = part(said.get("bounce"))
        happening = Happening.HARD_BOUNCE if bounce.get("bounceType") == "Permanent" else Happening.SOFT_BOUNCE
        return [_of(happening, one, key, _about(said)) for one in parts(bounce.get("bouncedRecipients"))]
    complaint = part(said.get("complaint")) if kind == "Complaint" else {}
    # A recipient who takes a mail out of the junk folder says the contrary.
    if not complaint or complaint.get("complaintFeedbackType") == "not-spam":
        return []
    return [_of(Happening.COMPLAINT, one, key) for one in parts(complaint.get("complainedRecipients"))]


def _of(happening: Happening, recipient: dict[str, Any], key: str, about: str | None = None) -> Incoming:
    address = parseaddr(text(recipient, "emailAddress"))[1]
    detail = words(recipient, "diagnosticCode")
    return Incoming(happening, Channel.EMAIL, address, f"{key}:{address}", detail, about)


def _about(said: dict[str, Any]) -> str | None:
    """The Message-ID that the mail came to Amazon with, where the notification includes its headers."""
    mail = said.get("mail")
    headers = mail.get("headers") if isinstance(mail, dict) else None
    found = (words(one, "value") for one in headers or [] if isinstance(one, dict) and _is_message_id(one))
    return next(found, None)


def _is_message_id(header: dict[str, Any]) -> bool:
    return str(header.get("name")).lower() == "message-id"
