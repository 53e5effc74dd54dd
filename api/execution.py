"""One operation, from request to answer; the HTTP view and the socket both go through here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from graphql import ExecutionResult, GraphQLError, GraphQLFormattedError, OperationType, execute, subscribe
from strawberry.execution.is_awaitable import optimized_is_awaitable

from api.context import Context
from api.documents import Document, Documents, Operation, Rejected
from api.errors import BAD_REQUEST, BAD_USER_INPUT, coded, formatted
from api.executor import executor_for
from api.http.metrics import operation_done
from api.schema import schema

documents: Final = Documents(schema._schema)  # noqa: SLF001 - executed without the wrapper, whose extensions we do not use
_Executor: Final = executor_for(schema._schema)  # noqa: SLF001
READS: Final = frozenset({OperationType.QUERY})
CALLS: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})
ALL: Final = frozenset(OperationType)


@dataclass(frozen=True, slots=True)
class Asked:
    """A GraphQL request, its shape already checked."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@dataclass(slots=True)
class Answer:
    """What goes back: `data` is left out when execution never began, as the specification wants."""

    errors: list[GraphQLFormattedError] | None = None
    data: dict[str, Any] | None = None
    began: bool = False
    operation: Operation | None = None
    method_refused: bool = False

    @property
    def body(self) -> dict[str, Any]:
        """The response as a map: errors first, where people look."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        return body | {"data": self.data} if self.began else body


def prepare(asked: Asked, allowed: frozenset[OperationType]) -> tuple[Document, Operation]:
    """The document and the operation to run. Raises Rejected."""
    document = documents.read(asked.query)
    operation = document.choose(asked.operation_name)
    if operation.kind not in allowed:
        raise Rejected([coded(_REFUSED[operation.kind], BAD_REQUEST)], _METHOD)
    documents.check_cost(document, operation, asked.variables)
    return document, operation


def introspects(asked: Asked) -> bool:
    """Whether a request reads the schema and nothing else."""
    try:
        return documents.read(asked.query).choose(asked.operation_name).introspects
    except Rejected:
        return False


async def run(asked: Asked, context: Context, allowed: frozenset[OperationType]) -> Answer:
    """Run a query or a mutation. Raises nothing: faults are logged, and masked in the answer."""
    began = perf_counter()
    try:
        document, operation = prepare(asked, allowed)
    except Rejected as rejected:
        return refused(rejected, context)
    result = execute(schema._schema, document.ast, **_arguments(asked, context))  # noqa: SLF001
    if not isinstance(result, ExecutionResult):
        result = await result
    answer = _answer(result, operation, context)
    operation_done(operation.kind.value, operation.label, perf_counter() - began, failed=bool(answer.errors))
    return answer


async def stream(asked: Asked, context: Context) -> AsyncIterator[Answer]:
    """Run a subscription: an answer for each event, or one with the reason why it cannot run."""
    document, operation = prepare(asked, ALL)
    arguments = _arguments(asked, context)
    del arguments["is_awaitable"]
    source = subscribe(schema._schema, document.ast, **arguments)  # noqa: SLF001
    if not isinstance(source, ExecutionResult | AsyncIterator):
        source = await source
    if isinstance(source, ExecutionResult):
        yield _answer(source, operation, context)
        return
    try:
        async for result in source:
            yield _answer(result, operation, context)
    except Exception as error:  # noqa: BLE001 - whatever ended the stream, its subscriber has to be told
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        yield Answer([formatted(located, BAD_USER_INPUT, context.request_id)], operation=operation)
    finally:
        await source.aclose()  # type: ignore[attr-defined]


def refused(rejected: Rejected, context: Context) -> Answer:
    """The answer to a document that cannot be run."""
    errors = [formatted(error, rejected.code, context.request_id) for error in rejected.errors]
    return Answer(errors, method_refused=rejected.code == _METHOD)


def _answer(result: ExecutionResult, operation: Operation, context: Context) -> Answer:
    errors = [formatted(error, BAD_USER_INPUT, context.request_id) for error in result.errors or ()]
    # Without a path, the variables were refused and no resolver ran.
    began = result.data is not None or any(error.path for error in result.errors or ())
    return Answer(errors or None, result.data, began, operation)


def _arguments(asked: Asked, context: Context) -> dict[str, Any]:
    return {
        "context_value": context,
        "variable_values": asked.variables,
        "operation_name": asked.operation_name,
        "executor_class": _Executor,
        "is_awaitable": optimized_is_awaitable,
    }


_METHOD: Final = "METHOD"
_REFUSED: Final = {
    OperationType.QUERY: "Queries are not accepted here.",
    OperationType.MUTATION: "Mutations are not accepted with GET: send a POST.",
    OperationType.SUBSCRIPTION: "Subscriptions need a WebSocket (graphql-transport-ws) at this address.",
}

__all__ = ["ALL", "CALLS", "READS", "Answer", "Asked", "GraphQLError", "run", "stream"]
