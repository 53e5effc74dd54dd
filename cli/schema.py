"""`assent schema`: the API's schema as a file."""

import difflib
from pathlib import Path

import typer

from cli.environment import fail

app = typer.Typer(help="The GraphQL schema as a file.", no_args_is_help=True)
_FILE = Path("schema.graphql")


@app.callback()
def group() -> None:
    """The GraphQL schema as a file."""


@app.command()
def export(
    check: bool = typer.Option(False, "--check", help="Write nothing; fail when the file is not up to date."),
) -> None:
    """Write schema.graphql."""
    from api.schema import schema

    text = schema.as_str().rstrip() + "\n"
    if not check:
        _FILE.write_text(text)
        return
    old = _FILE.read_text() if _FILE.exists() else ""
    if old != text:
        lines = difflib.unified_diff(old.splitlines(), text.splitlines(), str(_FILE), "the code", lineterm="", n=1)
        typer.echo("\n".join(list(lines)[:40]))
        fail("schema.graphql is not up to date: run `make schema` and commit it.")
