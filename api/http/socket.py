"""GraphQL over WebSocket: the graphql-transport-ws protocol, and no other."""

import asyncio
from collections.abc import Awaitable
from contextlib import ExitStack, aclosing, suppress
from typing import Any, Final, cast

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.asked import Asked
from api.auth import Held, actor_for, still_good
from api.context import Context
from api.documents import Rejected
from api.execution import ALL, Admitted, admit, answers, refused
from api.http.cors import may_call
from api.http.frames import frames, messages, writer
from api.http.key_origins import may_use
from api.http.leaving import is_leaving, listening
from api.http.log import named, request_id
from api.http.metrics import SOCKETS
from api.http.request import BadDocument, BadRequest, asked, read_any_json, refuse_nul
from api.http.streams import stream_of
from api.shared import Portion
from api.visitor import visit
from domain.infra.settings import settings

PROTOCOL: Final = "graphql-transport-ws"
INIT_SECONDS: Final = 10.0
RECHECK_SECONDS: Final = 10.0
MAX_MESSAGE: Final = 1024 * 1024
MAX_STREAMS: Final = 100
MAX_REASON: Final = 123
"""Bytes of a reason for closing: all that a control frame holds (RFC 6455, section 5.5)."""
SEND_SECONDS: Final = 30.0
"""So long a reader may take nothing at all before it is given up."""


