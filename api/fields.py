"""Root fields: each declares the scope it needs, and a mutation answers a refusal in its payload."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.await_maybe import await_maybe

from api.context import Info
from api.errors import FORBIDDEN, coded, user_errors
from domain.actor import Actor, Scope
from domain.errors import DomainError, Refusals

T = TypeVar("T")
Input: TypeAlias = Annotated[T, strawberry.argument(name="input", description="What is asked for.")]
"""A mutation's one argument."""

SCOPE: Final = "scope"


# Positional, in both extensions: a field's own argument may be called `source`.
class Gate(FieldExtension):
    """Lets only those pass whose key holds the scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def apply(self, field: StrawberryField) -> None:
        """Say in the schema, and in the field's metadata, which scope it needs."""
        field.description = f"{field.description} Needs the scope `{self.scope}`."
        field.metadata = MappingProxyType({**field.metadata, SCOPE: self.scope})

    def resolve(  # type: ignore[override]
        self, next_: Callable[..., Any], source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Check, then go on."""
        check(info.context.actor, self.scope)
        return next_(source, info, **kwargs)

    async def resolve_async(  # type: ignore[override]
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Check, then go on. A subscription's resolver answers a stream, all others an awaitable."""
        check(info.context.actor, self.scope)
        return await await_maybe(next_(source, info, **kwargs))


class Answers(FieldExtension):
    """Turns a refusal into a payload with `userErrors`: the one place where this is done."""

    def __init__(self, payload: Callable[..., Any]) -> None:
        self.payload = payload

    async def resolve_async(  # type: ignore[override]
        self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, /, **kwargs: Any
    ) -> Any:
        """Go on, and answer a refusal."""
        try:
            return await next_(source, info, **kwargs)
        except (DomainError, Refusals) as refusal:
            return self.payload(user_errors=user_errors(refusal))


def check(actor: Actor, scope: Scope) -> None:
    """Raise a FORBIDDEN error unless the actor's key holds the scope."""
    if not actor.may(scope):
        raise forbidden(scope)


def forbidden(scope: Scope) -> GraphQLError:
    """What a key without the scope is told."""
    return coded(f"This key lacks the scope `{scope}`.", FORBIDDEN, scope=scope.value)


def query(description: str, scope: Scope = Scope.READ) -> Any:
    """A field that reads: of Query, or one that leads from one object to others."""
    return strawberry.field(description=description, extensions=[Gate(scope)])


def mutation(scope: Scope, payload: Callable[..., Any], description: str) -> Any:
    """A mutation. Its resolver parses, makes one domain call and wraps; a refusal becomes `payload(user_errors=…)`."""
    return strawberry.mutation(description=description, extensions=[Gate(scope), Answers(payload)])


def answering(payload: Callable[..., Any], description: str, scope: Scope) -> Any:
    """A query that answers a refusal in `userErrors`, as mutations do."""
    return strawberry.field(description=description, extensions=[Gate(scope), Answers(payload)])


def subscription(description: str, scope: Scope = Scope.READ) -> Any:
    """A subscription."""
    return strawberry.subscription(description=description, extensions=[Gate(scope)])
