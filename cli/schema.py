"""`assent schema`: the API's schema as a file."""

import difflib
from pathlib import Path

import typer

from cli.environment import fail

app = typer.Typer(help="The GraphQL schema as a file.", no_args_is_help=True)
_FILE = Path("schema.graphql")
_RELEASED = Path("schema.released.graphql")


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


@app.command()
def compare(
    release: bool = typer.Option(False, "--release", help="Take schema.graphql as released from now on."),
) -> None:
    """Fail when schema.graphql breaks the released schema in a way that CHANGELOG.md does not name."""
    from cli.breaking import unsaid

    if release:
        _RELEASED.write_text(_FILE.read_text())
        return
    found = unsaid(_RELEASED.read_text(), _FILE.read_text(), Path("CHANGELOG.md").read_text())
    if found:
        typer.echo("\n".join(found))
        fail("Name these in CHANGELOG.md under Unreleased, Breaking, or mend them.")
