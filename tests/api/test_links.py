"""`ContactPoint.links`: what integrators put into the messages that they send themselves."""

import re
from typing import Any

from domain.infra.settings import settings
from tests.api.client import Client

OF = """
query($id: ID!, $topic: ID) {
  contact(by: { id: $id }) {
    points { links(topic: $topic) { unsubscribe preferences listUnsubscribe listUnsubscribePost } }
  }
}
"""


async def links(api: Client, contact: dict[str, Any], topic: str | None = None) -> list[dict[str, Any]]:
    """The links of a contact's points."""
    answer = await api.query(OF, id=contact["id"], topic=topic)
    return [point["links"] for point in answer["contact"]["points"]]


async def test_links_and_header_values(api: Client) -> None:
    """An email's point has both pages and both headers' values, as RFC 2369 and RFC 8058 write them; each time."""
    contact = await api.contact("anna@example.org")
    (found,) = await links(api, contact)
    base = re.escape(settings().base_url)
    assert re.fullmatch(base + r"/u/[\w-]{67}", found["unsubscribe"])
    assert re.fullmatch(base + r"/p/[\w-]{67}", found["preferences"])
    assert found["listUnsubscribe"] == f"<{found['unsubscribe']}>"
    assert found["listUnsubscribePost"] == "List-Unsubscribe=One-Click"
    assert await links(api, contact) == [found]
    assert "anna" not in str(found)


async def test_a_phones_links_have_no_headers(api: Client) -> None:
    """Headers are for email alone."""
    contact = await api.changed("createContact", points=[{"channel": "SMS", "value": "+4915223433333"}])
    (found,) = await links(api, contact["contact"])
    assert found["unsubscribe"]
    assert (found["listUnsubscribe"], found["listUnsubscribePost"]) == (None, None)


async def test_a_link_about_a_topic(api: Client, other: Client) -> None:
    """A topic makes another link; one that the account does not have is refused, and so is an id of another kind."""
    contact = await api.contact()
    topics = (await api.query("{ topics { id } }"))["topics"]
    (plain,), (about,) = await links(api, contact), await links(api, contact, topics[0]["id"])
    assert plain["unsubscribe"] != about["unsubscribe"]
    assert plain["preferences"] == about["preferences"]
    foreign = (await other.query("{ topics { id } }"))["topics"][0]["id"]
    for wrong in (foreign, contact["id"], "x"):
        error = await api.error(OF, id=contact["id"], topic=wrong)
        assert error["extensions"]["code"] == "NOT_FOUND"
