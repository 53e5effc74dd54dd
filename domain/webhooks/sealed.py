"""The secrets that sign deliveries: made here, kept encrypted, shown once.

Encrypted by AES-256-GCM under keys derived from `ASSENT_SECRET`, bound to their endpoint; what was encrypted under one
of `ASSENT_SECRETS_OLD` can still be read, and is encrypted anew at the next delivery.
"""

import hmac
import secrets
from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

from domain.infra.settings import settings

_PREFIX: Final = "whsec_"
_BYTES: Final = 32
_NONCE: Final = 12


class Unreadable(Exception):  # noqa: N818 - a state of a secret
    """It was encrypted under a secret that the settings no longer name."""


def new_secret() -> bytes:
    """A fresh secret: 256 bits (Standard Webhooks asks for 192 to 512)."""
    return secrets.token_bytes(_BYTES)


def shown(secret: bytes) -> str:
    """A secret as a receiver's library reads it: `whsec_` and base64."""
    return _PREFIX + b64encode(secret).decode()


def seal(secret: bytes, webhook_id: UUID) -> bytes:
    """Encrypt a secret for keeping."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - heavy, and seldom needed

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_keys()[0]).encrypt(nonce, secret, webhook_id.bytes)


def unseal(sealed: bytes, webhook_id: UUID) -> tuple[bytes, bool]:
    """A secret, and whether it is encrypted under the present key. Raises Unreadable."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    for turn, key in enumerate(_keys()):
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], webhook_id.bytes), turn == 0
        except InvalidTag:
            continue
    raise Unreadable


def _keys() -> Sequence[bytes]:
    given = settings()
    assert given.secret is not None, "ASSENT_SECRET is required; `assent dev` makes one"
    return _derived((given.secret.get_secret_value(), *given.old_secrets))


@lru_cache(maxsize=8)
def _derived(given: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(hmac.digest(secret.encode(), b"assent: a webhook's secret", "sha256") for secret in given)
