"""A receiver of webhooks as an integrator writes one: every signature is checked by the reference library."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

Reply = Callable[[int], "web.Response | None"]
"""What to answer to the n-th request (from 1); None: take it."""

SlowReply = Callable[[int], Awaitable["web.Response | None"]]
"""The same, in its own time."""


@dataclass
class Receiver:
    """Where deliveries arrive. What it took stands in `taken`, by `webhook-id` in the order of arrival."""

    secret: str = ""
    reply: Reply = lambda _: None
    slow_reply: SlowReply | None = None
    port: int = 0
    seen: int = 0
    forged: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    taken: list[dict[str, Any]] = field(default_factory=list)
    runner: web.AppRunner | None = None
    hold: bool = False
    """Answer nothing, once a delivery is taken."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def positions(self) -> list[int]:
        """The entries that it took, in the order in which they came."""
        return [int(event["position"]) for body in self.taken for event in body["data"].get("events", [])]

    async def start(self) -> Self:
        """Listen: on the same port as before, if there was one."""
        app = web.Application(client_max_size=16 * 1024**2)
        app.router.add_post("/hook", self._receive)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self.runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Be gone, connections and all."""
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    def let_go(self) -> None:
        """Answer again."""
        self.hold = False
        self.released.set()
        self.released = asyncio.Event()

    async def until(self, reached: Callable[["Receiver"], bool], seconds: float = 60) -> None:
        """Wait until it has what is wanted."""
        async with asyncio.timeout(seconds):
            while not reached(self):
                await asyncio.sleep(0.005)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _receive(self, request: web.Request) -> web.Response:
        self.seen += 1
        text = await request.text()
        headers = dict(request.headers)
        self.headers.append({name.lower(): value for name, value in headers.items()})
        try:
            body = Webhook(self.secret).verify(text, headers)
        except WebhookVerificationError:
            self.forged += 1
            return web.Response(status=401)
        answer = await self.slow_reply(self.seen) if self.slow_reply else self.reply(self.seen)
        if answer is None or 200 <= answer.status < 300:
            self.taken.append(body)
            if self.hold:
                await self.released.wait()
        return answer or web.Response(status=204)
