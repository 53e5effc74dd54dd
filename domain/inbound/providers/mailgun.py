"""Mailgun's webhooks: JSON that holds its own signature, HMAC-SHA256 over a timestamp and a token.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.inbound.call import Call, Forged, Hook, Malformed, Reading, object_in, part, text, words
from domain.inbound.values import Happening, Incoming
from domain.values import Channel

OLDEST: Final = timedelta(days=3)
"""It tries again for eight hours; what has been taken in is remembered for much longer."""
_HAPPENINGS: Final = {"complained": Happening.COMPLAINT, "unsubscribed": Happening.UNSUBSCRIBED}
_NO_BOUNCE: Final = frozenset({"suppress-unsubscribe", "suppress-complaint"})
"""Not sent at all, for what was reported when it happened."""


async def read(hook: Hook, call: Call) -> Reading:
    """The event of a call. Raises Forged, Malformed."""
    try:
        said = object_in(call.body)
        signed = part(said.get("signature"))
        stamp, token, given = (text(signed, name) for name in ("timestamp", "token", "signature"))
        moment = datetime.fromtimestamp(int(stamp), UTC)
    except (Malformed, ValueError, OverflowError, OSError):
        raise Forged from None
    expected = hmac.digest((hook.secret or "").encode(), (stamp + token).encode(), "sha256").hex()
    if not hmac.compare_digest(expected.encode(), given.encode()) or abs(datetime.now(UTC) - moment) > OLDEST:
        raise Forged
    found = _incoming(part(said.get("event-data")))
    return Reading([found] if found else [])


def _incoming(event: dict[str, Any]) -> Incoming | None:
    name = text(event, "event")
    happening = _HAPPENINGS.get(name)
    if name == "failed" and event.get("reason") not in _NO_BOUNCE:
        happening = Happening.HARD_BOUNCE if event.get("severity") == "permanent" else Happening.SOFT_BOUNCE
    if happening is None:
        return None
    status = event.get("delivery-status")
    detail = words(status, "message", "description") if isinstance(status, dict) else None
    return Incoming(happening, Channel.EMAIL, text(event, "recipient"), text(event, "id"), detail, _about(event))


def _about(event: dict[str, Any]) -> str | None:
    mail = event.get("message")
    headers = mail.get("headers") if isinstance(mail, dict) else None
    return words(headers, "message-id") if isinstance(headers, dict) else None
