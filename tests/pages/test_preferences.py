"""The preference centre: what one chooses holds at once, and nobody chooses in one's place."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.infra.db import pool
from domain.recipients.tokens import Purpose, issue
from tests.api.client import Client
from tests.domain.consent.population import assert_counts_exact
from tests.pages.visiting import Recipient, get, hidden, post, recipient, topic_id

OUT, SINGLE, NONE = "OPTED_OUT", "SINGLE_OPT_IN", "NON_MARKETABLE"
PHONE = "+4915223433333"


async def centre(of: Recipient) -> tuple[str, dict[str, Any]]:
    """The page's path, and its form as the browser would send it unchanged."""
    path = of.path(Purpose.PREFERENCES)
    page = (await get(path)).text
    form: dict[str, Any] = {"action": "save", "form": hidden(page)}
    for name in ("channel", "topic"):
        form[f"{name}-was"] = hidden(page, f"{name}-was")
        form[name] = list(form[f"{name}-was"])
    return path, form


async def points(of: Recipient) -> list[str]:
    """The permission of each of the contact's points: emails, then the phone."""
    found = await of.api.query(
        "query($id: ID!) { contact(by: { id: $id }) { points { channel slot consent } } }", id=of.contact_id
    )
    return [point["consent"] for point in found["contact"]["points"]]


async def three(api: Client) -> Recipient:
    """Anna with two emails, opted in, and a telephone that nobody has asked about."""
    given = [
        {"channel": "EMAIL", "slot": 1, "value": "anna@example.org"},
        {"channel": "EMAIL", "slot": 2, "value": "second@example.org"},
        {"channel": "SMS", "slot": 1, "value": PHONE},
    ]
    contact = (await api.changed("createContact", points=given))["contact"]
    evidence = {"method": "PAPER_FORM", "statement": "Signed the form at the fair."}
    await api.changed("optInContact", contactId=contact["id"], slots=[1, 2], evidence=evidence)
    address = await pool().fetchval("SELECT id FROM address WHERE value = 'anna@example.org'")
    return Recipient(api, contact["id"], address, "anna@example.org")


async def test_the_page_masks_what_it_shows(api: Client) -> None:
    """Whoever gets hold of a link learns no address and no number from it."""
    page = (await get((await three(api)).path(Purpose.PREFERENCES))).text
    assert "a•••@e•••.org, s•••@e•••.org" in page
    assert "•••33" in page
    for secret in ("anna@", "second@", PHONE, "5223"):
        assert secret not in page


async def test_saving_without_a_change_changes_nothing(api: Client) -> None:
    """A form that is sent back as it came leaves no entry."""
    anna = await three(api)
    path, form = await centre(anna)
    before = await pool().fetchval("SELECT count(*) FROM ledger")
    assert "Saved" in (await post(path, form)).text
    assert await pool().fetchval("SELECT count(*) FROM ledger") == before


async def test_topics_and_channels(api: Client) -> None:
    """Email off for every address, text messages on, one topic off: at once, recorded, counted."""
    anna = await three(api)
    path, form = await centre(anna)
    newsletter = str(await topic_id(api))
    form |= {"channel": ["SMS"], "topic": [topic for topic in form["topic"] if topic != newsletter]}
    page = await post(path, form)
    assert "Saved. It holds from now on." in page.text
    assert await points(anna) == [OUT, OUT, SINGLE]
    assert {key for key, on in (await anna.topics()).items() if not on} == {"newsletter"}
    entries = await pool().fetch("SELECT action, source, actor FROM ledger WHERE source = 'PREFERENCE_CENTRE'")
    assert sorted(row["action"] for row in entries) == ["OPT_IN", "OPT_OUT", "OPT_OUT", "TOPIC_OFF"]
    assert {row["actor"] for row in entries} == {"link:preferences"}
    await assert_counts_exact(pool(), api.actor)


async def test_coming_back_takes_a_confirmation(api: Client) -> None:
    """OPTED_OUT stays until the recipient confirms, and the page says so (rules.md, preference centre)."""
    anna = await recipient(api)
    await api.changed("optOutContact", contactId=anna.contact_id)
    path, form = await centre(anna)
    assert form["channel"] == []
    page = await post(path, form | {"channel": ["EMAIL"]})
    assert "waits for your confirmation" in page.text
    assert "We have sent you an email" in page.text
    assert await anna.consent() == OUT
    asked = await pool().fetch("SELECT action, source FROM ledger ORDER BY position DESC LIMIT 1")
    assert [tuple(row) for row in asked] == [("CONFIRMATION_REQUESTED", "PREFERENCE_CENTRE")]
    assert await pool().fetchval("SELECT count(*) FROM mail") == 1
    assert "We have sent you an email" not in (await post(path, form | {"channel": ["EMAIL"]})).text


