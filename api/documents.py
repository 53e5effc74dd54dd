"""A query's text becomes a checked document, once: parsing and validating cost more than most executions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    BREAK,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
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
MAX_ERRORS: Final = 20
_INTROSPECTION: Final = frozenset({"__schema", "__type", "__typename"})


class Rejected(Exception):  # noqa: N818 - a document is rejected, with the errors to show for it
    """A document that cannot be run: why, and the code of what GraphQL itself found."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. `label` is its first root field: one of a bounded number of names."""

    node: OperationDefinitionNode
    name: str | None
    label: str
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
        raise Rejected([coded(words, BAD_REQUEST)], BAD_REQUEST)


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
            raise Rejected([coded("The document is nested too deeply.", TOO_COMPLEX)], TOO_COMPLEX) from None

    def check_cost(self, document: Document, operation: Operation, variables: Mapping[str, Any] | None) -> None:
        """Weigh an operation whose page sizes come in variables. Raises Rejected."""
        if not operation.varies:
            return
        try:
            limits.check(limits.measure(self.schema, document.ast, variables or {}), operation.node)
        except GraphQLError as error:
            raise Rejected([error], TOO_COMPLEX) from None

    def _read(self, text: str) -> Document:
        ast = _parsed(text)
        operations = [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]
        varies = self._weigh(ast, operations)
        errors = validate(self.schema, ast, max_errors=MAX_ERRORS, allow_empty_selection_sets=False)
        if errors:
            raise Rejected(errors, VALIDATION_FAILED)
        return Document(ast, tuple(_operation(node, varies=varies) for node in operations))

    def _weigh(self, ast: DocumentNode, operations: list[OperationDefinitionNode]) -> bool:
        """Before validating, which is quadratic. Answers whether the weight depends on variables."""
        try:
            measure = limits.measure(self.schema, ast)
            for node in operations:
                limits.check(measure, node)
        except GraphQLError as error:
            raise Rejected([error], TOO_COMPLEX) from None
        return measure.varies


def _parsed(text: str) -> DocumentNode:
    try:
        ast = parse(text, max_tokens=limits.MAX_TOKENS, allow_empty_selection_sets=False)
    except GraphQLError as error:
        raise Rejected([error], PARSE_FAILED) from None
    nul = _Nul()
    if "\\u" in text:
        visit(ast, nul)
    if nul.found:
        raise Rejected([coded("Text cannot hold the character NUL.", BAD_USER_INPUT)], BAD_USER_INPUT)
    return ast


class _Nul(Visitor):
    """Looks for U+0000 in string literals: PostgreSQL's text cannot hold it."""

    found = False

    def enter_string_value(self, node: StringValueNode, *_: Any) -> Any:
        if "\x00" in node.value:
            self.found = True
            return BREAK
        return None


def _operation(node: OperationDefinitionNode, *, varies: bool) -> Operation:
    roots = [one.name.value if isinstance(one, FieldNode) else "" for one in node.selection_set.selections]
    introspects = {"__schema", "__type"} & set(roots) != set() and set(roots) <= _INTROSPECTION
    name = node.name.value if node.name else None
    return Operation(node, name, roots[0] or node.operation.value, varies, introspects)
