"""What a first run puts into the database: the schema, and the sample account."""

import os
import secrets
import sys
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

import domain
from cli.environment import kept, write_private

_RECIPIENT: Final = "sample-recipient"


def sample_key(data_dir: Path, given: str | None) -> str:
    """The sample account's key: the one given, or the one that the first run made."""
    return given or kept(data_dir / "sample-key", lambda: f"assent_{secrets.token_urlsafe(32)}")


def prepared(stamp: Path | None, key: str, contacts: int) -> bool:
    """Whether an earlier run prepared this very cluster, with these migrations, this key and so many contacts."""
    return stamp is not None and stamp.exists() and stamp.read_text() == _print(key, contacts)


def preference_page(data_dir: Path, secret: str) -> str | None:
    """The link to the preference page of somebody in the sample, as a message would carry it."""
    path = data_dir / _RECIPIENT
    if not path.exists():
        return None
    os.environ["ASSENT_SECRET"] = secret  # the one that the API was given
    from domain.infra.settings import settings
    from domain.recipients.links import link
    from domain.recipients.tokens import Purpose

    settings.cache_clear()
    account_id, address_id = map(UUID, path.read_text().split())
    return link(Purpose.PREFERENCES, account_id, address_id)


async def prepare(url: str, data_dir: Path, stamp: Path | None, key: str, contacts: int) -> None:
    """Migrate, open the sample account where it is missing, and see that the key is one of its keys."""
    from domain.infra import db
    from domain.infra.migrate import migrate

    for name in await migrate(url):
        print(f"assent: applied {name}", file=sys.stderr)
    await db.connect(url, pool_size=2)
    try:
        await _ensure_account(data_dir, key)
        await _fill(key, contacts)
        await _choose(data_dir, key)
    finally:
        await db.close()
    if stamp:
        stamp.write_text(_print(key, contacts))


async def _ensure_account(data_dir: Path, key: str) -> None:
    from domain.accounts.create import create_account
    from domain.accounts.keys import ALL_SCOPES, authenticate, create_key

    last = data_dir / "sample-key"
    owner = await authenticate(last.read_text().strip()) if last.exists() else None
    if await authenticate(key):
        pass
    elif owner:
        await create_key(owner, "From ASSENT_API_KEY", ALL_SCOPES, key)
    else:
        await create_account("Sample", key)
    write_private(last, key)


async def _fill(key: str, contacts: int) -> None:
    from domain.accounts.keys import authenticate
    from domain.sample.journeys import write_journey
    from domain.sample.write import write_sample

    owner = await authenticate(key)
    if owner and contacts:
        print(f"assent: writing {contacts:,} sample contacts", file=sys.stderr)
        await write_sample(owner, contacts)
        await write_journey(owner)


async def _choose(data_dir: Path, key: str) -> None:
    """Note whose preference page the console links to, so that later starts need not ask the database."""
    from domain.accounts.keys import authenticate
    from domain.sample.recipient import somebody

    owner = await authenticate(key)
    address_id = await somebody(owner) if owner else None
    if owner and address_id:
        write_private(data_dir / _RECIPIENT, f"{owner.account_id} {address_id}")


def _print(key: str, contacts: int) -> str:
    migrations = sorted(path.stem for path in Path(domain.__path__[0]).glob("migrations/[0-9]*.py"))
    return sha256(repr((migrations, key, contacts)).encode()).hexdigest()
