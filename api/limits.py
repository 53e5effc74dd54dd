"""What one operation may cost, known before it runs. Fragments are measured once, however often they are spread."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from api.errors import TOO_COMPLEX, coded
from api.relay import DEFAULT_PAGE, MOST_A_PAGE

MAX_TOKENS: Final = 1_000
MAX_DEPTH: Final = 20
MAX_FIELDS: Final = 2_000
MAX_ROOT_FIELDS: Final = 30
MAX_OBJECTS: Final = 50_000


@dataclass(slots=True)
class Shape:
    """How large a selection is: how deep, how many fields, how many objects its pages could hold."""

    depth: int = 0
    fields: int = 0
    objects: int = 0

    def add(self, other: "Shape", level: int = 0, each: int = 1) -> None:
        """Take in a selection `level` below this one, of which there may be `each`."""
        self.depth = max(self.depth, other.depth + level)
        self.fields += other.fields
        self.objects += other.objects * each


@dataclass(slots=True)
class Measure:
    """Measures one document. Page sizes in variables count as they are given, or as the largest when unknown."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    variables: Mapping[str, Any] | None = None
    known: dict[str, Shape] = field(default_factory=dict)
    varies: bool = False
    """Whether a page size came in a variable."""

    def selection(self, selections: SelectionSetNode | None, parent: GraphQLNamedType | None) -> Shape:
        """The shape of a selection on a type (None where validation has yet to find it unknown)."""
        total = Shape()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self.add_field(total, node, parent)
            elif isinstance(node, InlineFragmentNode):
                on = self.schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                total.add(self.selection(node.selection_set, on))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self.fragment(node.name.value))
        return total

    def add_field(self, total: Shape, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        """Take in one field and what is below it. Introspection is deep by nature, and costs no database."""
        name = node.name.value
        if name.startswith("__"):
            total.fields += 1
            return
        known = getattr(parent, "fields", {}).get(name)
        kind = get_named_type(known.type) if known else None
        paged = kind is not None and kind.name.endswith("Connection")
        each = self.rows(node) if paged else 1
        total.add(self.selection(node.selection_set, kind), level=1, each=each)
        total.depth = max(total.depth, 1)
        total.fields += 1
        total.objects += each if paged else 0

    def fragment(self, name: str) -> Shape:
        """A fragment's shape, measured once. One that spreads itself counts once: validation refuses it."""
        if name not in self.known:
            self.known[name] = Shape()
            definition = self.fragments.get(name)
            if definition is not None:
                on = self.schema.get_type(definition.type_condition.name.value)
                self.known[name] = self.selection(definition.selection_set, on)
        return self.known[name]

    def rows(self, node: FieldNode) -> int:
        """How many rows a connection field asks for."""
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                return self.number(argument.value)
        return DEFAULT_PAGE

    def number(self, value: Any) -> int:
        """A page size, literal or variable, within what a page may have."""
        asked: Any = None
        if isinstance(value, IntValueNode):
            asked = int(value.value[:9])
        elif isinstance(value, VariableNode):
            self.varies = True
            asked = (self.variables or {}).get(value.name.value)
        return min(max(asked, 1), MOST_A_PAGE) if isinstance(asked, int) else DEFAULT_PAGE


def measure(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any] | None = None) -> Measure:
    """A measure for the document."""
    return Measure(
        schema,
        {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)},
        variables,
    )


def check(measured: Measure, operation: OperationDefinitionNode) -> None:
    """Raise a TOO_COMPLEX error for an operation that is too deep, too wide or asks for too many objects."""
    shape = measured.selection(operation.selection_set, measured.schema.get_root_type(operation.operation))
    roots = len(operation.selection_set.selections)
    for value, limit, what in (
        (shape.depth, MAX_DEPTH, "levels deep"),
        (shape.fields, MAX_FIELDS, "fields"),
        (roots, MAX_ROOT_FIELDS, "fields at the root"),
        (shape.objects, MAX_OBJECTS, "objects, if every page were full"),
    ):
        if value > limit:
            raise coded(f"The operation asks for {value} {what}; {limit} are allowed.", TOO_COMPLEX)
