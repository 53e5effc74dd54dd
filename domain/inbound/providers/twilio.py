"""Twilio's incoming messages: a form, signed with the account's auth token.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import hmac
from base64 import b64encode
from urllib.parse import parse_qsl

from domain.inbound.call import Call, Forged, Hook, Malformed, Reading
from domain.inbound.providers.text_message import message

_MOST_FIELDS = 500


async def read(hook: Hook, call: Call) -> Reading:
    """The message in a call. Raises Forged, Malformed."""
    try:
        fields = parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Forged from None
    given = call.headers.get("x-twilio-signature", "")
    if not hmac.compare_digest(signature(hook.secret or "", call.url, fields).encode(), given.encode()):
        raise Forged
    said = dict(fields)
    if not said.get("From") or not said.get("MessageSid"):
        raise Malformed
    # A short code, a name or another channel (`whatsapp:+…`) is no number that could have been texted.
    if not said["From"].startswith("+"):
        return Reading()
    return message(said["From"], said.get("Body", ""), said["MessageSid"], said.get("OptOutType"))


def signature(token: str, url: str, fields: list[tuple[str, str]]) -> str:
    """Base64 of HMAC-SHA1 over the address and every field in order. SHA-1 is Twilio's choice, sound inside HMAC."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
