"""A query's text becomes a checked document, once: parsing and validating cost more than most executions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    BREAK,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    GraphQLError,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    parse,
    validate,
    visit,
)

from api import limits
from api.errors import BAD_REQUEST, BAD_USER_INPUT, PARSE_FAILED, TOO_COMPLEX, VALIDATION_FAILED, coded

MAX_KEPT_LENGTH: Final = 20_000
_MOST_DIGITS: Final = 400
_DIGITS: Final = re.compile(rf"\d{{{_MOST_DIGITS}}}")
_INTROSPECTION: Final = frozenset({"__schema", "__type", "__typename"})


class Rejected(Exception):  # noqa: N818 - a document is rejected, with the errors to show for it
    """A request that cannot be run: why, and the code of what GraphQL itself found.

    `retry_after` is given in seconds where the same request may pass later.
    """

    def __init__(self, errors: list[GraphQLError], code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code
        self.retry_after = retry_after
        self.headers: Mapping[str, str] = {}
        """What HTTP says beside it: how many points the key has left."""


def rejected(message: str, code: str, **extensions: Any) -> Rejected:
    """A rejection with one error."""
    return Rejected([coded(message, code, **extensions)], code)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. `label` is its first root field: one of a bounded number of names."""

    node: OperationDefinitionNode
    name: str | None
    label: str
    cost: int
    """Points: as the literals say, or as by default where sizes come in variables."""
    varies: bool
    """Whether its cost depends on variables: then it is weighed again at each request."""
    introspects: bool
    """Whether it reads the schema and nothing else."""

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.node.operation


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document."""

    ast: DocumentNode
    operations: tuple[Operation, ...]

    def choose(self, name: str | None) -> Operation:
        """The operation of this name, or the only one. Raises Rejected."""
        if name is None and len(self.operations) == 1:
            return self.operations[0]
        for operation in self.operations:
            if operation.name == name and name is not None:
                return operation
        words = "Name one of the document's operations." if name is None else f'The document has no operation "{name}".'
        raise rejected(words, BAD_REQUEST)


class Documents:
    """The documents of one schema, the recent ones kept."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._kept = lru_cache(maxsize=500)(self._read)

    def read(self, text: str) -> Document:
        """The document of a text. Raises Rejected."""
        try:
            return self._kept(text) if len(text) <= MAX_KEPT_LENGTH else self._read(text)
        except RecursionError:
            raise rejected("The document is nested too deeply.", TOO_COMPLEX) from None

    def cost(self, document: Document, operation: Operation, variables: Mapping[str, Any] | None) -> int:
        """What an operation costs, in points, with these variables. Raises Rejected."""
        if not operation.varies:
            return operation.cost
        try:
            return limits.cost(limits.measure(self.schema, document.ast, variables or {}), operation.node)
        except GraphQLError as error:
            raise Rejected([error], TOO_COMPLEX) from None

    def _read(self, text: str) -> Document:
        ast = _parsed(text)
        operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
        costs, varies = self._weigh(ast, operations)
        errors = validate(self.schema, ast, max_errors=limits.MAX_ERRORS, allow_empty_selection_sets=False)
        if errors:
            raise Rejected(errors, VALIDATION_FAILED)
        made = (_operation(node, cost, varies=varies) for node, cost in zip(operations, costs, strict=True))
        return Document(ast, tuple(made))

    def _weigh(self, ast: DocumentNode, operations: list[OperationDefinitionNode]) -> tuple[list[int], bool]:
        """Before validating, which is quadratic. Answers the costs, and whether they depend on variables."""
        try:
            measure = limits.measure(self.schema, ast)
            return [limits.cost(measure, node) for node in operations], measure.varies
        except GraphQLError as error:
            raise Rejected([error], TOO_COMPLEX) from None


def _parsed(text: str) -> DocumentNode:
    try:
        ast = parse(
            text,
            max_tokens=limits.MAX_TOKENS,
            max_comments=limits.MAX_COMMENTS,
            max_source_length=limits.MAX_SOURCE,
            allow_empty_selection_sets=False,
        )
    except GraphQLError as error:
        raise Rejected([error], PARSE_FAILED) from None
    if "\\u" in text or _DIGITS.search(text):
        unheard = _Unheard()
        visit(ast, unheard)
        if unheard.words:
            raise rejected(unheard.words, BAD_USER_INPUT)
    return ast


class _Unheard(Visitor):
    """Looks for literals that nothing behind could take: U+0000 in a string, a number of a thousand digits."""

    words = ""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
        return self._found("Text cannot hold the character NUL.") if "\x00" in node.value else None

    def enter_int_value(self, node: IntValueNode, *_: Any) -> Any:
        return self._found("A number is too long.") if len(node.value) > _MOST_DIGITS else None

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> Any:
        return self._found("A number is too long.") if len(node.value) > _MOST_DIGITS else None

    def _found(self, words: str) -> Any:
        self.words = words
        return BREAK


def _operation(node: OperationDefinitionNode, cost: int, *, varies: bool) -> Operation:
    roots = [one.name.value if isinstance(one, FieldNode) else "" for one in node.selection_set.selections]
    introspects = {"__schema", "__type"} & set(roots) != set() and set(roots) <= _INTROSPECTION
    name = node.name.value if node.name else None
    return Operation(node, name, roots[0] or node.operation.value, cost, varies, introspects)
