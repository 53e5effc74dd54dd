"""Who asks, in which account, with which scopes."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What a credential may do."""

    READ = "read"
    WRITE = "write"
    BULK = "bulk"
    ADMIN = "admin"
    SIGNUP = "signup"
    """For a key that stands in a web page: it can take sign-ups in, and nothing else."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A credential at work. Every query and verb takes one and stays inside its account.

    `name` is what the ledger keeps: `key:<id>`, `user:<subject>` or `link:<purpose>`.
    """

    account_id: UUID
    name: str
    scopes: frozenset[Scope]
    origins: frozenset[str] = frozenset()
    """Where the pages are served that may use it; empty: it is not bound to any."""

    def may(self, scope: Scope) -> bool:
        """Whether the credential holds the scope; `admin` holds them all."""
        return scope in self.scopes or Scope.ADMIN in self.scopes
