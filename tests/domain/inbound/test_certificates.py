"""Amazon's certificates: whence they may come, and what becomes of what is no certificate."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from cli.embedded.process import free_port
from domain.inbound.call import Forged, Unverifiable
from domain.inbound.providers import certificates
from domain.inbound.providers.certificates import certificate, keep

HOST = "sns.eu-central-1.amazonaws.com"


async def _elsewhere(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/there.pem")


async def _there(_request: web.Request) -> web.Response:
    return web.Response(text="a certificate")


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """A server that has one file, and an address that leads there."""
    application = web.Application()
    application.add_routes([web.get("/there.pem", _there), web.get("/elsewhere.pem", _elsewhere)])
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_what_is_there_is_fetched(server: str) -> None:
    """The file as it is."""
    assert await certificates._fetch(f"{server}/there.pem") == b"a certificate"


async def test_nothing_is_followed(server: str) -> None:
    """An address that leads elsewhere, one that is not there, a server that is not: come again."""
    nobody = f"http://127.0.0.1:{free_port()}/there.pem"
    for url in (f"{server}/elsewhere.pem", f"{server}/nowhere.pem", nobody):
        with pytest.raises(Unverifiable):
            await certificates._fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/SimpleNotificationService-0.pem",
        f"https://{HOST}:444/SimpleNotificationService-0.pem",
        f"https://{HOST}.example.com/SimpleNotificationService-0.pem",
        f"https://anybody@{HOST}/SimpleNotificationService-0.pem",
        f"https://{HOST}/anything.pem",
        f"https://{HOST}/SimpleNotificationService-0.pem?x",
        f"https://{HOST}/SimpleNotificationService-0.pem\n",
        "",
    ],
)
async def test_another_address_is_a_forgery(url: str) -> None:
    """Before anything is fetched."""
    with pytest.raises(Forged):
        await certificate(url, HOST)


def test_what_is_no_certificate_is_not_kept() -> None:
    """Whatever Amazon's host may answer on a bad day."""
    with pytest.raises(Unverifiable):
        keep(f"https://{HOST}/SimpleNotificationService-0.pem", b"<html>")
