"""The account that a first run starts with."""

import secrets
from pathlib import Path

from cli.environment import kept


def sample_key(data_dir: Path, given: str | None) -> str:
    """The sample account's key: the one given, or the one that the first run made."""
    return given or kept(data_dir / "sample-key", lambda: f"assent_{secrets.token_urlsafe(32)}")


async def ensure_sample(url: str, data_dir: Path, key: str) -> None:
    """Open the sample account where it is missing, and see that the key is one of its keys."""
    from domain.accounts.create import create_account
    from domain.accounts.keys import ALL_SCOPES, authenticate, create_key
    from domain.infra import db

    known = data_dir / "sample-key"
    await db.connect(url, pool_size=2)
    try:
        if await authenticate(key):
            return
        owner = await authenticate(known.read_text().strip()) if known.exists() else None
        if owner:
            await create_key(owner, "From ASSENT_API_KEY", ALL_SCOPES, key)
        else:
            await create_account("Sample", key)
    finally:
        await db.close()
