"""Answers as parts of one response: Apollo's multipart protocol for subscriptions over HTTP.

Source: https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

from typing import Final

import orjson

from api.errors import GOING_AWAY
from api.http.accept import MULTIPART

_HEAD: Final = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
_LINE: Final = b"\r\n--graphql"
_GOODBYE: Final = {"message": "The server goes away: subscribe again.", "extensions": {"code": GOING_AWAY}}


class Multipart:
    """How the parts of one stream are written. A client reads a part when it sees the line after it."""

    media_type: Final = f'{MULTIPART}; boundary="graphql"; subscriptionSpec=1.0'
    opening: Final = _LINE + _HEAD + b"{}" + _LINE
    beat: Final = _HEAD + b"{}" + _LINE
    closing: Final = b"--\r\n"
    # An error of the transport stands beside the payload; the end alone would say that all is well.
    goodbye: Final = _HEAD + orjson.dumps({"payload": None, "errors": [_GOODBYE]}) + _LINE + closing

    def part(self, body: bytes) -> bytes:
        """One answer."""
        return _HEAD + b'{"payload":' + body + b"}" + _LINE
