"""/dev/mailbox: on a developer's machine alone."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from api.app import application
from api.http import mailbox as mailbox_page
from domain.infra.settings import settings
from domain.mail.transport import transport
from tests.api.client import Client, connected
from tests.api.test_messages import broadcast
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
        # A web site can point a name of its own at this machine, and read what a page there shows.
        assert (await http.get("/dev/mailbox", headers={"host": "evil.example"})).status_code == 404
    foreign = httpx2.ASGITransport(app=application(), client=("203.0.113.7", 50000))
    async with httpx2.AsyncClient(transport=foreign, base_url="http://localhost:8000") as http:
        assert (await http.get("/dev/mailbox")).status_code == 404


async def test_every_mail_can_be_read(api: Client, developing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broadcast of more than a page: page by page, all of it."""
    monkeypatch.setattr(mailbox_page, "PAGE", 2)
    for name in ("ada", "ben", "cleo", "dan", "eve"):
        await api.opted_in(f"{name}@example.org")
    await broadcast(api)
    await send_mail(api.actor.account_id)
    local = httpx2.ASGITransport(app=application(), client=("127.0.0.1", 50000))
    path, subjects = "/dev/mailbox", []
    async with httpx2.AsyncClient(transport=local, base_url="http://localhost:8000") as http:
        for expected in (2, 2, 1):
            page = (await http.get(path)).text
            links = re.findall(r'href="(/dev/mailbox/[^"]+)"', page)
            assert len(links) == expected
            for link in links:
                shown = (await http.get(link)).text
                assert "List-Unsubscribe" in shown or "Hello" in shown
                subjects += re.findall(r"(\w+)@example\.org", shown)[:1]
            older = re.search(r'href="(/dev/mailbox\?before=[^"]+)"', page)
            path = older[1] if older else ""
    assert path == ""
    assert sorted(subjects) == ["ada", "ben", "cleo", "dan", "eve"]


async def test_elsewhere_there_is_none(api: Client) -> None:
    """In production the page does not exist."""
    async with connected() as http:
        assert (await http.get("/dev/mailbox")).status_code == 404
