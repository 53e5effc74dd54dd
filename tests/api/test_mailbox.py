"""/dev/mailbox: on a developer's machine alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from api.app import application
from domain.infra.settings import settings
from domain.mail.transport import transport
from tests.api.client import Client, connected
from tests.mailing import send_mail


@pytest.fixture
async def developing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The settings of `make run`, and a folder of its own for mail."""
    monkeypatch.setenv("ASSENT_DEV", "1")
    monkeypatch.setenv("ASSENT_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    transport.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
    transport.cache_clear()


async def test_what_was_sent_is_shown(api: Client, developing: None, tmp_path: Path) -> None:
    """Listed, and shown with its HTML in a frame that can run nothing; to this machine alone; nobody else reads it."""
    contact = await api.opted_in("anna@example.org")
    await api.changed("requestDoubleOptIn", contactId=contact["id"])
    await send_mail(api.actor.account_id)
    (kept,) = (tmp_path / "mailbox" / "new").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    local = httpx2.ASGITransport(app=application(), client=("127.0.0.1", 50000))
    async with httpx2.AsyncClient(transport=local, base_url="http://localhost:8000") as http:
        listed = await http.get("/dev/mailbox")
        assert "anna@example.org" in listed.text
        shown = await http.get(f"/dev/mailbox/{kept.name}")
        assert '<iframe title="HTML" sandbox="allow-top-navigation-by-user-activation"' in shown.text
        assert "script" not in shown.headers["content-security-policy"]
        for name in ("x", "..%2f..%2fsecret", kept.name.replace("0", "1")):
            assert (await http.get(f"/dev/mailbox/{name}")).status_code == 404
    foreign = httpx2.ASGITransport(app=application(), client=("203.0.113.7", 50000))
    async with httpx2.AsyncClient(transport=foreign, base_url="http://localhost:8000") as http:
        assert (await http.get("/dev/mailbox")).status_code == 404


async def test_elsewhere_there_is_none(api: Client) -> None:
    """In production the page does not exist."""
    async with connected() as http:
        assert (await http.get("/dev/mailbox")).status_code == 404
