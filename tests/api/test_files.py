"""Files that were made for a client."""

import time
from collections.abc import AsyncIterator
from unittest.mock import patch

from api.http.files import file_url
from domain.files import stored
from domain.infra import storage
from tests.api.client import Client, connected


async def pieces() -> AsyncIterator[bytes]:
    """A file in pieces."""
    for _ in range(3):
        yield b"x" * 1_000_000


async def test_a_file_by_its_signed_link(api: Client) -> None:
    """Whoever holds the link has the file for a day, under its name; a HEAD says how large it is."""
    file = await stored.keep(api.actor.account_id, "Kunden für Köln.csv", "text/csv", pieces())
    async with connected() as http:
        answer = await http.get(file_url(file))
        assert (answer.status_code, len(answer.content)) == (200, 3_000_000)
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Kunden%20f%C3%BCr%20K%C3%B6ln.csv"
        assert answer.headers["content-type"].startswith("text/csv")
        head = await http.head(file_url(file))
        assert (head.headers["content-length"], head.content) == ("3000000", b"")


async def test_links_that_are_not_valid(api: Client, other: Client) -> None:
    """Forged, of another purpose, a day old, or to a file that is gone: 404 in words."""
    file = await stored.keep(api.actor.account_id, "export.csv", "text/csv", pieces())
    url = file_url(file)
    async with connected() as http:
        for bad in (url[:-2], url.replace("/files/", "/files/x"), url.replace("/files/", "/reports/")):
            assert (await http.get(bad)).status_code == 404
        tomorrow = int(time.time()) + 90_000
        with patch("itsdangerous.TimestampSigner.get_timestamp", lambda _: tomorrow):
            assert (await http.get(url)).status_code == 404
        await storage.delete([file.object])
        answer = await http.get(url)
    assert answer.status_code == 404
    assert "Ask the API" in answer.text
