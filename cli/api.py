"""`assent api`: serves the API."""

from cli.environment import complete

_GRACE_SECONDS = 10


def api() -> None:
    """Serve the API until a signal; requests under way get ten seconds."""
    from domain.infra import log

    given = complete()
    log.configure(given.log_level)

    import uvicorn

    uvicorn.run(
        "api.app:app",
        host=given.host,
        port=given.port,
        log_config=None,
        # A path can hold a recipient's token.
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws_max_size=1 << 20,
    )
