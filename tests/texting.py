"""A provider of text messages for tests, with Twilio's interface, and what it received."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from domain.infra.settings import settings
from domain.mail.sms.provider import provider

SID, TOKEN = "AC0123", "a-token"
SENDER = "+12025550199"


@dataclass
class Carrier:
    """What was received, and how to answer: a status and a code of the provider's, one after the other."""

    port: int = 0
    forms: list[dict[str, str]] = field(default_factory=list)
    answers: list[tuple[int, int | None]] = field(default_factory=list)
    """201 once they are used up; 0 closes the connection, -1 never answers."""
    forged: int = 0

    @property
    def url(self) -> str:
        """For ASSENT_SMS_URL."""
        return f"http://{SID}:{TOKEN}@127.0.0.1:{self.port}?from=%2B12025550199"

    @property
    def texts(self) -> list[tuple[str, str]]:
        """To whom, and what."""
        return [(form["To"], form["Body"]) for form in self.forms]

    async def receive(self, request: web.Request) -> web.Response:
        """Take one."""
        expected = "Basic " + b64encode(f"{SID}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != expected:
            self.forged += 1
            return web.json_response({"code": 20003, "message": "Authenticate", "status": 401}, status=401)
        status, code = self.answers.pop(0) if self.answers else (201, None)
        given = {name: str(value) for name, value in (await request.post()).items()}
        if status < 0:
            await asyncio.Event().wait()
        if status == 0:
            self.forms.append(given)
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if status == 201:
            self.forms.append(given)
        return web.json_response({"sid": "SM1", "status": "queued"} | ({"code": code} if code else {}), status=status)


@asynccontextmanager
async def carrying() -> AsyncIterator[Carrier]:
    """A provider on a free port of this machine."""
    mine = Carrier()
    app = web.Application()
    app.router.add_post(f"/2010-04-01/Accounts/{SID}/Messages.json", mine.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    mine.port = runner.addresses[0][1]
    try:
        yield mine
    finally:
        await runner.cleanup()


@asynccontextmanager
async def texting_by(url: str) -> AsyncIterator[None]:
    """Have text messages go to this provider inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASSENT_SMS_URL", url)
        settings.cache_clear()
        provider.cache_clear()
        yield
        await provider().close()
    settings.cache_clear()
    provider.cache_clear()


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    """A provider that everything goes to."""
    async with carrying() as mine, texting_by(mine.url):
        yield mine
