"""What one operation may cost, known before it runs. Fragments are measured once, however often they are spread.

The formula and the defaults stand in docs/limits.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from api.errors import TOO_COMPLEX, coded
from domain.infra.settings import settings
from domain.window import DEFAULT, MOST

MAX_TOKENS: Final = 1_000
MAX_SOURCE: Final = 100_000
MAX_COMMENTS: Final = 500
MAX_ERRORS: Final = 20
MAX_DEPTH: Final = 20
MAX_FIELDS: Final = 2_000
MAX_ROOT_FIELDS: Final = 30
MAX_ALIASES: Final = 100
MAX_REPEATS: Final = 30
MAX_DIRECTIVES: Final = 50
MAX_FRAGMENTS: Final = 50
MAX_INTROSPECTED: Final = 1_700
"""Fields of introspection for each type of the schema: half as many again as tools ask for, all at once."""

LIST: Final = 2
"""How many objects a list without a page size is taken for: addresses, topics, actions."""
WEIGHTS: Final = {"previewBulkChangeStatus": 1_000, "previewImport": 1_000, "contactSummary": 100, "totalCount": 100}
"""What some fields cost by themselves, whatever is selected below them."""
MUTATION: Final = 100
_INTROSPECTED: Final = {"fields": 8, "args": 2, "inputFields": 3, "enumValues": 4, "possibleTypes": 4, "directives": 8}
_ALIAS_OF_INTROSPECTION: Final = 10
"""Tools ask for the schema without aliases, and an alias there can repeat all of it: each counts for so many."""
_PER_INTROSPECTED: Final = 20
"""Introspection reads no database: so many of its fields count as one."""


@dataclass(slots=True)
class Shape:
    """How large a selection is, its fragments spread out."""

    depth: int = 0
    roots: int = 0
    fields: int = 0
    aliases: int = 0
    repeats: int = 0
    cost: int = 0
    once: int = 0
    """What a connection costs beside its rows: a count, where a page ends."""
    introspected: int = 0
    """Fields that introspection could answer."""

    def add(self, other: "Shape") -> None:
        """Take in a selection of the same level: an inline fragment or a spread."""
        self.roots += other.roots
        self.cost += other.cost
        self.once += other.once
        self._add_size(other, 0)

    def add_below(self, other: "Shape", each: int) -> None:
        """Take in what is selected below a field, of which the answer may hold `each`."""
        self.cost += other.cost * each + other.once
        self._add_size(other, 1)

    def _add_size(self, other: "Shape", level: int) -> None:
        self.depth = max(self.depth, other.depth + level)
        self.fields += other.fields
        self.aliases += other.aliases
        self.repeats += other.repeats
        self.introspected += other.introspected


@dataclass(slots=True)
class Measure:
    """Measures one document. Sizes in variables count as they are given, or as the default when unknown."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What the operation's variables are when they are not given."""
    known: dict[str, Shape] = field(default_factory=dict)
    directives: int = 0
    varies: bool = False
    """Whether a size came in a variable."""

    def begin(self, operation: OperationDefinitionNode) -> None:
        """Turn to an operation of the document: what its variables default to changes what fragments cost."""
        variables = operation.variable_definitions or ()
        defaults = {one.variable.name.value: _literal(one.default_value) for one in variables}
        if defaults != self.defaults:
            self.known.clear()
            self.directives = 0
        self.defaults = defaults

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Shape:
        """The shape of a selection on a type (None where validation has yet to find it unknown)."""
        total, keys = Shape(), set()
        for node in selections.selections if selections else ():
            self.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                self.add_field(total, node, parent)
                key = (node.alias or node.name).value
                total.repeats += key in keys
                keys.add(key)
            elif isinstance(node, InlineFragmentNode):
                on = self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                total.add(self.selection(node.selection_set, on))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self.fragment(node.name.value))
        return total

    def add_field(self, total: Shape, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        """Take in one field and what is below it."""
        name, before = node.name.value, total.cost
        known = self.field_of(parent, name)
        kind = get_named_type(known.type) if known else None
        total.roots += 1
        total.fields += not name.startswith("__")
        total.aliases += node.alias is not None
        total.cost += WEIGHTS.get(name, 1) if name != "__typename" else 0
        total.depth = max(total.depth, 1)
        if node.selection_set is not None:
            self.add_below(total, node, kind, self.each(node, known, kind))
        if parent is not None and parent.name.endswith("Connection") and name not in ("edges", "nodes"):
            total.once += total.cost - before
            total.cost = before

    def add_below(self, total: Shape, node: FieldNode, kind: GraphQLNamedType | None, each: int) -> None:
        """Take in a field's own selection. Introspection is deep and wide by nature, and costs no database."""
        below = self.selection(node.selection_set, kind)
        if node.name.value.startswith("__"):
            total.cost += below.cost // _PER_INTROSPECTED
            total.introspected += below.cost
            total.aliases += below.aliases * _ALIAS_OF_INTROSPECTION
            total.repeats += below.repeats
        else:
            total.add_below(below, each)

    def field_of(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        """A field's definition, those that introspect included."""
        if name in ("__schema", "__type"):
            return self.schema.get_field(self.schema.query_type, name) if self.schema.query_type else None
        found: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        return found

    def fragment(self, name: str) -> Shape:
        """A fragment's shape, measured once. One that spreads itself counts once: validation refuses it."""
        if name not in self.known:
            self.known[name] = Shape()
            definition = self.fragments.get(name)
            if definition is not None:
                self.directives += len(definition.directives or ())
                on = self.schema.get_type(definition.type_condition.name.value)
                self.known[name] = self.selection(definition.selection_set, on)
        return self.known[name]

    def each(self, node: FieldNode, known: GraphQLField | None, kind: GraphQLNamedType | None) -> int:
        """How many objects a field may answer: its page size, a list's length, or one."""
        if kind is None or known is None:
            return 1
        if kind.name.startswith("__"):
            return self.introspected(node.name.value)
        if kind.name.endswith("Connection"):
            return self.rows(node)
        # A page's own lists are as long as the page, which was counted above them.
        if not _is_list(known.type) or (node.name.value in ("edges", "nodes") and "ids" not in known.args):
            return 1
        return self.length(node) if "ids" in known.args else LIST

    def introspected(self, name: str) -> int:
        """How many there are of what introspection lists."""
        return len(self.schema.type_map) if name == "types" else _INTROSPECTED.get(name, 1)

    def rows(self, node: FieldNode) -> int:
        """How many rows a connection field asks for, within what a page may have."""
        sizes = [int(value) for value in self.given(node, "first", "last") if _whole(value)]
        return min(max(1, *sizes), MOST) if sizes else DEFAULT

    def length(self, node: FieldNode) -> int:
        """How many ids a field is given."""
        return max([1, *(len(value) for value in self.given(node, "ids") if isinstance(value, list | tuple))])

    def given(self, node: FieldNode, *names: str) -> Iterator[Any]:
        """The values of some arguments, as literals or variables give them; None for a variable without any."""
        for argument in node.arguments or ():
            value = argument.value
            if argument.name.value not in names:
                continue
            if isinstance(value, VariableNode):
                self.varies = True
                name = value.name.value
                yield self.variables[name] if name in self.variables else self.defaults.get(name)
            else:
                yield _literal(value)


def _whole(value: Any) -> bool:
    """Whether a variable may pass for an Int: 250.0 does."""
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def _literal(value: ValueNode | None) -> Any:
    if isinstance(value, IntValueNode):
        return int(value.value[:9])
    return value.values if isinstance(value, ListValueNode) else None


def _is_list(kind: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(kind)) and is_composite_type(get_named_type(kind))


def measure(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any] | None = None) -> Measure:
    """A measure for the document. Raises a TOO_COMPLEX error for too many fragments."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    _within(len(document.definitions), MAX_FRAGMENTS, "operations and fragments")
    return Measure(schema, fragments, variables or {})


def cost(measured: Measure, operation: OperationDefinitionNode) -> int:
    """What an operation costs, in points. Raises a TOO_COMPLEX error for one that is too large in any way."""
    measured.begin(operation)
    shape = measured.selection(operation.selection_set, measured.schema.get_root_type(operation.operation))
    for name in measured.fragments:
        measured.fragment(name)
    points = shape.cost + (MUTATION * shape.roots if operation.operation.value == "mutation" else 0)
    directives = measured.directives + len(operation.directives or ())
    directives += sum(len(one.directives or ()) for one in operation.variable_definitions or ())
    for value, limit, what in (
        (shape.depth, MAX_DEPTH, "levels deep"),
        (shape.fields, MAX_FIELDS, "fields"),
        (shape.roots, MAX_ROOT_FIELDS, "fields at the root"),
        (shape.aliases, MAX_ALIASES, "aliases"),
        (shape.repeats, MAX_REPEATS, "repeated fields"),
        (directives, MAX_DIRECTIVES, "directives"),
        (shape.introspected, MAX_INTROSPECTED * len(measured.schema.type_map), "fields of the schema"),
        (points, settings().max_cost, "points: ask for smaller pages"),
    ):
        _within(value, limit, what)
    return points


def _within(value: int, limit: int, what: str) -> None:
    if value > limit:
        raise coded(f"The operation asks for {value} {what}; {limit} are allowed.", TOO_COMPLEX)
