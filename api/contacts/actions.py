"""What may be done to a contact now: what an Actions menu needs."""

import strawberry

from api.enums import described
from domain.contacts.actions import ActionKind, AvailableAction
from domain.errors import ErrorCode

described(
    ActionKind,
    "What an Actions menu offers.",
    name="ContactActionKind",
    OPT_IN="`optInContact`.",
    OPT_OUT="`optOutContact`.",
    ARCHIVE="`archiveContact`.",
    ACTIVATE="`activateContact`.",
    MARK_ERROR="`changeDeliverability` to ERROR.",
    CLEAR_ERROR="`changeDeliverability` to OK.",
    EDIT="`updateContact`.",
    REQUEST_DOUBLE_OPT_IN="Asking the recipient to confirm their address.",
    ERASE="`eraseContact`.",
)


@strawberry.type(description="One entry of an Actions menu.")
class ContactAction:
    """Whether it would be granted, and what to ask the user first."""

    kind: ActionKind = strawberry.field(description="The action.")
    enabled: bool = strawberry.field(description="Whether it would be granted now.")
    effective: bool = strawberry.field(description="Whether it would change anything.")
    code: ErrorCode | None = strawberry.field(description="Why it is disabled.")
    message: str | None = strawberry.field(description="Why it is disabled, in words.")
    requires_confirmation: bool = strawberry.field(
        description="Whether to ask the user first: to opt in or out, yes; to archive or activate, no."
    )
    requires_evidence: bool = strawberry.field(description="Whether the user has to say how permission was obtained.")

    @classmethod
    def of(cls, action: AvailableAction) -> "ContactAction":
        """An action as clients see it."""
        return cls(
            kind=action.kind,
            enabled=action.enabled,
            effective=action.effective,
            code=action.code,
            message=action.message,
            requires_confirmation=action.requires_confirmation,
            requires_evidence=action.requires_evidence,
        )
