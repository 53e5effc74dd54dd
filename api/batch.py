"""What belongs to the objects of a page is loaded for all of them at once, and by look-ahead before it is asked for.

A relation that was loaded ahead is read like an attribute; one that was not is loaded by the first field that asks,
and the other fields of the page wait for the same statement.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, cast

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode

from api.context import Context, Info

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


class Relation(Generic[K, V]):
    """One kind of thing that belongs to the objects of a page, by object. Loaded at most once."""

    def __init__(self, load: Callable[[], Awaitable[Mapping[K, V]]]) -> None:
        self._load = load
        self._task: asyncio.Future[Mapping[K, V]] | None = None
        self._values: Mapping[K, V] | None = None

    async def fetch(self) -> Mapping[K, V]:
        """Everything, loaded when it has not been."""
        if self._values is None:
            if self._task is None:
                self._task = asyncio.ensure_future(self._load())
            self._values = await self._task
        return self._values

    def read(self, read: Callable[[Mapping[K, V]], T]) -> T:
        """A field's value, or, when it has to be loaded first, an awaitable of it: GraphQL takes either."""
        return read(self._values) if self._values is not None else cast(T, self._later(read))

    async def _later(self, read: Callable[[Mapping[K, V]], T]) -> T:
        return read(await self.fetch())


async def ahead(info: Info, relations: Mapping[str, Relation[Any, Any]]) -> None:
    """Load the relations that the query's selection will ask for, by the names of the fields that need them."""
    names = set(selected(info))
    for relation in dict.fromkeys(relations[name] for name in relations if name in names):
        await relation.fetch()


def selected(info: Info) -> Iterator[str]:
    """The names of the fields selected below this one, at any depth."""
    raw: GraphQLResolveInfo[Context] = info._raw_info  # noqa: SLF001 - the selection's own nodes, unconverted
    return _names((node.selection_set for node in raw.field_nodes), raw, set())


def _names(sets: Iterable[SelectionSetNode | None], raw: GraphQLResolveInfo[Context], seen: set[str]) -> Iterator[str]:
    for selection in (node for chosen in sets if chosen for node in chosen.selections):
        if isinstance(selection, FieldNode):
            yield selection.name.value
            yield from _names([selection.selection_set], raw, seen)
        elif isinstance(selection, InlineFragmentNode):
            yield from _names([selection.selection_set], raw, seen)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            yield from _names([raw.fragments[selection.name.value].selection_set], raw, seen)
