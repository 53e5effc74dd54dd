"""Prometheus metrics. Labels come from the schema, never from what clients send, so that their number is bounded."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from domain.bulk.stranded import unfinished
from domain.infra import queue
from domain.infra.db import pool
from domain.ledger.horizon import lag
from domain.webhooks.health import health

REGISTRY = CollectorRegistry()
_OPERATIONS = Counter(
    "assent_operations_total", "GraphQL operations, by their first root field.", ["kind", "operation", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
_SECONDS = Histogram(
    "assent_operation_seconds", "How long GraphQL operations took.", ["kind", "operation"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5), registry=REGISTRY,
)  # fmt: skip
SOCKETS = Gauge("assent_sockets", "WebSockets that are open.", registry=REGISTRY)
STREAMS = Gauge("assent_streams", "Subscriptions that are being served.", registry=REGISTRY)
_BULK = Gauge("assent_bulk_operations", "Bulk operations that have not ended, by state.", ["status"], registry=REGISTRY)
_QUEUE = Gauge("assent_queue_depth", "Jobs that wait or run; NaN while Redis is away.", registry=REGISTRY)
_LAG = Gauge(
    "assent_ledger_lag_seconds", "Seconds for which an open transaction has held the ledger's readers back.",
    registry=REGISTRY,
)  # fmt: skip
_WEBHOOKS = Gauge("assent_webhooks", "Webhooks, by state.", ["state"], registry=REGISTRY)
_FAILING = Gauge(
    "assent_webhook_failing_seconds", "Seconds for which the webhook that fails longest has failed.", registry=REGISTRY
)
_POOL_USED = Gauge("assent_pool_in_use", "Database connections in use by this process.", registry=REGISTRY)
_POOL_SIZE = Gauge("assent_pool_size", "Database connections this process holds.", registry=REGISTRY)


def operation_done(kind: str, operation: str, seconds: float, *, failed: bool) -> None:
    """Count an operation and the time it took."""
    _OPERATIONS.labels(kind, operation, "error" if failed else "ok").inc()
    _SECONDS.labels(kind, operation).observe(seconds)


async def metrics(_request: Request) -> Response:
    """`GET /metrics`."""
    held = pool()
    _POOL_SIZE.set(held.get_size())
    _POOL_USED.set(held.get_size() - held.get_idle_size())
    counts = await unfinished()
    for status in ("QUEUED", "RUNNING"):
        _BULK.labels(status).set(counts.get(status, 0))
    _QUEUE.set(await _depth())
    _LAG.set(await lag())
    endpoints = await health()
    for state in ("healthy", "failing", "disabled"):
        _WEBHOOKS.labels(state).set(getattr(endpoints, state))
    _FAILING.set(endpoints.longest)
    return Response(generate_latest(REGISTRY), headers={"content-type": CONTENT_TYPE_LATEST})


async def _depth() -> float:
    try:
        return await queue.depth()
    except Exception:  # noqa: BLE001 - metrics are read most when something is broken
        return float("nan")
