"""Incoming messages of any other gateway: JSON, signed as Standard Webhooks has it (id, timestamp, HMAC-SHA256).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from domain.inbound.call import Call, Forged, Hook, Reading, object_in, text
from domain.inbound.providers.text_message import message


async def read(hook: Hook, call: Call) -> Reading:
    """The message in a call: `{"from": "+1…", "text": "STOP"}`. Raises Forged, also after five minutes; Malformed."""
    from standardwebhooks import Webhook  # noqa: PLC0415 - seldom needed

    try:
        Webhook(hook.key).verify(call.body, dict(call.headers), json_parse=False)
    except Exception:  # noqa: BLE001 - the library raises whatever a broken header leads it to
        raise Forged from None
    said = object_in(call.body)
    return message(text(said, "from"), text(said, "text"), call.headers["webhook-id"])
