"""Twilio SendGrid's signed event webhook: a list of events, signed by ECDSA over the timestamp and the body.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from domain.errors import DomainError, invalid
from domain.inbound.call import Call, Forged, Hook, Malformed, Reading, parts, text, words
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

OLDEST: Final = timedelta(days=3)
"""It tries again for a day; what has been taken in is remembered for much longer."""
_HAPPENINGS: Final = {
    "spamreport": Happening.COMPLAINT,
    "unsubscribe": Happening.UNSUBSCRIBED,
    "group_unsubscribe": Happening.UNSUBSCRIBED,
    "deferred": Happening.SOFT_BOUNCE,
}


async def read(hook: Hook, call: Call) -> Reading:
    """The events of a call. Raises Forged, Malformed."""
    _check(hook.secret or "", call)
    try:
        events = parts(orjson.loads(call.body))
    except orjson.JSONDecodeError:
        raise Malformed from None
    return Reading([found for event in events if (found := _incoming(event))])


def public_key(secret: str) -> "EllipticCurvePublicKey":
    """The verification key as SendGrid shows it: DER in base64. Raises DomainError INVALID."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        key = load_der_public_key(b64decode(secret, validate=True))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no key
        raise _no_key() from None
    if not isinstance(key, EllipticCurvePublicKey):
        raise _no_key()
    return key


def _no_key() -> DomainError:
    return invalid("This is no verification key of SendGrid's event webhook (it starts with MFkw).", "secret")


def _check(secret: str, call: Call) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - heavy
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    stamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        given = b64decode(call.headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        public_key(secret).verify(given, stamp.encode() + call.body, ECDSA(SHA256()))
        if abs(datetime.now(UTC) - datetime.fromtimestamp(int(stamp), UTC)) > OLDEST:
            raise Forged
    except (ValueError, OverflowError, OSError, InvalidSignature):
        raise Forged from None


def _incoming(event: dict[str, Any]) -> Incoming | None:
    name = text(event, "event")
    happening = _HAPPENINGS.get(name)
    if name == "bounce":
        happening = Happening.SOFT_BOUNCE if event.get("type") == "blocked" else Happening.HARD_BOUNCE
    if happening is None:
        return None
    key = words(event, "sg_event_id") or f"{text(event, 'timestamp')}:{name}:{text(event, 'email')}"
    detail, about = words(event, "reason", "response"), words(event, "smtp-id")
    return Incoming(happening, Channel.EMAIL, text(event, "email"), key, detail, about)
