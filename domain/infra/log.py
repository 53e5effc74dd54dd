"""One line of JSON a log entry, ours and the libraries' alike, with the request's id and nobody's personal data."""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from domain.infra import telemetry
from domain.infra.lazily import unseen

with unseen("rich"):  # its coloured consoles would cost every start a tenth of a second
    import structlog
from structlog.typing import EventDict, WrappedLogger

# A net below the rule that nobody logs personal data: libraries put values into their messages.
_PERSONAL = re.compile(
    r"[^\s\"'<>(=]+@[^\s\"'<>)]+"  # an email address
    r"|\+\d[\d ().-]{6,}\d|(?<![\w.-])\d{9,15}(?![\w.-])"  # a phone number
    r"|assent_[\w-]{16,}|eyJ[\w-]+\.[\w.-]+"  # a key, a signed token
)
_KEPT_AS_THEY_ARE = {"timestamp", "level", "logger", "request_id"}
# These name values at DEBUG or INFO.
_QUIET = {"tortoise": logging.WARNING, "uvicorn.access": logging.CRITICAL, "asyncio": logging.WARNING}


def configure(level: str = "INFO") -> None:
    """Send every log entry of the process to stderr as a line of JSON. To be called once, at its start."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception,
        _without_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _json],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "arq", "arq.worker"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))


@contextmanager
def bound(**values: str) -> Iterator[None]:
    """Add `request_id`, `operation` or the like to every entry written inside the block."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger: `logger(__name__).info("what happened", account=…, count=…)`, ids and numbers only."""
    return structlog.stdlib.get_logger(name)


def _exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep an exception's type and its frames, and leave out its message: the database's quote the row."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        telemetry.fault(error)
        frames = traceback.extract_tb(error.__traceback__)
        event["exception"] = f"{type(error).__module__}.{type(error).__qualname__}"
        event["frames"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        if error.__cause__:
            event["cause"] = type(error.__cause__).__qualname__
        if isinstance(code := getattr(error, "sqlstate", None), str):
            event["sqlstate"] = code
    return event


def _without_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str) and key not in _KEPT_AS_THEY_ARE and not key.startswith("_"):
            event[key] = _PERSONAL.sub("[left out]", value)
    return event


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()
