"""What a refusal says to the person who has to act on it."""

from typing import Final

from domain.errors import DomainError, ErrorCode

WORDS: Final[dict[ErrorCode, str]] = {
    ErrorCode.EVIDENCE_REQUIRED: "Say how permission was obtained: an opt-in needs evidence.",
    ErrorCode.NO_ADDRESS: "The contact has none of the chosen addresses.",
    ErrorCode.CONTACT_ARCHIVED: "The contact is archived; activate it first.",
    ErrorCode.OPTED_OUT: "The person opted out, and nothing newer in writing says otherwise.",
    ErrorCode.LOCKED: "The person opted out, and under the account's policy only they can opt in again.",
    ErrorCode.NOT_PERMITTED: "This evidence, or this way, cannot grant permission here.",
    ErrorCode.NOT_FOUND: "The contact no longer exists.",
}
_FIELDS: Final = {
    ErrorCode.EVIDENCE_REQUIRED: "evidence",
    ErrorCode.NOT_PERMITTED: "evidence",
    ErrorCode.NO_ADDRESS: "channels",
}


def refusal(code: ErrorCode) -> DomainError:
    """The refusal of a single change."""
    return DomainError(code, WORDS[code], _FIELDS.get(code, "contactId"))
