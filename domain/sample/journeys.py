"""Templates and a Welcome journey for the sample: one of its messages goes, another is missed."""

from datetime import UTC, datetime
from typing import Any, Final

from domain.accounts.queries import account
from domain.accounts.update import update_account
from domain.actor import Actor
from domain.infra.db import tx
from domain.messages.journeys.create import NewJourney, create_journey
from domain.messages.journeys.enter import enter
from domain.messages.journeys.missed import journeys
from domain.messages.journeys.rules import Trigger
from domain.messages.journeys.words import Templates
from domain.messages.templates import create_template, templates

KEY: Final = "welcome"
_WORDS: Final = Templates(
    "Welcome to {{ account_name }}",
    "Hello{% if first_name %} {{ first_name }}{% endif %},\n\nyou are on the list now. Choose what you hear of:\n"
    "{{ preferences }}\n\n"
    "Leave with one press: {{ unsubscribe }}",
    "<p>Hello{% if first_name %} {{ first_name }}{% endif %},</p><p>you are on the list now. "
    '<a href="{{ preferences }}">Choose what you hear of</a>, or <a href="{{ unsubscribe }}">leave</a>.</p>',
)
_NEWS: Final = Templates(
    "{{ account_name }}: what is new",
    "Hello{% if first_name %} {{ first_name }}{% endif %},\n\nthe spring list is out.\n\n"
    "Choose what you hear of: {{ preferences }}\nLeave with one press: {{ unsubscribe }}",
    "<p>Hello{% if first_name %} {{ first_name }}{% endif %},</p><p>the spring list is out.</p>"
    '<p><a href="{{ preferences }}">Choose what you hear of</a>, or <a href="{{ unsubscribe }}">leave</a>.</p>',
)
_RECEIPT: Final = Templates(
    "Your order {{ order }}",
    "Hello {{ name }},\n\nwe have your order {{ order }}.\n\n{{ account_name }}",
    "<p>Hello {{ name }},</p><p>we have your order {{ order }}.</p><p>{{ account_name }}</p>",
)
POSTAL_ADDRESS: Final = "Example Ltd, 1 Example Street, Example Town"
# One who may be sent it, and one whom no permission is known of: the mail goes, or is missed, once a worker looks.
_SOMEBODY: Final = """
(SELECT p.contact_id FROM contact_point p
   JOIN address a ON a.account_id = $1 AND a.id = p.address_id
  WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1 AND a.consent = 'NON_MARKETABLE'
  ORDER BY p.contact_id LIMIT 1)
 UNION ALL
(SELECT p.contact_id FROM contact_point p
   JOIN address a ON a.account_id = $1 AND a.id = p.address_id
   JOIN contact_state s ON s.account_id = $1 AND s.contact_id = p.contact_id
  WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1 AND a.consent = 'DOUBLE_OPT_IN'
    AND a.deliverability = 'OK' AND s.lifecycle = 'ACTIVE' AND s.topic_on
  ORDER BY p.contact_id LIMIT 1)
"""


async def write_journey(actor: Actor) -> None:
    """Set templates and the Welcome journey up, unless they are there, and have two people enter it."""
    if KEY in {journey.key for journey in await journeys(actor)}:
        return
    if (await account(actor)).postal_address is None:
        await update_account(actor, postal_address=POSTAL_ADDRESS)
    kept = {one.key: one.id for one in await templates(actor)}
    template_id = kept.get(KEY) or (await create_template(actor, KEY, "Welcome", _WORDS)).id
    if "news" not in kept:
        await create_template(actor, "news", "News", _NEWS)
    if "receipt" not in kept:
        await create_template(actor, "receipt", "Receipt", _RECEIPT, marketing=False, fields=["order"])
    journey = await create_journey(actor, NewJourney(KEY, "Welcome", template_id, Trigger.FIRST_OPT_IN))
    parameters: list[Any] = [actor.account_id]
    async with tx() as connection:
        # No bell: servers may be starting. The sweep finds the mail.
        await enter(connection, journey.id, "sample", datetime.now(UTC), _SOMEBODY, parameters)
