"""Text messages that recipients send: STOP, START, HELP."""

from typing import Any

import pytest

from tests.api.client import EVIDENCE, Client, account, consents
from tests.api.providers import AUTH_TOKEN, call, generic, hook, twilio

NUMBER = "+12025550100"
POINTS = [{"channel": channel, "value": NUMBER} for channel in ("SMS", "CALL")]


async def subscriber(api: Client) -> str:
    """A contact whose number may be texted and called."""
    contact = (await api.contact(points=POINTS))["id"]
    await api.changed("optInContact", contactId=contact, channels=["SMS", "CALL"], evidence=EVIDENCE)
    return str(contact)


async def standing(api: Client, contact: str) -> list[str]:
    """The permission of the contact's SMS and CALL."""
    text = "query($id: ID!) { node(id: $id) { ... on Contact { points { consent } } } }"
    return consents((await api.query(text, id=contact))["node"])


async def recorded(api: Client) -> list[dict[str, Any]]:
    """What keywords have done, in order."""
    data = await api.query("{ consentEvents { nodes { action source channel from to actor } } }")
    return [event for event in data["consentEvents"]["nodes"] if event["source"] == "SMS_KEYWORD"]


async def test_stop_withdraws_texts_and_calls(api: Client) -> None:
    """Under STRICT, from an archived contact; recorded as the recipient's act, answered without a word."""
    contact, made = await subscriber(api), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await api.changed("archiveContact", contactId=contact)
    await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    answer = await twilio(made["url"], NUMBER, "Opt out.")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    assert await standing(api, contact) == ["OPTED_OUT", "OPTED_OUT"]
    assert sorted((event["action"], event["channel"]) for event in await recorded(api)) == [
        ("OPT_OUT", "CALL"),
        ("OPT_OUT", "SMS"),
    ]


async def test_a_message_delivered_twice_counts_once(api: Client) -> None:
    """And another STOP is recorded again: it becomes the proof."""
    await subscriber(api)
    made = await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    for _ in range(3):
        assert (await twilio(made["url"], NUMBER, "STOP", MessageSid="SM1")).status_code == 200
    assert len(await recorded(api)) == 2
    await twilio(made["url"], NUMBER, "STOP", MessageSid="SM2")
    assert len(await recorded(api)) == 4


async def test_start_gives_back_what_stop_took(api: Client) -> None:
    """Each channel what it had before the first STOP, also under STRICT; again changes nothing."""
    contact, made = (await api.contact(points=POINTS))["id"], await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await api.changed("optInContact", contactId=contact, channels=["SMS"], evidence=EVIDENCE)
    await api.changed("updateAccount", "account { id }", optOutPolicy="STRICT")
    for text in ("STOP", "Stop!", "START", "YES"):
        await twilio(made["url"], NUMBER, text)
    assert await standing(api, contact) == ["SINGLE_OPT_IN", "NON_MARKETABLE"]
    assert [event["action"] for event in await recorded(api)] == ["OPT_OUT"] * 4 + ["RESTORE"] * 2


@pytest.mark.parametrize("by", ["OPERATOR", "RECIPIENT"])
async def test_start_lifts_what_the_recipient_withdrew_alone(api: Client, by: str) -> None:
    """What an operator withdrew stays, even with a STOP after it; what the recipient had relayed comes back."""
    contact, made = await subscriber(api), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await api.changed("optOutContact", contactId=contact, channels=["SMS", "CALL"], requestedBy=by)
    for text in ("STOP", "START"):
        await twilio(made["url"], NUMBER, text)
    assert await standing(api, contact) == [{"OPERATOR": "OPTED_OUT", "RECIPIENT": "SINGLE_OPT_IN"}[by]] * 2


async def test_start_grants_nothing_new(api: Client) -> None:
    """A number that never gave permission has none afterwards, known or not, and nothing is made for it."""
    contact, made = (await api.contact(points=POINTS))["id"], await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await twilio(made["url"], NUMBER, "START")
    await twilio(made["url"], "+12025550101", "START")
    assert await standing(api, contact) == ["NON_MARKETABLE"] * 2
    assert await recorded(api) == []


