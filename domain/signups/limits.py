"""How often a form may be sent: by one network address, and for one person. Without Redis: as often as it comes."""

from math import ceil
from typing import Final
from uuid import UUID

from domain.errors import DomainError, ErrorCode
from domain.infra.bucket import pour

FROM_ONE_PLACE: Final = 60
"""Sign-ups at once from one network address with one key or form; one a second comes back."""
FOR_ONE_ADDRESS: Final = 5
"""Sign-ups at once for one address; five an hour come back."""
_HOUR: Final = 3600.0


class TooManySignUps(DomainError):  # noqa: N818 - a refusal, named for what is wrong
    """Too much came from one place. `wait`: in so many seconds the next may come."""

    def __init__(self, wait: int) -> None:
        super().__init__(ErrorCode.CONFLICT, f"Too many sign-ups came from there. Try again in {wait} s.")
        self.wait = wait


async def check_place(account_id: UUID, actor: str, ip: str | None) -> None:
    """Count a sign-up from a place. Raises TooManySignUps."""
    level = await pour(f"signup:{account_id}:{actor}:{ip}", 1, FROM_ONE_PLACE, 1.0)
    if level is not None and not level.fits:
        raise TooManySignUps(max(1, ceil(level.level + 1 - FROM_ONE_PLACE)))


async def is_spent(account_id: UUID, address: bytes) -> bool:
    """Count a sign-up for an address, by its hash; whether it is one too many."""
    level = await pour(f"signup:{account_id}:{address.hex()}", 1, FOR_ONE_ADDRESS, FOR_ONE_ADDRESS / _HOUR)
    return level is not None and not level.fits
