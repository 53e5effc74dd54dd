"""What is said on a connection once it stands: a mail in two exchanges, not four, where the server lets us (RFC 2920).

Connecting, encryption and the log-in are aiosmtplib's. It takes turns with the server command by command; at a
distance most of the time of a mail goes there, so from then on the transport is spoken to from here.
"""

import asyncio
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_DOT: Final = re.compile(rb"(?m)^\.")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_LONGEST: Final = 65_536
"""Characters that replies may have before it is no longer a mail server that we talk to."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply: its code, and the words of its last line."""

    code: int
    words: str

    @property
    def good(self) -> bool:
        """It said yes."""
        return 200 <= self.code < 300


class GoneError(Exception):
    """The connection broke, or what came over it is no SMTP."""


class Conversation(asyncio.Protocol):
    """A connection after the log-in."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool, timeout: float) -> None:
        self.transport, self.pipelining, self.timeout = transport, pipelining, timeout
        self._held = b""
        self._replies: deque[Reply] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._lost = False
        transport.set_protocol(self)

    @property
    def open(self) -> bool:
        """Whether it can be spoken on, and the server has said nothing unasked, such as goodbye."""
        return not (self._lost or self.transport.is_closing() or self._replies or self._held)

    async def ask(self, *commands: bytes) -> Sequence[Reply]:
        """The replies to commands that may be sent in one go. Raises GoneError, TimeoutError."""
        if any(_CONTROL.search(command) for command in commands):
            raise ValueError("a command of SMTP is one line")
        if self.pipelining:
            self._write(b"\r\n".join(commands) + b"\r\n")
            return [await self._reply() for _ in commands]
        replies = []
        for command in commands:
            self._write(command + b"\r\n")
            replies.append(await self._reply())
            if replies[-1].code >= 400:
                break
        return replies

    async def tell(self, content: bytes) -> Reply:
        """The reply to a mail's content, lines ended by CRLF. Raises GoneError, TimeoutError."""
        stuffed = _DOT.sub(b"..", content) if b"\n." in content or content[:1] == b"." else content
        self._write(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") or not stuffed else b"\r\n.\r\n"))
        return await self._reply()

    def close(self) -> None:
        """Hang up."""
        self.transport.close()

    def abort(self) -> None:
        """Hang up at once, with nothing more said: a mail half told is no mail."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect whole replies."""
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            if line[3:4] != b"-":
                self._take(line)
        if len(self._held) > _LONGEST or len(self._replies) > _LONGEST:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how it was lost is no news
        """Tell whoever waits."""
        self._lost = True
        self._wake()

    def _take(self, line: bytes) -> None:
        code = line[:3]
        if not code.isdigit():
            self.abort()
            return
        self._replies.append(Reply(int(code), line[4:].decode("utf-8", "replace").strip()))
        self._wake()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def _write(self, data: bytes) -> None:
        if self._lost or self.transport.is_closing():
            raise GoneError
        self.transport.write(data)

    async def _reply(self) -> Reply:
        while not self._replies:
            if self._lost:
                raise GoneError
            self._waiting = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(self.timeout):
                await self._waiting
        return self._replies.popleft()
