"""Templates of text messages, from outside."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.mailing import send_mail
from tests.texting import Carrier, carrier

__all__ = ["carrier"]

ORDER: dict[str, Any] = {
    "key": "order",
    "name": "Order",
    "channel": "SMS",
    "marketing": False,
    "optOutWords": True,
    "message": {"text": "{{ account_name }}: thank you, {{ first_name }}."},
}


async def test_an_order_by_text(api: Client, carrier: Carrier) -> None:
    """Kept, sent, and read again."""
    template = (await api.changed("createTemplate", "template { id channel optOutWords subject html }", **ORDER))[
        "template"
    ]
    assert (template["channel"], template["optOutWords"], template["subject"], template["html"]) == (
        "SMS",
        True,
        "",
        "",
    )
    ada = await api.contact(points=[{"channel": "SMS", "value": "+12025550100"}], firstName="Ada")
    given = {"contact": {"id": ada["id"]}, "template": template["id"]}
    await api.changed("sendTransactional", "delivery { id }", **given)
    await send_mail(api.actor.account_id)
    assert carrier.texts == [("+12025550100", "Example Ltd: thank you, Ada.\nReply STOP to opt out.")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"channel": "CALL", "optOutWords": False}, [("INVALID", ["channel"])]),
        ({"channel": "EMAIL"}, [("INVALID", ["optOutWords"])]),
        (
            {"message": {"text": "x", "subject": "x", "html": "x"}},
            [("INVALID", ["message", "subject"]), ("INVALID", ["message", "html"])],
        ),
        ({"message": {"text": " "}}, [("INVALID", ["message", "text"])]),
        ({"message": {"text": "{{ unsubscribe }}"}}, [("INVALID", ["message", "text"])]),
        ({"marketing": True, "optOutWords": False}, [("INVALID", ["message", "text"])]),
        ({"message": {"text": "x" * 1601}}, [("TOO_LARGE", ["message", "text"])]),
    ],
)
async def test_templates_that_are_refused(api: Client, change: dict[str, Any], expected: object) -> None:
    """Another channel, parts of a mail, no words, no way to leave, too much."""
    assert await api.refused("createTemplate", **ORDER | change) == expected


async def test_marketing_with_the_link(api: Client) -> None:
    """The link is a way to leave as well; a mail still needs its three parts."""
    link = {"marketing": True, "optOutWords": False, "message": {"text": "News! {{ unsubscribe }}"}}
    made = (await api.changed("createTemplate", "template { id }", **ORDER | link))["template"]["id"]
    assert await api.refused("updateTemplate", id=made, message={"text": "News!"}) == [("INVALID", ["message", "text"])]
    mail = {"channel": "EMAIL", "optOutWords": False, "message": {"text": "x"}}
    assert await api.refused("createTemplate", **ORDER | mail | {"key": "mail"}) == [
        ("INVALID", ["message", "subject"]),
        ("INVALID", ["message", "html"]),
    ]


async def test_the_accounts_language(api: Client) -> None:
    """One that there are words in, or English."""
    changed = await api.changed("updateAccount", "account { language }", language="FR")
    assert changed["account"] == {"language": "fr"}
    assert await api.refused("updateAccount", "account { id }", language="xx") == [("INVALID", ["language"])]
    assert (await api.changed("updateAccount", "account { language }", language=None))["account"] == {"language": "en"}