async def test_stop_of_a_number_that_nobody_holds(api: Client) -> None:
    """It comes back OPTED_OUT on every path; START takes just that back."""
    made = await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await twilio(made["url"], NUMBER, "STOP")
    contact = (await api.contact(points=POINTS))["id"]
    assert await standing(api, contact) == ["OPTED_OUT"] * 2
    await twilio(made["url"], NUMBER, "START")
    assert await standing(api, contact) == ["NON_MARKETABLE"] * 2


async def test_start_after_erasure_gives_nothing_back(api: Client) -> None:
    """Erasure is no withdrawal of the recipient's: the number stays OPTED_OUT until they confirm."""
    contact, made = await subscriber(api), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await twilio(made["url"], NUMBER, "STOP")
    await api.changed("eraseContact", "erasedId", contactId=contact)
    await twilio(made["url"], NUMBER, "START")
    assert await standing(api, (await api.contact(points=POINTS))["id"]) == ["OPTED_OUT"] * 2


async def test_help_names_the_account(db: None, redis: None) -> None:
    """In TwiML, and nothing is recorded."""
    api = await account("Fish & <Chips>")
    made = await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    answer = await twilio(made["url"], NUMBER, "help")
    assert "<Message>Fish &amp; &lt;Chips&gt;: reply STOP" in answer.text
    assert await recorded(api) == []


@pytest.mark.parametrize(
    ("language", "words"), [("de", "Antworten Sie STOP"), ("fr", "répondez STOP"), ("es", "responda STOP")]
)
async def test_help_in_the_accounts_language(api: Client, language: str, words: str) -> None:
    """By any gateway."""
    await api.changed("updateAccount", "account { id }", language=language)
    answer = await generic(await hook(api, "GENERIC_SMS"), NUMBER, "HELP")
    assert words in answer.json()["reply"]


async def test_what_twilio_itself_saw(api: Client) -> None:
    """Its own advanced opt-out names the keyword, also one of another language."""
    contact, made = await subscriber(api), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await twilio(made["url"], NUMBER, "arrêt", OptOutType="STOP")
    assert await standing(api, contact) == ["OPTED_OUT"] * 2


@pytest.mark.parametrize("sender", ["whatsapp:+12025550100", "12345", "ACME", "client:anna"])
async def test_a_sender_that_is_no_number(api: Client, sender: str) -> None:
    """Is nobody's address: the provider has nothing to mend, and nothing is changed."""
    made = await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    assert (await twilio(made["url"], sender, "STOP")).status_code == 200
    assert await recorded(api) == []


async def test_a_call_that_is_not_twilios(api: Client) -> None:
    """A wrong token, none, another body or another hook's address: 403, and nothing is changed."""
    contact, made = await subscriber(api), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    for answer in (
        await twilio(made["url"], NUMBER, "STOP", token="guessed"),
        await call(made["url"], b"From=%2B12025550100&Body=STOP&MessageSid=x"),
        await call(made["url"], b"\xff\xfe"),
        await call(made["url"], b"a=1&" * 600),
    ):
        assert answer.status_code == 403
        assert "Traceback" not in answer.text
    assert await standing(api, contact) == ["SINGLE_OPT_IN"] * 2


async def test_any_other_gateway(api: Client) -> None:
    """Signed by the key that the hook was made with, within five minutes."""
    contact, made = await subscriber(api), await hook(api, "GENERIC_SMS")
    assert (await generic(made, NUMBER, "STOP", age=600)).status_code == 403
    assert (await generic(made | {"signingSecret": "whsec_d3Jvbmcgd3Jvbmc="}, NUMBER, "STOP")).status_code == 403
    assert await standing(api, contact) == ["SINGLE_OPT_IN"] * 2
    answer = await generic(made, NUMBER, "STOP")
    assert (answer.status_code, answer.json()) == (200, {"keyword": "STOP", "reply": None})
    assert await standing(api, contact) == ["OPTED_OUT"] * 2
    assert "reply STOP" in (await generic(made, NUMBER, "HELP", key="m2")).json()["reply"]
    assert (await generic(made, NUMBER, "Hello", key="m3")).json() == {"keyword": None, "reply": None}
    assert len(await recorded(api)) == 2


async def test_another_accounts_number_is_untouched(api: Client, other: Client) -> None:
    """A STOP to one company is none to another."""
    theirs, made = await subscriber(other), await hook(api, "TWILIO_SMS", AUTH_TOKEN)
    await twilio(made["url"], NUMBER, "STOP")
    assert await standing(other, theirs) == ["SINGLE_OPT_IN"] * 2
