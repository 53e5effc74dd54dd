"""Secrets and personal data stay out of logs, errors and metrics: a busy run is searched for them."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from domain.actor import Scope
from domain.infra import log
from tests.api.client import Client, account, connected

EMAIL, NAME, PHONE = "jane.roe@example.org", "Roe-Particular", "+493012345678"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that the process logs while the test runs, at DEBUG."""
    root, kept = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    log.configure("DEBUG")
    structlog.configure(cache_logger_on_first_use=False)  # or they would stay so after the test
    stream = io.StringIO()
    (handler,) = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**kept)


@pytest.fixture
async def api(db: None, redis: None) -> Client:
    """A client of a new account."""
    return await account()


async def test_a_busy_run_tells_nothing(api: Client, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good and bad requests, refusals, faults and wrong keys: of whom and with which key, nothing is said."""
    made = await api.changed("createApiKey", "apiKey { id } key", name="Shop", scopes=["READ"])
    contact = await api.opted_in(EMAIL, lastName=NAME)
    await api.query("query($s: String) { contacts(search: $s) { nodes { id } } }", s=EMAIL)
    await api.query("mutation($i: CreateWebhookInput!) { createWebhook(input: $i) { secret userErrors { code } } }",
                    i={"url": "https://example.com/hook"})  # fmt: skip
    points = [{"channel": "SMS", "value": PHONE}, {"channel": "EMAIL", "value": EMAIL}]
    errors = [await api.change("createContact", points=points)]
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJKYW5lIn0.c2lnbmF0dXJl"
    bad = ["a-key-that-nobody-has-made", token, made["key"] + "x"]
    errors += [(await Client(api.actor, key).post({"query": "{ __typename }"})).json() for key in bad]
    errors += [await api.answer(f'{{ contact(by: {{email: "{EMAIL}", nmae: "{NAME}"}}) {{ id }} }}')]
    errors += [await (await api.with_scopes(Scope.SIGNUP)).answer("{ apiKeys { id } }")]

    async def broken(*_: object) -> None:
        raise RuntimeError(f"{EMAIL} {made['key']}")

    monkeypatch.setattr("api.accounts.queries.topics", broken)
    errors += [await api.answer("{ topics { id } }")]
    async with connected() as http:
        metrics = (await http.get("/metrics")).text
    text = logged.getvalue()
    assert text.count('"event":"request"') > 8
    assert "RuntimeError" in text
    secrets = [api.key, made["key"], *bad, EMAIL, NAME, PHONE, "whsec_", contact["points"][0]["id"]]
    assert [secret for secret in secrets if secret in text + metrics] == []
    # What a client sent it may hear again; what others or the server hold it may not.
    assert [secret for secret in (api.key, made["key"], token, "RuntimeError") if secret in str(errors[:-1])] == []
    assert [secret for secret in (EMAIL, made["key"], "RuntimeError") if secret in str(errors[-1])] == []