async def test_a_first_yes_counts(api: Client) -> None:
    """NON_MARKETABLE becomes SINGLE_OPT_IN by the recipient's own choice, with evidence."""
    anna = await recipient(api, opted_in=False)
    path, form = await centre(anna)
    await post(path, form | {"channel": ["EMAIL"]})
    assert (await anna.entries())[-1] == ("OPT_IN", "PREFERENCE_CENTRE", NONE, SINGLE)
    assert await pool().fetchval("SELECT count(*) FROM evidence WHERE statement IS NOT NULL") == 1


async def test_unsubscribe_from_everything(api: Client) -> None:
    """One button for every channel and address, whatever is ticked; the topics stay as they are."""
    anna = await three(api)
    path, form = await centre(anna)
    await post(path, form | {"action": "nothing"})
    assert await points(anna) == [OUT, OUT, OUT]
    assert all((await anna.topics()).values())
    await assert_counts_exact(pool(), api.actor)


async def test_a_page_left_open_undoes_nothing(api: Client) -> None:
    """What came since the page was shown and was not touched on it stays: a one-click above all."""
    anna = await recipient(api)
    path, form = await centre(anna)
    await post(anna.path(), {"List-Unsubscribe": "One-Click"})
    await post(path, form)
    assert await anna.consent() == OUT


@pytest.mark.parametrize("forged", ["", "x", "other", "old"])
async def test_only_the_pages_own_form_saves(api: Client, forged: str) -> None:
    """Without the page's token, with another recipient's or one that is too old, nothing is saved."""
    anna, bert = await recipient(api), await recipient(api, "bert@example.org")
    path, form = await centre(anna)
    long_ago = datetime.now(UTC) - timedelta(days=2)
    token = {
        "other": issue(Purpose.FORM, api.actor.account_id, bert.address_id),
        "old": issue(Purpose.FORM, api.actor.account_id, anna.address_id, at=long_ago),
    }.get(forged, forged)
    page = await post(path, form | {"form": token, "action": "nothing"})
    assert page.status_code == 409
    assert "nothing was saved" in page.text
    assert await anna.consent() == SINGLE


async def test_hostile_fields_change_nothing(api: Client, other: Client) -> None:
    """Channels and topics that are none, or another account's, are passed over."""
    anna = await recipient(api)
    path, form = await centre(anna)
    before = await pool().fetchval("SELECT count(*) FROM ledger")
    foreign = str(await topic_id(other))
    hostile = {"topic": [*form["topic"], foreign, "x", "\x00"], "channel": [*form["channel"], "FAX", "POST"]}
    assert (await post(path, form | hostile)).status_code == 200
    assert await pool().fetchval("SELECT count(*) FROM ledger") == before
    assert await pool().fetchval("SELECT count(*) FROM topic_switch WHERE topic_id::text = $1", foreign) == 0


async def test_a_shared_number_shows_itself_alone(api: Client) -> None:
    """Two who share a telephone: the link switches its permission, and shows nobody's topics or emails."""
    point = {"channel": "SMS", "value": PHONE}
    first = (await api.changed("createContact", points=[point]))["contact"]
    await api.changed("createContact", points=[point, {"channel": "EMAIL", "value": "bert@example.org"}])
    address = await pool().fetchval("SELECT id FROM address WHERE channel = 'SMS'")
    family = Recipient(api, first["id"], address, PHONE)
    path, form = await centre(family)
    page = (await get(path)).text
    assert "topic" not in page.split("</style>")[1]
    assert "Email" not in page
    await post(path, form | {"channel": ["SMS"]})
    assert await family.consent() == SINGLE
    await assert_counts_exact(pool(), api.actor)


async def test_an_erased_persons_page_is_empty(api: Client) -> None:
    """The link still works, shows an opt-out and nothing else, and cannot be opted in by."""
    anna = await recipient(api)
    path, form = await centre(anna)
    await api.changed("eraseContact", "erasedId", contactId=anna.contact_id)
    assert "You opted out." in (await get(path)).text
    await post(path, form | {"channel-was": [], "channel": ["EMAIL"]})
    assert await anna.consent() == OUT
