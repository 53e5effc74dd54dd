"""Answers as server-sent events: graphql-sse's "distinct connections mode", framed with LF.

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from typing import Final

from api.http.accept import SSE


class ServerSentEvents:
    """How the events of one stream are written."""

    media_type: Final = f"{SSE}; charset=utf-8"
    # A comment, so that the headers reach the client at once; proxies keep an idle stream open for the others.
    opening: Final = b":\n\n"
    beat: Final = b":\n\n"
    # EventSource passes on no event without data.
    closing: Final = b"event: complete\ndata: \n\n"
    # A stream that ends without `complete` was cut off: the client connects again.
    goodbye: Final = b""

    def part(self, body: bytes) -> bytes:
        """One answer. JSON holds no line break."""
        return b"event: next\ndata: " + body + b"\n\n"
