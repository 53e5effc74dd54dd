"""One operation, from request to answer; every transport goes through here: `admit`, then `run` or `stream`."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, cast

from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError, OperationType, execute
from graphql.execution import Executor, create_source_event_stream
from strawberry.execution.is_awaitable import optimized_is_awaitable

from api import shared
from api.asked import Asked
from api.context import Context
from api.documents import Document, Documents, Operation, Rejected, rejected
from api.errors import BAD_REQUEST, BAD_USER_INPUT, DEADLINE, FORBIDDEN, coded, formatted
from api.executor import executor_for
from api.http import persisted
from api.http.metrics import operation_done
from api.http.rate import Allowance, charge, charge_refused, refuse_spent
from api.limits import MAX_ERRORS
from api.schema import schema
from api.shared import Burst, Portion, rendered, shape
from domain.actor import Actor, Scope
from domain.infra.settings import settings
from domain.infra.telemetry import span

documents: Final = Documents(schema._schema)  # noqa: SLF001 - executed without the wrapper, whose extensions we do not use
_Executor: Final = executor_for(schema._schema)  # noqa: SLF001
READS: Final = frozenset({OperationType.QUERY})
CALLS: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})
LISTENS: Final = frozenset({OperationType.QUERY, OperationType.SUBSCRIPTION})
ALL: Final = frozenset(OperationType)
MOST_ERRORS: Final = 100
"""Errors that an answer may hold."""


@dataclass(slots=True)
class Answer:
    """What goes back: `data` is left out when execution never began, as the specification wants."""

    errors: list[GraphQLFormattedError] | None = None
    data: dict[str, Any] | None = None
    began: bool = False
    operation: Operation | None = None
    code: str | None = None
    """Of a request that was refused."""
    retry_after: float | None = None
    cost: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    """What HTTP says beside a refusal."""

    @property
    def body(self) -> dict[str, Any]:
        """The response as a map: errors first, where people look."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.began:
            body["data"] = self.data
        if self.cost:
            body["extensions"] = {"cost": {"requested": self.cost, "maximum": settings().max_cost}}
        return body


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may run."""

    asked: Asked
    document: Document
    operation: Operation
    cost: int
    allowance: Allowance | None = None

    @property
    def name(self) -> str:
        """What the log calls it."""
        return self.asked.operation_name or self.operation.name or self.operation.label

    @property
    def listens(self) -> bool:
        """Whether it is a subscription."""
        return self.operation.kind is OperationType.SUBSCRIPTION


async def admit(asked: Asked, context: Context, allowed: frozenset[OperationType]) -> Admitted:
    """Read, check and weigh a request, and take its cost from the key's points. Raises Rejected."""
    actor = context.actor
    refuse_spent(actor)
    asked = await persisted.resolved(asked)
    try:
        document, operation, cost = _prepared(asked, context, allowed)
    except Rejected as found:
        left = await charge_refused(actor)
        found.headers = left.headers if left else {}
        raise
    allowance = await charge(actor, cost)
    if asked.sha256 is not None:
        await persisted.remember(asked, actor)
    return Admitted(asked, document, operation, cost, allowance)


def _prepared(asked: Asked, context: Context, allowed: frozenset[OperationType]) -> tuple[Document, Operation, int]:
    document = documents.read(asked.query)
    operation = document.choose(asked.operation_name)
    if operation.kind not in allowed:
        raise Rejected([coded(_REFUSED[operation.kind], BAD_REQUEST)], METHOD)
    if operation.introspects and is_page_key(context.actor):
        raise rejected("This key may not read the schema.", FORBIDDEN)
    if not operation.introspects:
        persisted.check_trust(asked.query, context.actor)
    return document, operation, documents.cost(document, operation, asked.variables)


def introspects(asked: Asked) -> bool:
    """Whether a request reads the schema and nothing else."""
    try:
        return bool(asked.query) and documents.read(asked.query).choose(asked.operation_name).introspects
    except Rejected:
        return False


async def run(admitted: Admitted, context: Context) -> Answer:
    """Run a query or a mutation. Raises nothing: faults are logged, and masked in the answer."""
    began = perf_counter()
    operation = admitted.operation
    try:
        with span(f"{operation.kind.value} {operation.label}", **{"graphql.operation.type": operation.kind.value}):
            async with asyncio.timeout(settings().deadline):
                answer = _answer(await _result(admitted, context), operation, context)
    except TimeoutError:
        # Cancelling has reached the database: what ran there is stopped, its transaction rolled back.
        answer = Answer([_late(context)], None, True, operation)
    answer.cost = admitted.cost
    operation_done(operation.kind.value, operation.label, perf_counter() - began, failed=bool(answer.errors))
    return answer


