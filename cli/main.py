"""`assent`: every way to start, inspect and feed the program."""

import sys

import typer

from cli import account, key, schema
from cli.api import api
from cli.dev import dev
from cli.doctor import doctor
from cli.migrate import migrate
from cli.seed import seed
from cli.worker import worker

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("dev")(dev)
app.command("api")(api)
app.command("worker")(worker)
app.command("migrate")(migrate)
app.command("seed")(seed)
app.command("doctor")(doctor)
app.add_typer(account.app, name="account")
app.add_typer(key.app, name="key")
app.add_typer(schema.app, name="schema")


def main() -> None:
    """Run the command line; a setting that cannot be used is one line, without its value."""
    try:
        app()
    except ValueError as error:
        from pydantic import ValidationError

        if not isinstance(error, ValidationError):
            raise
        for problem in error.errors():
            name = str(problem["loc"][0])
            print(f"assent: {name if name.isupper() else f'ASSENT_{name.upper()}'}: {problem['msg']}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
