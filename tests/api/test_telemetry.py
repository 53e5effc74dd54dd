"""Traces and reports of faults: joined from a request to its job, without anybody's data, and off by default."""

from collections.abc import Iterator
from typing import Any, cast

import orjson
import pytest
import structlog
from arq.typing import WorkerCoroutine
from arq.worker import func
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from domain.infra import log, queue, telemetry
from domain.infra.db import pool
from domain.infra.settings import Settings
from tests.api.client import EVIDENCE, Client
from workers.main import Worker

SECRETS = ("jane.roe@example.org", "Roe", "Signed the form", "assent_")


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What is traced while the test runs."""
    exporter = InMemorySpanExporter()
    telemetry.start("test", exporter)
    yield exporter
    telemetry.stop()


def named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    """The spans by their names, the last of each."""
    return {span.name: span for span in spans.get_finished_spans()}


async def test_a_job_belongs_to_the_request_that_rang(api: Client, spans: InMemorySpanExporter) -> None:
    """Operation, transaction, the ring in Redis and the job in a worker are one trace."""
    await api.opted_in("jane.roe@example.org")
    spans.clear()
    asked = {"selection": {"everyone": True}, "status": "OPTED_IN", "evidence": EVIDENCE}
    await api.changed("bulkChangeStatus", "bulkOperation { id }", **asked)
    await queue.drain()
    ran: list[str] = []

    async def job(_ctx: Any, account: str, _operation: str) -> None:
        ran.append(account)

    worker = Worker(
        [func(cast("WorkerCoroutine", job), name=queue.BULK)],
        redis_pool=queue.jobs(),
        queue_name=queue.NAME,
        burst=True,
        handle_signals=False,
        job_serializer=orjson.dumps,
        job_deserializer=orjson.loads,
    )
    await worker.main()
    assert ran == [str(api.actor.account_id)]
    found = named(spans)
    traces = {name: span.context.trace_id for name, span in found.items() if span.context}
    together = {"mutation bulkChangeStatus", "transaction", "ring bulk", "job bulk"}
    assert len({traces[name] for name in together}) == 1


async def test_spans_hold_nobodys_data(api: Client, spans: InMemorySpanExporter) -> None:
    """Neither in names nor in attributes nor in what is recorded of an error."""
    contact = await api.opted_in("jane.roe@example.org", lastName="Roe")
    await api.query("query($id: ID!) { node(id: $id) { id } }", id=contact["id"])
    await api.answer('{ contacts(search: "jane.roe@example.org", after: "bad") { totalCount } }')
    with pytest.raises(ValueError, match="jane"), telemetry.span("faulty"):
        raise ValueError("jane.roe@example.org")
    text = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "mutation createContact" in text
    assert "ValueError" in text
    assert [secret for secret in (*SECRETS, api.key, contact["id"]) if secret in text] == []


async def test_a_statement_outside_of_a_transaction(api: Client, spans: InMemorySpanExporter) -> None:
    """Each leaves one span, in its operation's trace, that names what it does and the table; inside, the whole does."""
    await pool().expire_connections()
    spans.clear()
    await api.query("{ topics { key } }")
    await api.opted_in("jane.roe@example.org")
    found = spans.get_finished_spans()
    operation = next(span for span in found if span.name == "query topics")
    inside = [span for span in found if span.parent and span.parent.span_id == operation.context.span_id]
    assert "SELECT topic" in {span.name for span in inside}, " ".join(span.name for span in found)
    assert all((span.attributes or {})["db.system"] == "postgresql" for span in inside)
    assert not [span.name for span in found if span.name.startswith(("INSERT", "BEGIN", "COMMIT"))]
    assert "jane" not in "".join(span.to_json() for span in found)


async def test_off_by_default(api: Client) -> None:
    """Nothing is started, carried or imported on account of it."""
    telemetry.start("test")
    assert telemetry.carried() is None
    assert telemetry.span("nothing") is telemetry.span("nothing")
    await api.query("{ __typename }")


async def test_faults_are_reported_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentry hears of the type and the frames; not of the message, the variables or the machine."""
    import sentry_sdk

    sent: list[Any] = []
    given = Settings(sentry_dsn="https://key@example.org/1")
    monkeypatch.setattr(telemetry, "settings", lambda: given)
    monkeypatch.setattr(sentry_sdk.transport.HttpTransport, "capture_envelope", lambda _self, one: sent.append(one))
    telemetry.start("test")
    try:
        secret = "jane.roe@example.org"
        raise ValueError(secret)
    except ValueError as error:
        log._exception(structlog.get_logger(), "error", {"exc_info": error})
    finally:
        telemetry.stop()
        sentry_sdk.init()
    text = str([item.payload.json for envelope in sent for item in envelope.items])
    assert "ValueError" in text
    assert "test_telemetry" in text
    assert "jane" not in text
