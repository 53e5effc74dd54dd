"""Evidence: how permission was obtained, in words, and what makes it count."""

from dataclasses import dataclass
from datetime import datetime

from domain.consent.rules import Proof, proof_of
from domain.errors import DomainError, ErrorCode, invalid
from domain.values import EvidenceMethod

MIN_STATEMENT, MAX_STATEMENT = 10, 4_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """A statement of permission. `obtained_at` is the moment permission was given, when it is known."""

    method: EvidenceMethod
    statement: str
    obtained_at: datetime | None = None
    url: str | None = None

    def check(self, now: datetime) -> None:
        """Raise DomainError unless the statement has words and its moment is past (rules.md, "Opt in")."""
        words = self.statement.strip()
        if len(words) < MIN_STATEMENT:
            message = f"Say in at least {MIN_STATEMENT} characters how permission was obtained."
            raise DomainError(ErrorCode.EVIDENCE_REQUIRED, message, "evidence", "statement")
        if len(words) > MAX_STATEMENT:
            message = f"The statement may have {MAX_STATEMENT} characters at most."
            raise DomainError(ErrorCode.TOO_LARGE, message, "evidence", "statement")
        if self.obtained_at is not None and self.obtained_at > now:
            raise invalid("Permission cannot have been obtained in the future.", "evidence", "obtainedAt")
        if self.url is not None and not self.url.startswith(("https://", "http://")):
            raise invalid("The URL must start with https:// or http://.", "evidence", "url")


def proof(evidence: Evidence | None) -> Proof:
    """How this evidence counts for the rules."""
    return proof_of(evidence.method if evidence else None)
