"""Recipients' pages in a real browser: without JavaScript, on a phone, by keyboard, in the dark, and for axe-core."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from domain.recipients.tokens import Purpose
from tests.api.client import Client
from tests.api.test_branding import DATA
from tests.pages.test_graphiql import ARGUMENTS
from tests.pages.visiting import Recipient, recipient, topic_id

CHROMIUM = shutil.which("chromium")
SHOTS = os.environ.get("ASSENT_TEST_SHOTS")
"""A directory to look at the pages in, while working on them."""

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing")]
Opener = Callable[..., Awaitable[Page]]
PHONE: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for the whole module."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def browse(chromium: Browser, server: str) -> AsyncIterator[Opener]:
    """Opens a path in a context of its own; the test fails when anything was asked of another host, or complained."""
    contexts: list[Any] = []
    trouble: list[str] = []

    async def opened(path: str, **options: Any) -> Page:
        looks: dict[str, Any] = {"java_script_enabled": False, "locale": "en-GB"} | options
        context = await chromium.new_context(**looks)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        host = urlsplit(server).netloc
        page.on("request", lambda request: _note(trouble, request.url, host))
        await page.goto(server + path)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert trouble == []


def _note(trouble: list[str], url: str, host: str) -> None:
    if not url.startswith("data:") and urlsplit(url).netloc != host:
        trouble.append(url)


async def branded(api: Client) -> Recipient:
    """Anna, on the list of an account with a logo, colours and an address."""
    await api.changed(
        "updateAccount", "account { id }", logo=DATA, colour="#7a0c2e", postalAddress="Example Ltd\n1 Road, Town"
    )
    return await recipient(api, "anna.with.a.very.long.address.indeed@a-rather-long-name-of-a-host.example.org")


async def shown(page: Page, name: str) -> None:
    """Keep a picture, when asked for."""
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


async def test_leaving_and_coming_back(api: Client, browse: Opener) -> None:
    """Without JavaScript: look, write why, leave, take it back."""
    anna = await branded(api)
    page = await browse(anna.path())
    await shown(page, "unsubscribe")
    assert await page.title() == "Do you want to unsubscribe? · Example Ltd"
    await page.get_by_label("Would you tell us why?").fill("Too many")
    await page.get_by_role("button", name="Unsubscribe from everything").click()
    await page.get_by_role("heading", name="You are unsubscribed").wait_for()
    await shown(page, "unsubscribed")
    assert await anna.consent() == "OPTED_OUT"
    await page.get_by_role("button", name="I did not mean to").click()
    await page.get_by_role("heading", name="You are subscribed again").wait_for()
    assert await anna.consent() == "SINGLE_OPT_IN"


async def test_leaving_a_topic_on_a_phone_in_german(api: Client, browse: Opener) -> None:
    """A small screen in the browser's language; nothing has to be scrolled sideways."""
    anna = await branded(api)
    path = anna.path(topic_id=await topic_id(api))
    page = await browse(path, viewport=PHONE, locale="de-DE", is_mobile=True, has_touch=True)
    await shown(page, "topic-phone-de")
    await page.get_by_role("button", name="Newsletter abbestellen").tap()
    await page.get_by_role("heading", name="Sie haben dieses Thema abbestellt").wait_for()
    assert not (await anna.topics())["newsletter"]
    await page.get_by_role("link", name="Français").tap()
    await page.get_by_role("heading", name="Voulez-vous vous désinscrire ?").wait_for()


async def test_choosing_by_keyboard(api: Client, browse: Opener) -> None:
    """Tab, space and enter are enough: email off, the first topic off, save."""
    anna = await branded(api)
    page = await browse(anna.path(Purpose.PREFERENCES))
    await shown(page, "preferences")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await page.get_by_role("status").wait_for()
    await shown(page, "saved")
    assert await anna.consent() == "OPTED_OUT"
    assert sorted((await anna.topics()).values()) == [False, True, True, True]


async def test_focus_can_be_seen(api: Client, browse: Opener) -> None:
    """Whatever has the focus has an outline."""
    anna = await branded(api)
    page = await browse(anna.path(), java_script_enabled=True)
    for _ in range(6):
        await page.keyboard.press("Tab")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"


@pytest.mark.parametrize(("scheme", "size"), [("dark", "phone"), ("light", "zoomed")])
async def test_everybody_can_read_it(api: Client, browse: Opener, scheme: str, size: str) -> None:
    """axe-core finds nothing and nothing overflows: at 320 px, at 200 % zoom, by day and by night, on each page."""
    anna = await branded(api)
    looks: dict[str, Any] = {"viewport": PHONE}
    if size == "zoomed":
        looks = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}
    about = await topic_id(api)
    page = await browse(anna.path(topic_id=about), java_script_enabled=True, color_scheme=scheme, **looks)
    await readable(page, f"unsubscribe-{scheme}-{size}")
    await page.get_by_role("button", name="Leave Newsletter").click()
    await readable(page, f"topic-{scheme}-{size}")
    await page.get_by_role("button", name="Unsubscribe from everything").click()
    await readable(page, f"unsubscribed-{scheme}-{size}")
    await page.get_by_role("link", name="Choose what you get").click()
    await page.get_by_label("Email").check()
    await page.get_by_role("button", name="Save").click()
    await readable(page, f"preferences-{scheme}-{size}")


async def test_a_dead_link_can_be_read(browse: Opener, db: None, server: str, chromium: Browser) -> None:
    """The page behind a cut link, too."""
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    answer = await page.goto(f"{server}/u/cut")
    assert answer is not None
    assert answer.status == 404
    await readable(page, "dead-link")
    await context.close()


async def readable(page: Page, name: str) -> None:
    """Hold the open page to WCAG 2.2 AA, as far as axe-core can tell, and to its width."""
    await page.get_by_role("heading", level=1).wait_for()
    await shown(page, name)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    small = "[...document.querySelectorAll('button, input:not([type=hidden])')].filter(e => e.offsetHeight < 20).length"
    assert await page.evaluate(small) == 0
