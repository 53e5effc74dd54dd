"""A template and a Welcome journey for the sample, and a message of it that is missed."""

from datetime import UTC, datetime
from typing import Any, Final

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
# One whom no permission is known of: their message is missed as soon as a worker looks.
_SOMEBODY: Final = """
SELECT p.contact_id FROM contact_point p
  JOIN address a ON a.account_id = $1 AND a.id = p.address_id
 WHERE p.account_id = $1 AND p.channel = 'EMAIL' AND p.slot = 1 AND a.consent = 'NON_MARKETABLE'
 ORDER BY p.contact_id LIMIT 1
"""


async def write_journey(actor: Actor) -> None:
    """Set the Welcome journey up, unless it is there, and have somebody enter it who may not be sent it."""
    if KEY in {journey.key for journey in await journeys(actor)}:
        return
    kept = {one.key: one.id for one in await templates(actor)}
    template_id = kept.get(KEY) or (await create_template(actor, KEY, "Welcome", _WORDS)).id
    journey = await create_journey(actor, NewJourney(KEY, "Welcome", template_id, Trigger.FIRST_OPT_IN))
    parameters: list[Any] = [actor.account_id]
    async with tx() as connection:
        # No bell: servers may be starting. The sweep finds the mail.
        await enter(connection, journey.id, "sample", datetime.now(UTC), _SOMEBODY, parameters)
