"""Traces (OpenTelemetry) and faults (Sentry), where the settings name a place to send them to; else nothing at all.

One span each for an operation, a transaction, a statement outside of one, a call of Redis and a job. A span holds names
from our code, never what clients send or what the database answers.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from time import time_ns
from typing import Any, Final

from domain.infra.settings import settings

Job = Callable[..., Coroutine[Any, Any, Any]]
TRACE: Final = "trace"
"""The argument with which a job is told whose trace it belongs to (W3C Trace Context)."""


@dataclass(slots=True)
class _On:
    """What was started."""

    tracer: Any = None
    provider: Any = None
    sentry: Any = None


_on: Final = _On()
_OFF: Final = nullcontext()


def start(service: str, exporter: Any = None) -> None:
    """Begin to send what the settings ask for. To be called once, at the start of a process.

    `exporter`: an OpenTelemetry exporter in the place of OTLP over HTTP. Raises ModuleNotFoundError without the extra
    `telemetry`.
    """
    given = settings()
    if given.otlp_endpoint or exporter is not None:
        _trace(service, exporter)
    if given.sentry_dsn is not None:
        _report(given.sentry_dsn.get_secret_value())


def stop() -> None:
    """Send what is left, and be off."""
    if _on.provider is not None:
        _on.provider.shutdown()
    if _on.sentry is not None:
        _on.sentry.flush(2)
    _on.tracer = _on.provider = _on.sentry = None


def span(name: str, parent: str | None = None, **attributes: str | int) -> AbstractContextManager[Any]:
    """A span around the block: of the current trace, or of the one that `parent` (a traceparent) names."""
    return _OFF if _on.tracer is None else _span(name, parent, attributes)


def traces() -> bool:
    """Whether anything is traced."""
    return _on.tracer is not None


def past(name: str, seconds: float, **attributes: str | int) -> None:
    """A span of the current trace for what took so many seconds and is over now."""
    if _on.tracer is not None:
        end = time_ns()
        _on.tracer.start_span(name, attributes=attributes, start_time=end - int(seconds * 1e9)).end(end)


def carried() -> str | None:
    """The current span as a traceparent, to be handed on to a job; None when nothing is traced."""
    if _on.tracer is None:
        return None
    carrier: dict[str, str] = {}
    _propagator().inject(carrier)
    return carrier.get("traceparent")


def traced(name: str, job: Job) -> Job:
    """The job inside a span of its own, that belongs to the trace of whoever rang for it."""

    @wraps(job)
    async def run(ctx: Any, *given: Any, trace: str | None = None) -> Any:
        with span(f"job {name}", trace):
            return await job(ctx, *given)

    return run


def fault(error: BaseException) -> None:
    """Report a fault of ours: its type and its frames, without its words or any value."""
    if _on.sentry is not None:
        _on.sentry.capture_exception(error)


@contextmanager
def _span(name: str, parent: str | None, attributes: Mapping[str, str | int]) -> Iterator[Any]:
    context = _propagator().extract({"traceparent": parent}) if parent else None
    # The library would write an exception's words into the span: they can quote a row.
    with _on.tracer.start_as_current_span(
        name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            raise


def _trace(service: str, exporter: Any) -> None:
    sdk, export = import_module("opentelemetry.sdk.trace"), import_module("opentelemetry.sdk.trace.export")
    resource = import_module("opentelemetry.sdk.resources").Resource({"service.name": service})
    provider = sdk.TracerProvider(resource=resource)
    if exporter is None:
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(settings().otlp_endpoint)))
    else:
        provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    _on.provider, _on.tracer = provider, provider.get_tracer("assent")


def _report(dsn: str) -> None:
    sentry = import_module("sentry_sdk")
    sentry.init(
        dsn,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        server_name="",
        before_send=_bare,
    )
    _on.sentry = sentry


def _bare(event: Any, _hint: Any) -> Any:
    """An event without the words of its exceptions."""
    for one in event.get("exception", {}).get("values", ()):
        one["value"] = ""
    return {name: event[name] for name in ("event_id", "timestamp", "level", "platform", "exception") if name in event}


def _propagator() -> Any:
    return import_module("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()
