"""/healthz, /readyz, /metrics."""

import pytest

from domain.infra import queue, redis
from tests.api.client import Client, connected
from tests.api.live import Server


async def test_alive_whatever_happens(api: Client) -> None:
    """/healthz says no more than that the process answers."""
    async with connected() as http:
        response = await http.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_ready_names_what_is_missing(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a worker, or without Redis, the answer is 503 and says which."""
    async with connected() as http:
        response = await http.get("/readyz")
        assert (response.status_code, response.json()) == (
            503,
            {"status": "unavailable", "database": "ok", "redis": "ok", "worker": "missing"},
        )
        await redis.client().set(f"{queue.ALIVE}test", 1)
        response = await http.get("/readyz")
        assert (response.status_code, response.json()["status"]) == (200, "ok")
        monkeypatch.setattr("domain.infra.redis.client", None)
        response = await http.get("/readyz")
        assert response.status_code == 503
        assert response.json()["redis"] == response.json()["worker"] == "missing"


async def test_ready_with_a_worker(live_server: Server) -> None:
    """With everything there: 200."""
    async with connected() as http:
        response = await http.get("/readyz")
    assert (response.status_code, response.json()["worker"]) == (200, "ok")


async def test_metrics(api: Client) -> None:
    """Operations are counted by their root field, whatever clients call them; and there is the state of the work."""
    await api.contact()
    await api.query("query Chosen_By_A_Client { viewer { actor } }")
    await api.changed("bulkChangeStatus", "bulkOperation { id }", selection={"everyone": True}, status="ARCHIVED")
    async with connected() as http:
        text = (await http.get("/metrics")).text
    assert 'assent_operations_total{kind="mutation",operation="createContact",outcome="ok"}' in text
    assert 'assent_operation_seconds_count{kind="query",operation="viewer"}' in text
    assert "Chosen_By_A_Client" not in text
    assert 'assent_bulk_operations{status="QUEUED"} 1.0' in text
    for name in ("assent_queue_depth", "assent_pool_in_use", "assent_pool_size", "assent_sockets"):
        assert name in text
