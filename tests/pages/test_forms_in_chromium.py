"""The sign-up form and the confirming page in a real browser: no script, a small screen, by keyboard, for axe-core."""

import pytest
from playwright.async_api import expect

from domain.infra import bucket
from domain.infra.db import pool
from tests.api.client import Client
from tests.mailing import Server, link_in, mailbox, work_through
from tests.pages.test_in_chromium import CHROMIUM, PHONE, Opener, browse, chromium, readable
from tests.pages.test_sign_up import page_of

__all__ = ["browse", "chromium", "mailbox"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing")]


async def test_from_form_to_confirmed_by_keyboard(api: Client, browse: Opener, mailbox: Server) -> None:
    """Without a script: fill in, send, open the link of the mail, one press."""
    bucket.forget()
    page = await browse(await page_of(api), viewport=PHONE)
    await page.get_by_label("Email").fill("anna@example.org")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Thank you").wait_for()
    await work_through(api.actor)
    page = await browse(link_in(mailbox.mails[0]), viewport=PHONE)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Thank you, it is confirmed").wait_for()
    assert await pool().fetchval("SELECT consent FROM address") == "DOUBLE_OPT_IN"


async def test_everybody_can_read_them(api: Client, browse: Opener, mailbox: Server) -> None:
    """axe-core finds nothing: the form, the thanks, the button, and what it came to."""
    bucket.forget()
    page = await browse(await page_of(api), viewport=PHONE, java_script_enabled=True)
    await expect(page.get_by_label("Website")).not_to_be_in_viewport()
    await readable(page, "sign-up")
    await page.get_by_label("Email").fill("anna@example.org")
    await page.get_by_role("button", name="Sign up").click()
    await page.get_by_role("heading", name="Thank you").wait_for()
    await readable(page, "signed-up")
    await work_through(api.actor)
    page = await browse(link_in(mailbox.mails[0]), viewport=PHONE, java_script_enabled=True)
    await readable(page, "confirm")
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("status").wait_for()
    await readable(page, "confirmed")
