"""`assent key`: an account's keys."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from cli.environment import complete, connected

if TYPE_CHECKING:
    from domain.accounts.models import ApiKey
    from domain.actor import Actor

app = typer.Typer(help="An account's keys.", no_args_is_help=True)
_Account = Annotated[UUID, typer.Option("--account", help="The account's id.")]


@app.callback()
def group() -> None:
    """An account's keys."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    account: _Account,
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write, bulk, admin or signup; may be repeated.")
    ] = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="An origin whose pages alone may use it; may be repeated.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="The key's text, instead of a generated one.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="So many days it lasts; for ever when left out.")] = None,
) -> None:
    """Make a key and print it, this once."""
    from domain.accounts.keys import create_key
    from domain.actor import Scope

    async def run() -> None:
        async with connected(given):
            made = await create_key(_operator(account), name, scopes, key, expires, origin or ())
            print(f"id  {made.id}\nkey {made.text}")

    given = complete("database_url")
    names = scope or ["read"]
    if unknown := set(names) - set(Scope):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: the scopes are {', '.join(Scope)}.")
    scopes = [Scope(name) for name in names]
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    asyncio.run(run())


@app.command("list")
def list_keys(account: _Account) -> None:
    """Show an account's keys, the revoked included; never their texts, of which only a hash is kept."""
    from domain.accounts.keys import keys

    async def run() -> None:
        async with connected(given):
            for key in await keys(_operator(account)):
                print(f"{key.id}  {','.join(key.scopes):<22}  {_state(key):<20}  {key.name}")

    given = complete("database_url")
    asyncio.run(run())


@app.command()
def rotate(
    key: Annotated[UUID, typer.Argument(help="The key's id, from `assent key list`.")],
    account: _Account,
    overlap: Annotated[
        int | None, typer.Option(min=0, help="Hours that the old text works on: 24 when left out, 0 after a leak.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="So many days the new one lasts; as long as the old one when left out.")
    ] = None,
) -> None:
    """Make a key in the place of another, with its name, scopes and origins, and print it, this once."""
    from domain.accounts.rotate_key import rotate_key

    async def run() -> None:
        async with connected(given):
            made = await rotate_key(_operator(account), key, overlap, expires)
            print(f"id  {made.id}\nkey {made.text}")

    given = complete("database_url")
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    asyncio.run(run())


@app.command()
def revoke(
    key: Annotated[UUID, typer.Argument(help="The key's id, from `assent key list`.")], account: _Account
) -> None:
    """Make a key useless from now on."""
    from domain.accounts.keys import revoke_key

    async def run() -> None:
        async with connected(given):
            await revoke_key(_operator(account), key)
            print(f"{key} is revoked.")

    given = complete("database_url")
    asyncio.run(run())


def _operator(account: UUID) -> "Actor":
    from domain.actor import Actor, Scope

    return Actor(account, "cli", frozenset({Scope.ADMIN}))


def _state(key: "ApiKey") -> str:
    now = datetime.now(UTC)
    if key.revoked_at:
        return "revoked"
    if key.expires_at:
        return "expired" if key.expires_at <= now else f"until {key.expires_at:%Y-%m-%d}"
    return "valid"
