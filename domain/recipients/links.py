"""The addresses of a recipient's pages, and the headers that every marketing mail must carry."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.infra.settings import settings
from domain.recipients.tokens import Purpose, issue
from domain.values import Channel

PATHS: Final = {Purpose.UNSUBSCRIBE: "u", Purpose.PREFERENCES: "p", Purpose.CONFIRM: "c", Purpose.SIGNUP: "s"}
"""The first part of each page's path: short, for lines of plain text."""


@dataclass(frozen=True, slots=True)
class RecipientLinks:
    """What a message carries. The headers are for email alone."""

    unsubscribe: str
    preferences: str
    list_unsubscribe: str | None
    """`List-Unsubscribe` (RFC 2369)."""
    list_unsubscribe_post: str | None
    """`List-Unsubscribe-Post` (RFC 8058)."""


def recipient_links(
    account_id: UUID, address_id: UUID, channel: Channel, topic_id: UUID | None = None
) -> RecipientLinks:
    """The links of one address. With a topic, the page also offers to leave that alone; one-click leaves all."""
    unsubscribe = link(Purpose.UNSUBSCRIBE, account_id, address_id, topic_id=topic_id)
    by_mail = channel is Channel.EMAIL
    return RecipientLinks(
        unsubscribe,
        link(Purpose.PREFERENCES, account_id, address_id),
        f"<{unsubscribe}>" if by_mail else None,
        "List-Unsubscribe=One-Click" if by_mail else None,
    )


def link(
    purpose: Purpose,
    account_id: UUID,
    subject_id: UUID,
    *,
    topic_id: UUID | None = None,
    at: datetime | None = None,
    language: str | None = None,
) -> str:
    """A page's address. `language`: that of the message it stands in, for who opens it to find the same one."""
    token = issue(purpose, account_id, subject_id, topic_id=topic_id, at=at)
    return f"{settings().base_url}/{PATHS[purpose]}/{token}" + (f"?lang={language}" if language else "")
