"""`assent worker`: does what the API only writes down."""

from cli.environment import complete


def worker() -> None:
    """Work through the queue until a signal."""
    from domain.infra import log

    given = complete()
    log.configure(given.log_level)

    from workers.main import run

    run()
