"""Change an account's settings."""

from collections.abc import Callable
from typing import Any, Final

from domain.accounts import rules
from domain.accounts.models import Account
from domain.accounts.queries import account
from domain.actor import Actor
from domain.errors import invalid
from domain.infra.db import tx
from domain.values import OptOutPolicy


async def update_account(actor: Actor, **changes: Any) -> Account:
    """Set what is named: name, opt_out_policy, contact_types, default_country, postal_address.

    None clears the last two. A contact keeps a type that is taken off the list. Raises DomainError.
    """
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}
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


_CHECKS: Final[dict[str, Callable[[Any], object]]] = {
    "name": _name,
    "opt_out_policy": _policy,
    "contact_types": _types,
    "default_country": rules.country,
    "postal_address": rules.postal_address,
}
