"""Every program in docs/clients.md, as it stands there, against a real server."""

import asyncio
import os
import re
import shutil
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from standardwebhooks import Webhook

from domain.accounts.keys import authenticate
from tests.api.client import Client
from tests.api.live import Server, live_server, server

TEXT = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
PROGRAMS = {
    title: (kind, program)
    for title, kind, program in re.findall(r"^## ([^\n]+)$[^#]*?^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
}
SECONDS = 60

__all__ = ["live_server", "server"]


@pytest.fixture
async def api(live_server: Server) -> Client:
    """A client of the live server's account, with one contact in it."""
    owner = await authenticate(live_server.key)
    assert owner is not None
    client = Client(owner, live_server.key)
    await client.opted_in("jane@example.com", firstName="Jane", lastName="Doe")
    return client


@asynccontextmanager
async def running(folder: Path, title: str, live: Server, **env: str) -> AsyncIterator[Process]:
    """A program of the document."""
    kind, text = PROGRAMS[title]
    path = folder / {"python": "program.py", "js": "program.mjs", "sh": "program.sh"}[kind]
    path.write_text(text)
    command = {"python": sys.executable, "js": shutil.which("node") or "node", "sh": "sh"}[kind]
    given = os.environ | {"ASSENT_URL": f"{live.url}/graphql", "ASSENT_KEY": live.key} | env
    process = await asyncio.create_subprocess_exec(command, str(path), stdout=PIPE, env=given)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def output(folder: Path, title: str, live: Server) -> str:
    """What a program prints that ends by itself, well."""
    async with running(folder, title, live) as process, asyncio.timeout(SECONDS):
        printed, _ = await process.communicate()
        assert process.returncode == 0
    return printed.decode()


async def line(process: Process) -> list[str]:
    """The words of a program's next line."""
    assert process.stdout is not None
    async with asyncio.timeout(SECONDS):
        return (await process.stdout.readline()).decode().split()


def test_nothing_is_left_out() -> None:
    """The clients that are promised."""
    assert {"curl", "Python (gql)", "Apollo Client", "urql", "Relay", "A webhook receiver"} == {*PROGRAMS}


async def test_curl(api: Client, live_server: Server, tmp_path: Path) -> None:
    """One request from the shell."""
    assert '"contact":{"name":"Jane Doe","optedIn":true}' in await output(tmp_path, "curl", live_server)


async def test_gql_goes_on_where_it_was(api: Client, live_server: Server, tmp_path: Path) -> None:
    """The ledger from its beginning; killed and started again, what came meanwhile, and nothing twice."""
    bookmark = tmp_path / "bookmark"
    seen: list[list[str]] = []
    for n in range(2):
        async with running(tmp_path, "Python (gql)", live_server, BOOKMARK=str(bookmark)) as process:
            wanted = 2 if n == 0 else 3
            while len(seen) < wanted:
                words = await line(process)
                seen += [words] if words[1] in ("CONTACT_CREATED", "OPT_IN", "OPT_OUT") else []
            # The bookmark is written after the line.
            async with asyncio.timeout(SECONDS):
                while not bookmark.exists() or int(bookmark.read_text()) < int(seen[-1][0]):
                    await asyncio.sleep(0.02)
        if n == 0:
            contact = (await api.query("{ contacts { nodes { id } } }"))["contacts"]["nodes"][0]
            await api.changed("optOutContact", contactId=contact["id"])
    assert [words[1] for words in seen] == ["CONTACT_CREATED", "OPT_IN", "OPT_OUT"]
    assert seen[-1][2] == "OPTED_OUT"


async def test_a_receiver(tmp_path: Path, live_server: Server) -> None:
    """Takes what is signed with its secret, once; refuses the rest."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = Webhook("whsec_" + "c2VjcmV0" * 5)
    body = (
        '{"type":"consent.events","data":{"upTo":"7","events":[{"position":"7","action":"OPT_OUT","to":"OPTED_OUT"}]}}'
    )
    async with running(
        tmp_path, "A webhook receiver", live_server, WEBHOOK_SECRET="whsec_" + "c2VjcmV0" * 5, PORT=str(port)
    ) as process:
        now, name = datetime.now(UTC), f"msg_{uuid4().hex}"
        good = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": secret.sign(name, now, body),
        }
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            async with asyncio.timeout(SECONDS):
                while (status := await _sent(http, body, good)) == 0:
                    await asyncio.sleep(0.05)
            assert [status, await _sent(http, body, good), await _sent(http, f"{body} ", good)] == [204, 204, 401]
        assert await line(process) == ["7", "OPT_OUT", "OPTED_OUT"]


async def _sent(http: httpx2.AsyncClient, body: str, headers: dict[str, str]) -> int:
    """The status; 0 while nobody listens."""
    try:
        return (await http.post("/assent", content=body, headers=headers)).status_code
    except httpx2.ConnectError:
        return 0


@pytest.mark.parametrize(
    ("title", "printed"), [("Apollo Client", "Jane Doe\nfalse 0\n"), ("urql", "Jane Doe\n"), ("Relay", "Jane Doe\n")]
)
async def test_javascript(title: str, printed: str, api: Client, live_server: Server) -> None:
    """Where node is, and ASSENT_CLIENT_PACKAGES names a folder with the packages that the program imports."""
    packages = os.environ.get("ASSENT_CLIENT_PACKAGES")
    if not packages or not shutil.which("node"):
        pytest.skip("needs node and ASSENT_CLIENT_PACKAGES")
    assert await output(Path(packages), title, live_server) == printed
