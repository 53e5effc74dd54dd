"""The cards above the list."""

import strawberry

from domain.contacts.summary import Summary
from domain.values import Channel, ConsentStatus


@strawberry.type(description="How many contacts' primary address of a channel has a permission.")
class ConsentCount:
    """One cell."""

    channel: Channel = strawberry.field(description="The channel.")
    consent: ConsentStatus = strawberry.field(description="The permission.")
    count: int = strawberry.field(description="How many contacts.")


@strawberry.type(description="The cards above the list. Contacts are counted, by the channel's primary address.")
class ContactSummary:
    """Counts."""

    total: int = strawberry.field(description="All contacts.")
    active: int = strawberry.field(description="Those that are not archived.")
    archived: int = strawberry.field(description="Those that are.")
    opted_in: int = strawberry.field(description="Single or double opted in, the archived included.")
    opted_out: int = strawberry.field(description="Everyone else, for whatever reason (also without an address).")
    subscribed: int = strawberry.field(description="Who would be sent marketing now, as `Contact.subscribed`.")
    undeliverable: int = strawberry.field(description="Those whose address is in ERROR.")
    by_consent: list[ConsentCount] = strawberry.field(description="Every channel and permission, noughts included.")

    @classmethod
    def of(cls, counted: Summary) -> "ContactSummary":
        """Counts as clients see them."""
        return cls(
            total=counted.total,
            active=counted.active,
            archived=counted.archived,
            opted_in=counted.opted_in,
            opted_out=counted.opted_out,
            subscribed=counted.subscribed,
            undeliverable=counted.undeliverable,
            by_consent=[
                ConsentCount(channel=cell.channel, consent=cell.consent, count=cell.count)
                for cell in counted.by_consent
            ],
        )
