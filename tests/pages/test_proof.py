"""The page that proves one person's permissions, in a real browser: readable, and fit to be printed."""

import pytest

from tests.api.client import Client
from tests.api.test_contact_proof import a_person, proof
from tests.api.test_messages import RECEIPT
from tests.pages.test_in_chromium import CHROMIUM, PHONE, Opener, browse, chromium, readable

__all__ = ["browse", "chromium"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is missing")]


async def written_to(api: Client, contact: str) -> None:
    """A message on its way, and a question of another sender."""
    contacts = {"ids": [contact]}
    await api.changed("authorizeSends", "answers { allowed }", purpose="BROADCAST", channel="EMAIL", contacts=contacts)
    template = (await api.changed("createTemplate", "template { id }", **RECEIPT))["template"]["id"]
    given = {"contact": {"id": contact}, "template": template, "data": {"order": "7"}}
    await api.changed("sendTransactional", "delivery { id }", **given)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_proof_is_readable(api: Client, browse: Opener, scheme: str) -> None:
    """Accessible on a phone, by day and by night; on paper without the choice of languages."""
    person = await a_person(api)
    await written_to(api, person)
    path = "/" + (await proof(api, person))["url"].split("/", 3)[3]
    page = await browse(path, java_script_enabled=True, color_scheme=scheme, viewport=PHONE)
    await readable(page, f"proof-{scheme}")
    assert await page.get_by_text("Signed the form at the fair in Hanover.").is_visible()
    assert await page.get_by_role("heading", name="Messages", exact=True).is_visible()
    await page.emulate_media(media="print")
    assert not await page.get_by_role("navigation").is_visible()
    await readable(page, f"proof-print-{scheme}")
