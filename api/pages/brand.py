"""Whose page it is: what an account has recipients see of itself."""

from dataclasses import dataclass
from typing import Self

from api.pages.logos import logo_path
from domain.accounts.colours import readable
from domain.accounts.models import Account

_COLOUR = "#0b5cad"


@dataclass(frozen=True, slots=True)
class Brand:
    """A name, a logo and colours. An empty name: nobody's page, for links that say nothing about anyone."""

    name: str = ""
    logo: str | None = None
    """The path of its image."""
    colour: str = _COLOUR
    dark_colour: str = readable(_COLOUR)
    """For dark mode."""
    postal_address: str | None = None

    @classmethod
    def of(cls, account: Account) -> Self:
        """An account's."""
        colour = account.colour or _COLOUR
        return cls(
            account.name,
            account.logo and logo_path(account.id, account.logo),
            colour,
            account.dark_colour or readable(colour),
            account.postal_address,
        )
