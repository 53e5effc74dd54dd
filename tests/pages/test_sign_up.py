"""Sign-up forms: the hosted page, and a plain form of somebody else's page."""

import re
from typing import Any

import pytest

from domain.infra import bucket
from domain.infra.db import pool
from tests.api.client import Client
from tests.mailing import Server, mailbox, text, work_through
from tests.pages.visiting import get, post, topic_id

__all__ = ["mailbox"]


@pytest.fixture(autouse=True)
def fresh_buckets() -> None:
    """Nothing is known of Redis from the test before."""
    bucket.forget()


async def page_of(api: Client) -> str:
    """The path of the account's hosted page."""
    return "/" + str((await api.query("{ signUpPage }"))["signUpPage"]).split("/", 3)[3]


async def form(api: Client, **given: Any) -> dict[str, Any]:
    """A form that the account has set up."""
    asked = {"name": "Foot of the page", "wording": "Yes, send me your news."} | given
    payload = await api.changed("createSignUpForm", "form { id page action topicValues wording }", **asked)
    made: dict[str, Any] = payload["form"]
    return made


async def kept() -> Any:
    """The one sign-up that waits."""
    return await pool().fetchrow("SELECT * FROM signup")


async def test_the_hosted_page(api: Client, mailbox: Server) -> None:
    """In the visitor's language, without a script; the words on it are the evidence, and the mail speaks it, too."""
    path = await page_of(api)
    page = await get(path, **{"accept-language": "de"})
    assert page.status_code == 200
    assert "<script" not in page.text
    newsletter = await topic_id(api)
    (wording,) = re.findall(r"<p>(Ja, ich möchte von .*)</p>", page.text)
    done = await post(path + "?lang=de", {"email": "anna@example.org", "topic": str(newsletter), "hosted": "yes"})
    assert (done.status_code, "Danke" in done.text) == (200, True)
    row = await kept()
    assert (row["wording"], row["language"], row["topics"], row["ip"] is not None) == (
        wording,
        "de",
        [newsletter],
        True,
    )
    await work_through(api.actor)
    (mail,) = mailbox.mails
    assert "Es geht um: Newsletter" in text(mail)
    assert mail["content-language"] == "de"


async def test_the_same_thanks_for_everybody(api: Client, mailbox: Server) -> None:
    """Known, new or a program: the page does not tell."""
    await api.opted_in("known@example.org")
    path = await page_of(api)
    pages = set()
    for given in (
        {"email": "known@example.org"},
        {"email": "new@example.org"},
        {"email": "x@y.example", "website": "x"},
    ):
        page = await post(path, given)
        pages.add(re.sub(r'nonce="[^"]*"', "", page.text))
    assert len(pages) == 1
    assert await pool().fetchval("SELECT count(*) FROM signup") == 2


async def test_what_is_wrong_is_said(api: Client) -> None:
    """At the top, tied to its field, with what was written still there."""
    page = await post(await page_of(api), {"email": "nobody", "first_name": 'Anna "<b>'})
    assert page.status_code == 422
    assert 'aria-describedby="email-wrong"' in page.text
    assert "Anna &#34;&lt;b&gt;" in page.text
    assert await kept() is None


async def test_a_form_of_another_page(api: Client) -> None:
    """Posted to without a script: the account's wording, where the form stands, and back to the site."""
    made = await form(api, returnUrl="https://www.example.com/thanks", channels=["EMAIL", "SMS"])
    action = "/" + made["action"].split("/", 3)[3]
    assert action.startswith("/forms/")
    sent = {"email": "anna@example.org", "phone": "+12025550123"}
    answer = await post(
        action, sent, headers={"referer": "https://www.example.com/news", "origin": "https://x.example"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "https://www.example.com/thanks")
    row = await kept()
    assert (row["wording"], row["form_url"]) == ("Yes, send me your news.", "https://www.example.com/news")
    assert (row["phone"], row["channels"]) == ("+12025550123", ["EMAIL", "SMS"])
    hosted = await post(action, sent | {"hosted": "yes"})
    assert (hosted.status_code, "https://www.example.com/thanks" in hosted.text) == (200, True)
    await api.changed("deleteSignUpForm", "deletedId", id=made["id"])
    assert (await post(action, sent)).status_code == 404
    assert (await api.query("{ signUpForms { id } }"))["signUpForms"] == []


async def test_topics_that_a_form_does_not_offer(api: Client) -> None:
    """Are not switched on by whoever adds them."""
    newsletter, marketing = await topic_id(api), await topic_id(api, "marketing")
    found = await api.query("{ topics { id key } }")
    (offered,) = [topic["id"] for topic in found["topics"] if topic["key"] == "newsletter"]
    made = await form(api, topics=[offered])
    assert made["topicValues"] == [str(newsletter)]
    path = "/" + made["page"].split("/", 3)[3]
    assert str(marketing) not in (await get(path)).text
    await post(path, {"email": "anna@example.org", "topic": [str(newsletter), str(marketing)]})
    assert (await kept())["topics"] == [newsletter]


async def test_forms_that_make_no_sense(api: Client) -> None:
    """Each refusal names its field."""
    for wrong, field in (
        ({"name": " "}, ["name"]),
        ({"wording": "Yes"}, ["wording"]),
        ({"returnUrl": "javascript:alert(1)"}, ["returnUrl"]),
        ({"pageUrl": "www.example.com"}, ["pageUrl"]),
        ({"channels": ["SMS"]}, ["channels"]),
    ):
        given = {"name": "F", "wording": "Yes, send me your news."} | wrong
        assert await api.refused("createSignUpForm", "form { id }", **given) == [("INVALID", field)]
    assert await api.refused("deleteSignUpForm", "deletedId", id="x") == [("NOT_FOUND", ["id"])]


async def test_too_many_from_one_place(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """429, with the moment to come again."""
    monkeypatch.setattr("domain.signups.limits.FROM_ONE_PLACE", 1)
    path = await page_of(api)
    for status in (200, 429):
        page = await post(path, {"email": "anna@example.org"})
        assert page.status_code == status
    assert int(page.headers["retry-after"]) >= 1


async def test_a_link_that_is_none(api: Client) -> None:
    """Cut off, or of an account that is not there."""
    path = await page_of(api)
    for bad in (path[:-4], "/forms/x", "/s/"):
        assert (await get(bad)).status_code == 404