class Close(Exception):  # noqa: N818 - the protocol's way to end, not a fault
    """The socket has to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON].decode(errors="ignore")


async def serve(socket: WebSocket) -> None:
    """Serve one connection, from its handshake on."""
    if not may_call(socket.headers):
        await socket.close(4403, "This origin may not connect.")
        return
    if PROTOCOL not in socket.scope.get("subprotocols", ()):
        await socket.accept()
        await socket.close(4406, f"Speak {PROTOCOL}.")
        return
    await socket.accept(PROTOCOL)
    if is_leaving() or _open.number >= settings().max_sockets:
        await socket.close(1001 if is_leaving() else 1013, "Connect again later.")
        return
    connection = Connection(socket)
    with SOCKETS.track_inprogress(), _open, listening(connection.leave):
        await connection.serve()


class _Open:
    """How many sockets this process holds."""

    number = 0

    def __enter__(self) -> None:
        self.number += 1

    def __exit__(self, *_: object) -> None:
        self.number -= 1


_open: Final = _Open()


class Connection:
    """One socket: who it is for, and the operations under way on it."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.authorization = socket.headers.get("authorization")
        self.context: Context | None = None
        self.begun = False
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.main = asyncio.current_task()
        self.given_up = False

    async def serve(self) -> None:
        """Serve until either side closes, or the client takes nothing any more."""
        watch = asyncio.create_task(self._watch())
        try:
            while True:
                await self._handle(*await self._receive())
        except Close as close:
            await self._close(close)
        except WebSocketDisconnect:
            pass
        except asyncio.CancelledError:
            if not self.given_up or self.main is None:
                raise
            self.main.uncancel()
        finally:
            for task in (watch, *self.tasks.values()):
                task.cancel()
            await asyncio.gather(watch, *self.tasks.values(), return_exceptions=True)

    async def leave(self) -> None:
        """Say that the server goes away: clients connect again, and go on where they were."""
        await self._close(Close(1001, "Going away"))

    async def _watch(self) -> None:
        """Close a socket that never says who it is for, and one whose key has been revoked."""
        await asyncio.sleep(INIT_SECONDS)
        if not self.begun:
            await self._close(Close(4408, "Connection initialisation timeout"))
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            if self.context is not None and not await still_good(self.authorization):
                await self._close(Close(4403, "The key is no longer valid."))

    async def _close(self, close: Close) -> None:
        if self.socket.application_state is WebSocketState.CONNECTED:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self.socket.close(close.code, close.reason)

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        message = await self.socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        text = message.get("text")
        if text is None:
            raise Close(4400, "Messages are text.")
        if len(text) > MAX_MESSAGE:
            raise Close(1009, "The message is too large.")
        try:
            raw = text.encode("utf-8", "surrogatepass")
            value = read_any_json(raw, "The message")
            if not isinstance(value, dict):
                raise Close(4400, "A message is a JSON object.")
        except BadRequest as bad:
            raise Close(4400, bad.message) from None
        return value, raw

    async def _handle(self, message: dict[str, Any], raw: bytes) -> None:
        match message.get("type"):
            case "connection_init":
                await self._init(_payload(message))
            case "ping":
                await self._send("pong", payload=_payload(message))
            case "pong":
                _payload(message)
            case "subscribe":
                await self._subscribe(message, raw)
            case "complete":
                self._complete(message.get("id"))
            case _:
                raise Close(4400, "This is no message of the protocol.")

    async def _init(self, payload: dict[str, Any] | None) -> None:
        if self.begun:
            raise Close(4429, "Too many initialisation requests")
        self.begun = True
        given = {name.lower(): value for name, value in (payload or {}).items()}.get("authorization")
        self.authorization = given if isinstance(given, str) else self.authorization
        visitor = visit(self.socket)
        try:
            actor = await actor_for(self.authorization, visitor.ip)
        except Held as held:
            raise Close(1013, f"Try again in {held.retry_after} s.") from None
        if actor is None:
            raise Close(4403, "Forbidden: send a valid key.")
        if not may_use(actor, self.socket.headers.get("origin")):
            raise Close(4403, "Forbidden: this key is bound to the pages of other origins.")
        self.context = Context(actor, request_id(self.socket.scope), visitor)
        await self._send("connection_ack")

    async def _subscribe(self, message: dict[str, Any], raw: bytes) -> None:
        if self.context is None:
            raise Close(4401, "Unauthorized")
        key = message.get("id")
        if not isinstance(key, str) or not key or not isinstance(message.get("payload"), dict):
            raise Close(4400, "Subscribing takes an id and a payload.")
        if key in self.tasks:
            raise Close(4409, f"Subscriber for {key[:50]} already exists")
        try:
            refuse_nul(raw, message)
            request = asked(message["payload"])
        except BadDocument as bad:
            await self._send("error", key, [{"message": bad.message, "extensions": {"code": bad.code}}])
            return
        except BadRequest as bad:
            raise Close(4400, bad.message) from None
        if len(self.tasks) >= MAX_STREAMS:
            raise Close(4429, f"At most {MAX_STREAMS} operations at once")
        self.tasks[key] = asyncio.create_task(self._operate(key, request, self.context))

    def _complete(self, key: Any) -> None:
        if not isinstance(key, str) or not key:
            raise Close(4400, "Completing takes an id.")
        task = self.tasks.pop(key, None)
        if task:
            task.cancel()

    async def _operate(self, key: str, request: Asked, context: Context) -> None:
        """Run one operation to its end, and say so."""
        try:
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._answers(key, request, context)
        finally:
            if self.tasks.get(key) is asyncio.current_task():
                del self.tasks[key]

    async def _answers(self, key: str, request: Asked, context: Context) -> None:
        try:
            admitted = await admit(request, context, ALL)
            named(self.socket.scope, admitted.name, failed=False)
            ended = await self._events(key, admitted, context)
        except Rejected as rejected:
            named(self.socket.scope, "(refused)", failed=True)
            await self._end(key, "error", refused(rejected, context).errors)
            return
        if not ended:
            await self._end(key, "complete")

    async def _events(self, key: str, admitted: Admitted, context: Context) -> bool:
        """Send an operation's answers. Answers whether an error has ended it. Raises Rejected for one too many."""
        with ExitStack() as place:
            if admitted.listens:
                place.enter_context(stream_of(context.actor))
            async with aclosing(cast(Any, answers(admitted, context))) as events:
                async for answer in events:
                    if isinstance(answer, Portion):
                        await self._send_all(key, answer)
                    elif answer.began:
                        await self._send("next", key, answer.body)
                    else:
                        await self._end(key, "error", answer.errors)
                        return True
        return False

    async def _send_all(self, key: str, portion: Portion) -> None:
        """Send answers that others are sent, too: in one write, where the server can."""
        write = writer(self.socket.scope.get("extensions"))
        if write is None:
            for message in messages(portion, key):
                await self._patiently(self.socket.send_text(message))
            return
        try:
            await self._patiently(write(frames(portion, key)))
        except OSError:
            raise WebSocketDisconnect(1006) from None

    async def _end(self, key: str, kind: str, payload: Any = None) -> None:
        """The last message of an operation. Its id is free at once: a client may use it as soon as it hears this."""
        self.tasks.pop(key, None)
        await self._send(kind, key, payload)

    async def _send(self, kind: str, key: str | None = None, payload: Any = None) -> None:
        message = {"type": kind}
        if key is not None:
            message["id"] = key
        if payload is not None:
            message["payload"] = payload
        await self._patiently(self.socket.send_text(orjson.dumps(message).decode()))

    async def _patiently(self, sending: Awaitable[None]) -> None:
        """Send, and give a client up that takes nothing for too long."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await sending
        except TimeoutError:
            self._give_up()

    def _give_up(self) -> None:
        """Let go of a client that takes nothing: it cannot even be told."""
        if self.main is not None and not self.given_up:
            self.given_up = True
            self.main.cancel()


def _payload(message: dict[str, Any]) -> dict[str, Any] | None:
    payload = message.get("payload")
    if not isinstance(payload, dict | None):
        raise Close(4400, "The payload is a JSON object.")
    return payload
