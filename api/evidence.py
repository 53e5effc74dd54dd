"""Evidence as clients give it and read it."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from domain.consent import evidence
from domain.ledger.events import EvidenceRow
from domain.values import EvidenceMethod


@strawberry.input(description="How permission was obtained.")
class EvidenceInput:
    """A statement of permission."""

    method: EvidenceMethod = strawberry.field(description="The way.")
    statement: str = strawberry.field(description="In words, at least 10 characters: who said what, where.")
    obtained_at: datetime | None = strawberry.field(
        default=UNSET,
        description="When permission was given; the moment of the request when left out. Not in the future.",
    )
    url: str | None = strawberry.field(default=UNSET, description="Where the form or the proof can be seen.")

    def read(self) -> evidence.Evidence:
        """The domain's evidence; the verb checks it."""
        return evidence.Evidence(self.method, self.statement, self.obtained_at or None, self.url or None)


def read(asked: EvidenceInput | None) -> evidence.Evidence | None:
    """The domain's evidence, when some was given."""
    return asked.read() if asked else None


@strawberry.type(description="How permission was obtained, as it was recorded.")
class Evidence:
    """Recorded evidence."""

    method: EvidenceMethod = strawberry.field(description="The way.")
    statement: str = strawberry.field(description="In words.")
    obtained_at: datetime | None = strawberry.field(description="When permission was given, when that is known.")
    url: str | None = strawberry.field(description="Where the form or the proof can be seen.")
    ip: str | None = strawberry.field(description="The recipient's network address, where they acted themselves.")
    user_agent: str | None = strawberry.field(description="The recipient's browser, where they acted themselves.")

    @classmethod
    def of(cls, row: EvidenceRow) -> "Evidence":
        """A row as clients see it."""
        return cls(
            method=row.method,
            statement=row.statement,
            obtained_at=row.obtained_at,
            url=row.url,
            ip=row.ip,
            user_agent=row.user_agent,
        )
