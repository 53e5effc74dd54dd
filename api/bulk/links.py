"""Links that need no login: signed, for one purpose, for a while."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from itsdangerous import BadData, URLSafeTimedSerializer

from domain.infra.settings import settings

GOOD_FOR: Final = timedelta(days=1)


def report_url(account_id: UUID, operation_id: UUID) -> str:
    """Where an operation's report can be had by whoever holds the link."""
    token = _signer().dumps(f"{account_id.hex}{operation_id.hex}")
    return f"{settings().base_url}/reports/{token}"


def report_of(token: str) -> tuple[UUID, UUID] | None:
    """The account and the operation that a link is for; None when it is forged or a day old."""
    try:
        text = _signer().loads(token, max_age=int(GOOD_FOR.total_seconds()))
        return UUID(text[:32]), UUID(text[32:])
    except BadData:
        return None


def _signer() -> URLSafeTimedSerializer:
    secret = settings().secret
    assert secret is not None, "ASSENT_SECRET is required; `assent dev` makes one"
    return URLSafeTimedSerializer(secret.get_secret_value(), salt="report")
