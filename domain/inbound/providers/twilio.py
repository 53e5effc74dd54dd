"""Twilio's incoming messages, and the state of those we sent: a form, signed with the account's auth token.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from domain.inbound.call import Call, Forged, Hook, Malformed, Reading
from domain.inbound.providers.text_message import message
from domain.inbound.values import Happening, Incoming
from domain.mail.sms.answers import LEFT, NO_SUCH_NUMBER, UNREACHABLE
from domain.values import Channel

_MOST_FIELDS = 500


async def read(hook: Hook, call: Call) -> Reading:
    """The message in a call, or what became of one of ours. Raises Forged, Malformed."""
    try:
        fields = parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Forged from None
    given = call.headers.get("x-twilio-signature", "")
    if not hmac.compare_digest(signature(hook.secret or "", call.url, fields).encode(), given.encode()):
        raise Forged
    said = dict(fields)
    if said.get("MessageStatus"):
        return _status(said, call.url)
    if not said.get("From") or not said.get("MessageSid"):
        raise Malformed
    # A short code, a name or another channel (`whatsapp:+…`) is no number that could have been texted.
    if not said["From"].startswith("+"):
        return Reading()
    return message(said["From"], said.get("Body", ""), said["MessageSid"], said.get("OptOutType"))


def _status(said: Mapping[str, str], url: str) -> Reading:
    """What became of a message that Twilio was given; the address of the callback names it."""
    number, state, code = said.get("To", ""), said["MessageStatus"], said.get("ErrorCode", "")
    if not said.get("MessageSid"):
        raise Malformed
    happening = _happened(state, int(code) if code.isascii() and code.isdigit() else 0)
    if happening is None or not number.startswith("+"):
        return Reading()
    given = dict(parse_qsl(urlsplit(url).query)).get("message")
    words = " ".join(filter(None, (code, said.get("ErrorMessage")))) or None
    message_id = f"<{given}@sms>" if given else None
    return Reading([Incoming(happening, Channel.SMS, number, f"{said['MessageSid']}:{state}", words, message_id)])


def _happened(state: str, code: int) -> Happening | None:
    if state in ("sent", "delivered", "read"):
        return Happening.SENT
    if state not in ("undelivered", "failed"):
        return None
    if code == LEFT:
        return Happening.STOP
    return Happening.HARD_BOUNCE if code in UNREACHABLE | NO_SUCH_NUMBER else Happening.LOST


def signature(token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """Base64 of HMAC-SHA1 over the address and every field in order. SHA-1 is Twilio's choice, sound inside HMAC."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
