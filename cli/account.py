"""`assent account`: accounts, opened by the operator."""

import asyncio
from typing import Annotated

import typer

from cli.environment import complete, connected

app = typer.Typer(help="Accounts.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Accounts."""


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="The company's name.")],
    key: Annotated[str | None, typer.Option(help="The first key's text, instead of a generated one.")] = None,
    country: Annotated[str | None, typer.Option(help="For phone numbers without a country code: DE, FR, …")] = None,
) -> None:
    """Open an account and print its first key, which holds all scopes and is shown this once."""
    from domain.accounts.create import create_account

    async def run() -> None:
        async with connected(given):
            account, first = await create_account(name, key, country)
            print(f"account {account.id}\nkey     {first.text}")

    given = complete("database_url")
    asyncio.run(run())
