"""`assent worker`: does what the API only writes down."""

from cli.environment import complete
from domain.infra import log


def worker() -> None:
    """Work through the queue until a signal."""
    given = complete()
    log.configure(given.log_level)

    from arq.worker import run_worker
    from workers.main import WorkerSettings

    run_worker(WorkerSettings)
