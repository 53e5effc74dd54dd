"""How mail leaves: by an SMTP server, or into a folder on this machine."""

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Protocol

from domain.infra.settings import settings
from domain.mail.folder import Folder
from domain.mail.results import Result
from domain.mail.smtp import Smtp, server_of


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail and its envelope. The addresses are bare, without a name."""

    sender: str
    recipient: str
    content: bytes
    """As RFC 5322 has it, lines ended by CRLF."""
    fresh_until: float = inf
    """Until when (`monotonic`) a server may begin to be told it; then it is Stale."""


class Transport(Protocol):
    """Hands mail over. As many at a time as it has places for; the others wait for one."""

    async def send(self, letter: Letter) -> Result:
        """Hand one over, and say what became of it. Raises nothing that a server or the network can cause."""

    async def close(self) -> None:
        """Take leave of the server."""


@lru_cache
def transport() -> Transport:
    """The process's: SMTP where `ASSENT_SMTP_URL` names a server, else the folder `mailbox` in the data directory."""
    given = settings()
    if given.smtp_url is None:
        return Folder(given.data_dir / "mailbox")
    return Smtp(server_of(given.smtp_url.get_secret_value()), given.smtp_connections, given.smtp_timeout)
