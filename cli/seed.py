"""`assent seed`: sample contacts for an account."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import complete, connected, fail

if TYPE_CHECKING:
    from domain.infra.settings import Settings


def seed(
    contacts: Annotated[int, typer.Argument(min=0, help="How many sample contacts the account shall have.")] = 10_000,
    key: Annotated[str | None, typer.Option(help="A key of the account; the sample account's when left out.")] = None,
) -> None:
    """Fill an account up to so many sample contacts, in every state. Again is harmless."""
    from domain.accounts.keys import authenticate
    from domain.sample.write import write_sample

    async def run() -> None:
        async with connected(given):
            actor = await authenticate(text)
            if actor is None:
                fail("no account has this key.")
            await write_sample(actor, contacts)
            print(f"account {actor.account_id} has its {contacts:,} sample contacts")

    given = complete("database_url")
    text = key or _sample_key(given)
    asyncio.run(run())


def _sample_key(given: "Settings") -> str:
    if given.api_key is not None:
        return given.api_key.get_secret_value()
    kept = given.data_dir / "sample-key"
    if not kept.exists():
        fail("name the account by one of its keys: --key.")
    return kept.read_text().strip()
