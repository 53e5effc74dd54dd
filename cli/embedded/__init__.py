"""Real PostgreSQL and Valkey servers from wheels, supervised by the process that starts them."""

from cli.embedded.postgres import Postgres, postgres
from cli.embedded.process import AlreadyRunningError, EmbeddedError
from cli.embedded.valkey import Valkey, valkey

__all__ = ["AlreadyRunningError", "EmbeddedError", "Postgres", "Valkey", "postgres", "valkey"]
