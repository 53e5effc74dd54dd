"""Change an account's settings."""

from collections.abc import Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from domain.accounts import logo, rules
from domain.accounts.colours import NIGHT, PAPER, colour
from domain.accounts.models import Account
from domain.accounts.queries import account
from domain.actor import Actor
from domain.errors import invalid
from domain.infra.db import tx
from domain.values import OptOutPolicy


async def update_account(actor: Actor, **changes: Any) -> Account:
    """Set what is named: name, opt_out_policy, contact_types, default_country, postal_address, logo (a data URL),
    colour, dark_colour, time_zone (IANA), language (ISO 639).

    None clears the five before these two, and makes the time zone UTC, the language English.
    A contact keeps a type that is taken off the list. Raises DomainError.
    """
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}
    if "logo" in checked:
        checked["logo"] = await _kept(actor, checked["logo"])
    if checked:
        async with tx():
            await Account.filter(id=actor.account_id).update(**checked)
    return await account(actor)


def _policy(policy: OptOutPolicy | None) -> OptOutPolicy:
    if policy is None:
        raise invalid("The policy cannot be cleared.", "optOutPolicy")
    return policy


def _name(name: str | None) -> str:
    return rules.account_name(name or "")


def _types(types: list[str] | None) -> list[str]:
    return rules.contact_types(types or [])


def _zone(name: str | None) -> str:
    if name is None:
        return "UTC"
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise invalid("Not a time zone's name, such as Europe/Berlin.", "timeZone") from None


def _logo(data: str | None) -> tuple[str, bytes] | None:
    return None if data is None else logo.parsed(data)


async def _kept(actor: Actor, image: Any) -> str | None:
    """The image's name, once it is stored: no page ever names one that is not there."""
    if image is None:
        return None
    name: str = image[0]
    await logo.keep(actor.account_id, name, image[1])
    return name


_CHECKS: Final[dict[str, Callable[[Any], object]]] = {
    "name": _name,
    "opt_out_policy": _policy,
    "contact_types": _types,
    "default_country": rules.country,
    "postal_address": rules.postal_address,
    "logo": _logo,
    "colour": lambda text: colour(text, PAPER, "colour"),
    "dark_colour": lambda text: colour(text, NIGHT, "darkColour"),
    "time_zone": _zone,
    "language": rules.language,
}
