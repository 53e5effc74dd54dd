"""Events that several subscribers follow alike are executed once and encoded once; each gets the same bytes.

Alike are subscribers of one account with the same scopes, document and variables, wherever they began and whatever
transport they listen by. Whether they may, each was asked for itself before it got as far as here.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson
from graphql import ExecutionResult, FieldNode, VariableNode
from graphql.execution import Executor, execute_subscription_event

from api.asked import Asked
from api.context import Context
from api.documents import Operation

PORTION: Final = 64 * 1024
"""Bytes of answers that go out together, unless one alone has more."""
_TURN: Final = 50
"""Events that are executed before others get their turn."""
_WHERE: Final = frozenset({"after", "until"})
Shape: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """Events of a subscription that came at once. `shared` is one and the same for all who are given the same ones."""

    wrapped: Callable[[], Awaitable[Sequence[Any]]]
    shared: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portion:
    """Some answers, one after the other, as JSON. What the transports write of them they make once."""

    bodies: tuple[bytes, ...]
    written: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Callable[[Sequence[bytes]], Any]) -> Any:
        """What `make` makes of the answers, made for the first who asks."""
        if key not in self.written:
            self.written[key] = make(self.bodies)
        return self.written[key]


@dataclass(frozen=True, slots=True)
class Apart:
    """An event whose answer has errors, and so bears its request's id: each subscriber executes it for itself."""

    event: Any


Rendered: TypeAlias = Sequence[Portion | Apart]


def shape(asked: Asked, operation: Operation, context: Context) -> Shape:
    """What has to be equal for two subscribers to be answered alike."""
    variables = {
        name: value for name, value in (asked.variables or {}).items() if name not in _places(asked, operation)
    }
    actor = context.actor
    given = orjson.dumps(variables, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return (actor.account_id, actor.scopes, asked.query, asked.operation_name, given)


def _places(asked: Asked, operation: Operation) -> set[str]:
    """The variables that say where to begin and to end, and nothing else."""
    roots = operation.node.selection_set.selections
    arguments = (roots[0].arguments or ()) if isinstance(roots[0], FieldNode) else ()
    named = {
        one.value.name.value for one in arguments if one.name.value in _WHERE and isinstance(one.value, VariableNode)
    }
    # Declared once and used once: no other field sees it.
    return {name for name in named if len(re.findall(rf"\${name}\b", asked.query)) == 2}


async def rendered(burst: Burst, key: Shape, executor: Executor[Any]) -> Rendered:
    """The answers to a burst: made by the first who asks, waited for by the others. Raises what making them raised."""
    task: asyncio.Task[Rendered] | None = burst.shared.get(key)
    if task is None or (task.done() and (task.cancelled() or task.exception())):
        task = burst.shared[key] = asyncio.create_task(_render(burst, executor))
    # One who leaves takes nothing away from the others.
    return await asyncio.shield(task)


async def execute(executor: Executor[Any], event: Any) -> ExecutionResult:
    """The answer to one event."""
    result = execute_subscription_event(executor.build_per_event_executor(event))
    return result if isinstance(result, ExecutionResult) else await result


async def _render(burst: Burst, executor: Executor[Any]) -> Rendered:
    made: list[bytes | Apart] = []
    for number, event in enumerate(await burst.wrapped(), 1):
        result = await execute(executor, event)
        made.append(Apart(event) if result.errors else orjson.dumps({"data": result.data}))
        if number % _TURN == 0:
            await asyncio.sleep(0)
    return list(_portions(made))


def _portions(made: Sequence[bytes | Apart]) -> Iterator[Portion | Apart]:
    bodies: list[bytes] = []
    size = 0
    for one in made:
        full = bodies and (isinstance(one, Apart) or size + len(one) > PORTION)
        if full:
            yield Portion(tuple(bodies))
            bodies, size = [], 0
        if isinstance(one, Apart):
            yield one
        else:
            bodies.append(one)
            size += len(one)
    if bodies:
        yield Portion(tuple(bodies))
