"""GraphiQL in a real browser on the real server: it reads, changes and listens, and fetches nothing elsewhere."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Route, WebSocket, async_playwright

BUILD = Path(__file__).parents[2] / "web" / "graphiql" / "build.sh"
# A browser that calls home would hide what the page itself asks for; as root it needs to run without its sandbox.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM = shutil.which("chromium")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing")]


class Server(Protocol):
    """The running API: its URL without a trailing slash, and the sample account's key, which it prefills."""

    url: str
    key: str


@dataclass
class Ide:
    """GraphiQL as a person uses it, and what its browser noticed meanwhile."""

    page: Page
    origin: str
    complaints: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    async def watch(self) -> None:
        """Note each request that leaves the origin and each complaint, before the page loads."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("websocket", self._socket)
        await self.page.route("**/*", self._route)

    async def open(self) -> None:
        """Open the page, wait until the operations can be run and the schema has arrived."""
        async with self.page.expect_response(self._is_answer):
            await self.page.goto(f"{self.origin}/graphql")
        await self.page.get_by_role("tab", name="Tour").wait_for()
        await self.page.locator(".graphiql-query-editor .view-line").first.wait_for()

    async def choose(self, operation: str, variables: dict[str, Any] | None = None) -> None:
        """Turn to an operation's tab, and type its variables."""
        await self.page.get_by_role("tab", name=operation, exact=True).click()
        if variables is not None:
            await self.page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines").click()
            await self.page.keyboard.press("ControlOrMeta+A")
            await self.page.keyboard.insert_text(json.dumps(variables))
            # The editor closed the first bracket itself.
            await self.page.keyboard.press("ControlOrMeta+Shift+End")
            await self.page.keyboard.press("Delete")

    async def run(self) -> Any:
        """Press the button, and read what the server answered over HTTP."""
        async with self.page.expect_response(self._is_answer) as answer:
            await self.page.get_by_role("button", name="Execute query").click()
        return await (await answer.value).json()

    async def listen(self, event: str) -> None:
        """Press the button, and wait until the socket has ended the subscription."""
        async with self.page.expect_websocket() as socket:
            await self.page.get_by_role("button", name="Execute query").click()
        await (await socket.value).wait_for_event("close")
        assert event in {frame["type"] for frame in self.frames}

    async def shown(self) -> str:
        """What the answer's pane shows."""
        lines = self.page.locator(".result-window .view-line")
        await lines.first.wait_for()
        return "\n".join(await lines.all_inner_texts()).replace("\N{NO-BREAK SPACE}", " ")

    def _is_answer(self, response: Any) -> bool:
        return bool(response.request.method == "POST" and urlsplit(response.url).path == "/graphql")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _socket(self, socket: WebSocket) -> None:
        if urlsplit(socket.url).netloc != urlsplit(self.origin).netloc:
            self.elsewhere.append(socket.url)
        socket.on("framereceived", lambda frame: self.frames.append(json.loads(frame)))
        socket.on("framesent", lambda frame: self.sent.append(json.loads(frame)))

    async def _route(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((f"{self.origin}/", "data:", "blob:")):
            await route.continue_()
        else:
            self.elsewhere.append(url)
            await route.abort()


@pytest.fixture(scope="module")
def built() -> None:
    """The page's files, built anew where something changed."""
    subprocess.run([BUILD], check=True)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def ide(browser: Browser, built: None, live_server: Server) -> AsyncIterator[Ide]:
    """GraphiQL, open on the live server; that it stayed at home without complaint is checked at the end."""
    graphiql = Ide(await browser.new_page(viewport={"width": 1440, "height": 900}), live_server.url)
    await graphiql.watch()
    await graphiql.open()
    yield graphiql
    assert graphiql.complaints == []
    assert graphiql.elsewhere == []


@pytest.fixture
async def contact(ide: Ide, live_server: Server) -> str:
    """The id of a new contact with an email address and no permission."""
    response = await ide.page.request.post(
        f"{live_server.url}/graphql",
        headers={"authorization": f"Bearer {live_server.key}"},
        data={
            "query": "mutation($input: CreateContactInput!) { createContact(input: $input) { contact { id } } }",
            "variables": {"input": {"points": [{"channel": "EMAIL", "value": f"{uuid4()}@example.org"}]}},
        },
    )
    created = await response.json()
    return str(created["data"]["createContact"]["contact"]["id"])


async def test_a_query_runs_with_the_prefilled_key(ide: Ide) -> None:
    answer = await ide.run()
    assert "errors" not in answer
    assert answer["data"]["viewer"]["scopes"]
    assert '"viewer"' in await ide.shown()


async def test_a_mutation_takes_variables(ide: Ide, contact: str) -> None:
    evidence = {"method": "WRITTEN_REQUEST", "statement": "Signed up at our stand."}
    await ide.choose("OptInContact", {"input": {"contactId": contact, "evidence": evidence}})
    answer = await ide.run()
    assert answer["data"]["optInContact"]["userErrors"] == []
    assert answer["data"]["optInContact"]["contact"]["optedIn"] is True


async def test_a_subscription_follows_a_bulk_operation_to_its_end(ide: Ide, contact: str, live_server: Server) -> None:
    await ide.choose("BulkChangeStatus", {"input": {"selection": {"ids": [contact]}, "status": "OPTED_OUT"}})
    answer = await ide.run()
    assert answer["data"]["bulkChangeStatus"]["userErrors"] == []
    await ide.choose("BulkOperation", {"id": answer["data"]["bulkChangeStatus"]["bulkOperation"]["id"]})
    await ide.listen("complete")
    assert ide.sent[0] == {"type": "connection_init", "payload": {"authorization": f"Bearer {live_server.key}"}}
    last = [frame for frame in ide.frames if frame["type"] == "next"][-1]
    assert last["payload"]["data"]["bulkOperation"]["status"] == "COMPLETED"
    assert "COMPLETED" in await ide.shown()


async def test_the_key_is_never_stored(ide: Ide, live_server: Server) -> None:
    await ide.run()
    # The page keeps its tabs half a second after the last change.
    await ide.page.wait_for_function("localStorage.getItem('graphiql:tabState') !== null")
    stored: str = await ide.page.evaluate("JSON.stringify(localStorage)")
    assert "Tour" in stored
    assert live_server.key not in stored
    await ide.page.reload()
    answer = await ide.run()
    assert "errors" not in answer
