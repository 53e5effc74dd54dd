"""Amazon's certificates: fetched from Amazon's own host alone, followed nowhere, and kept."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from domain.inbound.call import Forged, Unverifiable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

_PATH: Final = re.compile(r"/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem")
_PATIENCE: Final = 5.0
_MOST_BYTES, _MOST_KEPT = 32 * 1024, 32
_kept: "dict[str, Certificate]" = {}


async def certificate(url: str, host: str) -> "RSAPublicKey":
    """The public key of the certificate at a URL of this host.

    Raises Forged for another host, path or kind of key, and one that has expired; Unverifiable when it cannot be had.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - heavy

    start = f"https://{host}"
    if not url.startswith(start) or not _PATH.fullmatch(url[len(start) :]):
        raise Forged
    if url not in _kept:
        keep(url, await _fetch(url))
    found = _kept[url]
    key = found.public_key()
    if not found.not_valid_before_utc <= datetime.now(UTC) <= found.not_valid_after_utc:
        del _kept[url]
        raise Forged
    if not isinstance(key, RSAPublicKey):
        raise Forged
    return key


def keep(url: str, pem: bytes) -> None:
    """Keep a certificate under its address, so that it need not be fetched. Raises Unverifiable when it is none."""
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415 - heavy

    try:
        loaded = load_pem_x509_certificate(pem)
    except ValueError:
        raise Unverifiable from None
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[url] = loaded


async def _fetch(url: str) -> bytes:
    import aiohttp  # noqa: PLC0415 - heavy

    try:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise Unverifiable
            return await answer.content.read(_MOST_BYTES)
    except (aiohttp.ClientError, OSError):
        raise Unverifiable from None