async def stream(admitted: Admitted, context: Context) -> AsyncIterator[Answer | Portion]:
    """Run a subscription: an answer for each event, or one with the reason why it cannot run."""
    operation = admitted.operation
    source = await _source(admitted, context)
    if isinstance(source, ExecutionResult):
        yield _answer(source, operation, context)
        return
    executor, events = source
    key = shape(admitted.asked, operation, context)
    try:
        async for event in events:
            if not isinstance(event, Burst):
                yield _answer(await shared.execute(executor, event), operation, context)
                continue
            for part in await rendered(event, key, executor):
                if isinstance(part, Portion):
                    yield part
                else:
                    yield _answer(await shared.execute(executor, part.event), operation, context)
                # A reader that never has to be waited for lets the others have their turn.
                await asyncio.sleep(0)
    except Exception as error:  # noqa: BLE001 - whatever ended the stream, its subscriber has to be told
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        yield Answer([formatted(located, BAD_USER_INPUT, context.request_id)], operation=operation)
    finally:
        await events.aclose()


async def _source(admitted: Admitted, context: Context) -> ExecutionResult | tuple[Executor[Any], Any]:
    """A subscription's events and what executes them; or why there are none."""
    executor = _Executor.build(
        schema._schema,  # noqa: SLF001
        admitted.document.ast,
        context_value=context,
        raw_variable_values=admitted.asked.variables,
        operation_name=admitted.asked.operation_name,
        max_coercion_errors=MAX_ERRORS,
    )
    if isinstance(executor, list):
        return ExecutionResult(None, errors=executor)
    events = create_source_event_stream(executor)
    if not isinstance(events, ExecutionResult | AsyncIterator):
        events = await cast(Any, events)
    return events if isinstance(events, ExecutionResult) else (executor, events)


async def answers(admitted: Admitted, context: Context) -> AsyncIterator[Answer | Portion]:
    """The answers of an operation of any kind: one of a query or a mutation, any number of a subscription.

    Those that others are sent, too, come together.
    """
    if not admitted.listens:
        yield await run(admitted, context)
        return
    async with aclosing(cast(Any, stream(admitted, context))) as events:
        async for answer in events:
            yield answer


def refused(found: Rejected, context: Context) -> Answer:
    """The answer to a request that cannot be run."""
    errors = [_shown(error, found.code, context) for error in found.errors]
    return Answer(errors, code=found.code, retry_after=found.retry_after, headers=found.headers)


async def _result(admitted: Admitted, context: Context) -> ExecutionResult:
    if admitted.operation.introspects and not admitted.asked.variables:
        return _introspected(admitted, context)
    result = execute(schema._schema, admitted.document.ast, **_arguments(admitted, context))  # noqa: SLF001
    return result if isinstance(result, ExecutionResult) else await result


_introspections: "OrderedDict[tuple[str, str | None], ExecutionResult]" = OrderedDict()


def _introspected(admitted: Admitted, context: Context) -> ExecutionResult:
    """The schema does not change while the process runs, and to read it all takes long: once is enough."""
    key = (admitted.asked.query, admitted.asked.operation_name)
    if key not in _introspections:
        result = execute(schema._schema, admitted.document.ast, **_arguments(admitted, context))  # noqa: SLF001
        assert isinstance(result, ExecutionResult)
        _introspections[key] = result
        if len(_introspections) > 8:
            _introspections.popitem(last=False)
    return _introspections[key]


def _answer(result: ExecutionResult, operation: Operation, context: Context) -> Answer:
    errors = [_shown(error, BAD_USER_INPUT, context) for error in (result.errors or ())[:MOST_ERRORS]]
    # Without a path, the variables were refused and no resolver ran.
    began = result.data is not None or any(error.path for error in result.errors or ())
    return Answer(errors or None, result.data, began, operation)


def _shown(error: GraphQLError, code: str, context: Context) -> GraphQLFormattedError:
    """As `formatted`, without GraphQL's hints at names of the schema for who may not read it."""
    shown = formatted(error, code, context.request_id)
    if not context.actor.scopes or is_page_key(context.actor):
        shown["message"] = _HINT.sub("", shown["message"])
    return shown


def is_page_key(actor: Actor) -> bool:
    """Whether a key may do nothing but sign people up: it stands in a web page, for everybody to read."""
    return actor.scopes == {Scope.SIGNUP}


def _late(context: Context) -> GraphQLFormattedError:
    words = f"The request took longer than {settings().deadline:g} s and was stopped. Ask for less at once."
    return coded(words, DEADLINE, requestId=context.request_id).formatted


def _arguments(admitted: Admitted, context: Context) -> dict[str, Any]:
    return {
        "context_value": context,
        "variable_values": admitted.asked.variables,
        "operation_name": admitted.asked.operation_name,
        "executor_class": _Executor,
        "is_awaitable": optimized_is_awaitable,
        "max_coercion_errors": MAX_ERRORS,
    }


METHOD: Final = "METHOD"
_HINT: Final = re.compile(r" Did you mean [^?]*\?")
_REFUSED: Final = {
    OperationType.QUERY: "Queries are not accepted here.",
    OperationType.MUTATION: "Mutations are not accepted with GET: send a POST.",
    OperationType.SUBSCRIPTION: (
        "Subscriptions need a WebSocket (graphql-transport-ws) at this address, or a request that accepts "
        "text/event-stream or multipart/mixed;subscriptionSpec=1.0."
    ),
}

__all__ = ["ALL", "CALLS", "READS", "Admitted", "Answer", "Asked", "GraphQLError", "admit", "run", "stream"]
