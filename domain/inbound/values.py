"""The words of what comes in, as the API and the database spell them."""

from dataclasses import dataclass
from enum import StrEnum

from domain.values import Channel


class HookKind(StrEnum):
    """Whose calls a hook takes."""

    TWILIO_SMS = "TWILIO_SMS"
    GENERIC_SMS = "GENERIC_SMS"
    AMAZON_SES = "AMAZON_SES"
    SENDGRID = "SENDGRID"
    POSTMARK = "POSTMARK"
    MAILGUN = "MAILGUN"
    DSN = "DSN"


class DeliveryFailure(StrEnum):
    """What a provider says went wrong."""

    HARD_BOUNCE = "HARD_BOUNCE"
    COMPLAINT = "COMPLAINT"


class Happening(StrEnum):
    """What a call says has happened, whoever's call it is."""

    HARD_BOUNCE = "HARD_BOUNCE"
    SOFT_BOUNCE = "SOFT_BOUNCE"
    COMPLAINT = "COMPLAINT"
    UNSUBSCRIBED = "UNSUBSCRIBED"
    """The recipient left by a link of the provider's own."""
    LOST = "LOST"
    """This message did not arrive, which says nothing of the address."""
    SENT = "SENT"
    """The provider has it."""
    STOP = "STOP"
    START = "START"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that a call says, of one address as the provider writes it. `key`: the provider's own id of it."""

    happening: Happening
    channel: Channel
    address: str
    key: str
    detail: str | None = None
    message_id: str | None = None
    """The Message-ID of what it is about, where the call names it."""
