"""createUpload, and sending the file."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import httpx2
import pytest

from domain.files import uploads
from domain.infra import storage
from domain.infra.db import pool
from domain.infra.settings import settings
from tests.api.client import Client, connected

UPLOAD = "upload { id url method headers expiresAt }"
LIST = b"Email\nann@example.org\n"


async def announced(api: Client, **given: Any) -> dict[str, Any]:
    """A new upload."""
    upload: dict[str, Any] = (await api.changed("createUpload", UPLOAD, filename="list.csv", **given))["upload"]
    return upload


async def sent(url: str, content: Any = LIST, method: str = "PUT", **headers: str) -> httpx2.Response:
    """The answer to a file."""
    async with connected() as http:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.request(method, url, content=content, headers=named)


async def stored(api: Client) -> list[str]:
    """The keys of this account's objects."""
    rows = await pool().fetch("SELECT object FROM upload WHERE account_id = $1", api.actor.account_id)
    known = [row["object"] for row in rows if row["object"]]
    folder = settings().data_dir / "objects" / "uploads" / str(api.actor.account_id)
    assert len(list(folder.glob("*"))) == len(known)
    return known


async def test_a_file_is_sent_and_kept(api: Client) -> None:
    """The answer says where, how and until when to send it; the file lies in the store as it was sent."""
    upload = await announced(api, size=len(LIST))
    assert upload["url"].startswith(f"{settings().base_url}/uploads/")
    assert (upload["method"], upload["headers"]) == ("PUT", {"content-type": "text/csv"})
    answer = await sent(upload["url"], **upload["headers"])
    assert (answer.status_code, answer.json()) == (200, {"id": upload["id"], "size": len(LIST)})
    (key,) = await stored(api)
    assert b"".join([piece async for piece in storage.get(key)]) == LIST


async def test_a_stream_without_a_length(api: Client) -> None:
    """A body that comes in pieces of unknown number is stored just so, and replaces what was sent before."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 200_000

    upload = await announced(api)
    await sent(upload["url"])
    assert (await sent(upload["url"], pieces())).json()["size"] == 8_000_000
    (key,) = await stored(api)
    assert await storage.size(key) == 8_000_000


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"filename": ""}, ("INVALID", ["filename"])),
        ({"filename": "../.."}, ("INVALID", ["filename"])),
        ({"filename": "x" * 201}, ("TOO_LARGE", ["filename"])),
        ({"filename": "x" * 5_000}, ("TOO_LARGE", ["filename"])),
        ({"contentType": "application/pdf"}, ("INVALID", ["contentType"])),
        ({"contentType": ""}, ("INVALID", ["contentType"])),
        ({"size": 0}, ("INVALID", ["size"])),
        ({"size": -1}, ("INVALID", ["size"])),
        ({"size": 1024**3 + 1}, ("TOO_LARGE", ["size"])),
    ],
)
async def test_what_is_refused_at_once(api: Client, given: dict[str, Any], refusal: tuple[str, list[str]]) -> None:
    """A name that is none, a type that is no list's, and a size of nothing or too much."""
    assert await api.refused("createUpload", "", **({"filename": "list.csv"} | given)) == [refusal]


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\Users\\ann\\passwd", "/passwd", "\u202epasswd\x07"])
async def test_a_path_in_the_name_leads_nowhere(api: Client, name: str) -> None:
    """The last part of a path is kept, to be read by people; the store never sees it."""
    upload = (await api.changed("createUpload", UPLOAD, filename=name))["upload"]
    await sent(upload["url"])
    (key,) = await stored(api)
    assert await pool().fetchval("SELECT filename FROM upload") == "passwd"
    assert "passwd" not in key


@pytest.mark.parametrize(
    "kind", ["text/csv; charset=utf-8", "TEXT/CSV", "application/vnd.ms-excel", "application/x-gzip"]
)
async def test_types_as_browsers_say_them(api: Client, kind: str) -> None:
    """Parameters, capitals and the other names of the same types are understood, in both places."""
    upload = await announced(api, contentType=kind)
    assert (await sent(upload["url"], content_type=kind)).status_code == 200


async def test_another_type_than_announced(api: Client) -> None:
    """A file of another type than announced is refused; one of no type is taken at its word."""
    upload = await announced(api)
    refused = await sent(upload["url"], content_type="application/gzip")
    assert (refused.status_code, refused.json()["code"]) == (415, "INVALID")
    assert (await sent(upload["url"])).status_code == 200


@pytest.mark.parametrize(("size", "status", "code"), [(5, 413, "TOO_LARGE"), (500, 400, "INVALID")])
async def test_another_size_than_announced(api: Client, size: int, status: int, code: str) -> None:
    """A file that is longer or shorter than announced is not kept."""
    answer = await sent((await announced(api, size=size))["url"])
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await stored(api) == []


async def test_an_empty_file(api: Client) -> None:
    """Nothing at all is no file."""
    answer = await sent((await announced(api))["url"], b"")
    assert (answer.status_code, answer.json()) == (400, {"code": "INVALID", "message": "The file is empty."})
    assert await stored(api) == []


async def test_over_the_limit(api: Client) -> None:
    """Announced by its length or found out on the way: over the limit of the server is 413, and nothing is kept."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 100_000

    small = settings().model_copy(update={"upload_limit": 1024**2})
    upload = await announced(api)
    with patch.object(uploads, "settings", lambda: small), patch("api.http.uploads.settings", lambda: small):
        for content in (b"x" * 2_000_000, pieces()):
            answer = await sent(upload["url"], content)
            assert answer.status_code == 413
            assert "1 MiB" in answer.json()["message"]
    assert await stored(api) == []


async def test_forged_cut_and_old_addresses(api: Client, other: Client) -> None:
    """Whatever is not the very address, in its hour, is 403 in words."""
    url = (await announced(api))["url"]
    theirs = (await announced(other))["url"]
    crossed = url.rsplit(".", 1)[0] + "." + theirs.rsplit(".", 1)[1]
    for bad in (
        url[:-1],
        f"{url}x",
        crossed,
        f"{settings().base_url}/uploads/x",
        url.replace("/uploads/", "/uploads/x"),
    ):
        answer = await sent(bad)
        assert answer.status_code == 403
        assert "createUpload" in answer.json()["message"]
    later = int(time.time()) + 3_700
    with patch("itsdangerous.TimestampSigner.get_timestamp", lambda _: later):
        assert (await sent(url)).status_code == 403
    assert (await sent(url)).status_code == 200


async def test_a_link_to_a_report_takes_no_file(api: Client) -> None:
    """A signed link is for one purpose alone."""
    started = await api.changed(
        "addContactsToGroup",
        "bulkOperation { reportUrl }",
        group=(await api.changed("createGroup", "group { id }", name="Guests"))["group"]["id"],
        selection={"ids": [(await api.contact())["id"]]},
    )
    report = started["bulkOperation"]["reportUrl"]
    assert (await sent(report.replace("/reports/", "/uploads/"))).status_code == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PATCH"])
async def test_other_methods(api: Client, method: str) -> None:
    """The address takes a file and nothing else."""
    answer = await sent((await announced(api))["url"], method=method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "PUT"


async def test_a_file_under_way_twice(api: Client) -> None:
    """Sent twice at once, one of the two is kept and the other leaves nothing behind."""
    upload = await announced(api)
    answers = await asyncio.gather(*[sent(upload["url"], b"x" * size) for size in (100, 200, 300)])
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(await stored(api)) == 1
