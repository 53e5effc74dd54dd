"""A stream of answers as one HTTP response: at the reader's pace, with a beat while nothing happens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from time import monotonic
from typing import Any, Final, Protocol, cast

import orjson
from starlette.types import Receive, Scope, Send

from api.auth import still_good
from api.context import Context
from api.errors import UNAUTHENTICATED, coded
from api.execution import Admitted, Answer, answers
from api.http.accept import SSE
from api.http.leaving import listening
from api.http.multipart import Multipart
from api.http.sse import ServerSentEvents
from api.http.streams import stream_of
from api.shared import Portion

BEAT_SECONDS: Final = 10.0
SEND_SECONDS: Final = 30.0
"""So long a reader may take nothing at all before it is given up."""


class Framing(Protocol):
    """How answers are written into one response."""

    @property
    def media_type(self) -> str:
        """The response's media type."""

    @property
    def opening(self) -> bytes:
        """What goes out with the headers."""

    @property
    def beat(self) -> bytes:
        """What shows that the stream is alive."""

    @property
    def closing(self) -> bytes:
        """What ends a stream that is complete."""

    @property
    def goodbye(self) -> bytes:
        """What ends one that the server cuts off."""

    def part(self, body: bytes) -> bytes:
        """One answer, which comes as JSON."""


class Stream:
    """A streaming response, an ASGI app. It takes up a place among the process's streams from the start."""

    def __init__(self, kind: str, context: Context, authorization: str | None, headers: dict[str, str]) -> None:
        self.framing: Framing = ServerSentEvents() if kind == SSE else Multipart()
        self.context = context
        self.authorization = authorization
        self.headers = headers
        self.places = AsyncExitStack()
        self.source: AsyncIterator[Answer | Portion] = _nothing()

    def of(self, admitted: Admitted) -> "Stream":
        """Stream an operation's answers. Raises Rejected when there is no room for another subscription."""
        if admitted.listens:
            self.places.enter_context(stream_of(self.context.actor))
        self.source = answers(admitted, self.context)
        return self

    def refusing(self, answer: Answer) -> "Stream":
        """Stream the one answer of a request that cannot be run."""
        self.source = _single(answer)
        return self

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the operation ends, the reader leaves or falls silent, the key is revoked, or the server ends."""
        gone = asyncio.ensure_future(_gone(receive))
        left = asyncio.get_running_loop().create_future()

        async def goodbye() -> None:
            if not left.done():
                left.set_result(None)

        async with self.places, aclosing(cast(Any, self.source)):
            with listening(goodbye), suppress(TimeoutError):
                try:
                    await self._send_all(send, gone, left)
                finally:
                    gone.cancel()

    async def _send_all(self, send: Send, gone: "asyncio.Future[None]", left: "asyncio.Future[None]") -> None:
        raw = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        raw += [(b"content-type", self.framing.media_type.encode()), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await self._write(send, self.framing.opening)
        coming = asyncio.ensure_future(_next(self.source))
        checked = monotonic()
        try:
            while True:
                watched: set[asyncio.Future[Any]] = {coming, gone, left}
                await asyncio.wait(watched, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                if monotonic() - checked >= BEAT_SECONDS:
                    await self._check_key(send)
                    checked = monotonic()
                if coming.done():
                    answer = coming.result()
                    if answer is None:
                        await self._write(send, self.framing.closing, more=False)
                        return
                    await self._write(send, self._framed(answer))
                    coming = asyncio.ensure_future(_next(self.source))
                elif left.done():
                    await self._write(send, self.framing.goodbye, more=False)
                    return
                else:
                    await self._write(send, self.framing.beat)
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)

    def _framed(self, answer: Answer | Portion) -> bytes:
        if isinstance(answer, Portion):
            made: bytes = answer.once(self.framing.media_type, self._parts)
            return made
        return self.framing.part(orjson.dumps(answer.body))

    def _parts(self, bodies: Sequence[bytes]) -> bytes:
        return b"".join(map(self.framing.part, bodies))

    async def _check_key(self, send: Send) -> None:
        """End the stream when its key is no longer valid. Raises TimeoutError then."""
        if self.context.actor.scopes and not await still_good(self.authorization):
            error = coded("The key is no longer valid.", UNAUTHENTICATED).formatted
            await self._write(
                send, self.framing.part(orjson.dumps({"errors": [error]})) + self.framing.closing, more=False
            )
            raise TimeoutError

    async def _write(self, send: Send, data: bytes, *, more: bool = True) -> None:
        """Send, and wait until the reader has taken what it was sent before. Raises TimeoutError when it does not."""
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": data, "more_body": more})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(source: AsyncIterator[Answer | Portion]) -> Answer | Portion | None:
    return await anext(source, None)


async def _single(answer: Answer) -> AsyncIterator[Answer | Portion]:
    yield answer


async def _nothing() -> AsyncIterator[Answer | Portion]:
    return
    yield
