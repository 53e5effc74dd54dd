"""Answers of a WebSocket's operation as frames: many in one write, of bytes that all subscribers have in common.

They differ by the operation's id alone, so the frames are kept cut at the places where it belongs. Source: RFC 6455
(5.2, a server's frames are not masked), graphql-transport-ws (`next`).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

import orjson

from api.shared import Portion

EXTENSION: Final = "assent.frames"
"""Under this name a server that can says so in the scope's extensions."""
Write: TypeAlias = Callable[[bytes], Awaitable[None]]
_BEGIN: Final = b'{"type":"next","id":'
_BETWEEN: Final = b',"payload":'
_END: Final = b"}"
_FINAL_TEXT: Final = 0x81


def frames(portion: Portion, key: str) -> bytes:
    """A portion's answers to the operation of this id, as frames."""
    name = orjson.dumps(key)
    pieces: list[bytes] = portion.once(("frames", len(name)), lambda bodies: _cut(bodies, len(name)))
    return name.join(pieces)


def messages(portion: Portion, key: str) -> list[str]:
    """The same as messages, for a server that frames by itself."""
    begin = _BEGIN + orjson.dumps(key) + _BETWEEN
    return [(begin + body + _END).decode() for body in portion.bodies]


def writer(extensions: Any) -> Write | None:
    """What writes frames to this connection, if its server can; it waits while the reader is slow."""
    found: Write | None = (extensions or {}).get(EXTENSION)
    return found


def _cut(bodies: Sequence[bytes], length: int) -> list[bytes]:
    pieces: list[bytes] = []
    before = b""
    for body in bodies:
        size = len(_BEGIN) + length + len(_BETWEEN) + len(body) + len(_END)
        pieces.append(before + _head(size) + _BEGIN)
        before = _BETWEEN + body + _END
    return [*pieces, before]


def _head(size: int) -> bytes:
    if size < 126:
        return bytes((_FINAL_TEXT, size))
    if size < 1 << 16:
        return bytes((_FINAL_TEXT, 126)) + size.to_bytes(2, "big")
    return bytes((_FINAL_TEXT, 127)) + size.to_bytes(8, "big")
