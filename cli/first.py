"""What `assent` runs first: for `dev`, the API's process begins to import while ours still does."""

import sys

from cli.supervisor import Command

api = Command("api")


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] in (["dev"], ["dev", "--with-parent"]):
        api.warm_up()
    from cli.main import main as assent

    assent()
