"""Postmark's webhooks: signed by nothing, so the address itself is the secret, and basic authentication when set.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

import hmac
from base64 import b64encode
from typing import Any, Final

from domain.inbound.call import Call, Forged, Hook, Reading, object_in, text, words
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

_BOUNCES: Final = {
    "HardBounce": Happening.HARD_BOUNCE,
    "BadEmailAddress": Happening.HARD_BOUNCE,
    "SoftBounce": Happening.SOFT_BOUNCE,
    "Transient": Happening.SOFT_BOUNCE,
    "DnsError": Happening.SOFT_BOUNCE,
    "SpamComplaint": Happening.COMPLAINT,
    "Unsubscribe": Happening.UNSUBSCRIBED,
}


async def read(hook: Hook, call: Call) -> Reading:
    """The event of a call. Raises Forged when the hook has a name and password and the call has not; Malformed."""
    if hook.secret is not None:
        expected = b"Basic " + b64encode(hook.secret.encode())
        if not hmac.compare_digest(expected, call.headers.get("authorization", "").encode()):
            raise Forged
    found = _incoming(object_in(call.body))
    return Reading([found] if found else [])


def _incoming(event: dict[str, Any]) -> Incoming | None:
    kind = text(event, "RecordType")
    if kind in ("Bounce", "SpamComplaint"):
        happening = _BOUNCES.get(text(event, "Type"))
        key = f"{kind}:{text(event, 'ID')}"
        details = words(event, "Details", "Description")
        return Incoming(happening, Channel.EMAIL, text(event, "Email"), key, details) if happening else None
    left = kind == "SubscriptionChange" and event.get("SuppressSending") is True and event.get("Origin") == "Recipient"
    # A bounce or a complaint that stops sending has an event of its own.
    if not left or event.get("SuppressionReason") != "ManualSuppression":
        return None
    key = f"{kind}:{text(event, 'MessageID')}:{text(event, 'ChangedAt')}"
    return Incoming(Happening.UNSUBSCRIBED, Channel.EMAIL, text(event, "Recipient"), key)
