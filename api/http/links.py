"""Links that need no login: signed, each for one purpose, for a while."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

from domain.infra.settings import settings


class Purpose(StrEnum):
    """What a link is for: a link for one thing is no link for another. Also the path it leads to."""

    REPORT = "reports"
    UPLOAD = "uploads"
    FILE = "files"
    RESULT = "results"
    PROOF = "proof"
    PERSON = "people"


def signed(purpose: Purpose, account_id: UUID, key: UUID) -> str:
    """The address at which whoever holds it gets at this one thing."""
    return f"{settings().base_url}/{purpose}/{_signer(purpose).dumps(f'{account_id.hex}{key.hex}')}"


def opened(purpose: Purpose, token: str, good_for: timedelta) -> tuple[UUID, UUID] | None:
    """The account and the thing that a link is for; None when it is forged, cut, for something else, or too old."""
    try:
        text = _signer(purpose).loads(token, max_age=int(good_for.total_seconds()))
        return UUID(text[:32]), UUID(text[32:])
    except BadData:
        return None


def _signer(purpose: Purpose) -> URLSafeTimedSerializer:
    secret = settings().secret
    assert secret is not None, "ASSENT_SECRET is required; `assent dev` makes one"
    return URLSafeTimedSerializer(secret.get_secret_value(), salt=purpose)
