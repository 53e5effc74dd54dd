"""graphql-core's executor, with a short way for plain attributes: most fields of most answers are nothing else."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    is_non_null_type,
)
from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Complete: TypeAlias = Callable[[Any], Any]
Plain: TypeAlias = "dict[GraphQLObjectType, dict[str, tuple[str, Complete]]]"

_AS_THEY_ARE: Final = frozenset({"String", "ID", "Boolean", "Int", "Float", "JSON"})


def executor_for(schema: GraphQLSchema) -> type[Executor[Any]]:
    """An executor class for one schema. It answers what graphql-core would, whatever the field."""
    plain = _plain_fields(schema)

    class ShortWay(Executor[Any]):
        build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info
        operation_extensions = None

        def execute_field(self, parent_type: Any, source: Any, details: Any, path: Any, position: Any) -> Any:
            """Read an attribute; for anything else, and for a value that is missing, go the long way."""
            known = plain[parent_type].get(details[0].node.name.value)
            if known is not None:
                value = getattr(source, known[0], None)
                if value is not None:
                    return known[1](value)
            return super().execute_field(parent_type, source, details, path, position)

    return ShortWay


def _plain_fields(schema: GraphQLSchema) -> Plain:
    kinds = (kind for kind in schema.type_map.values() if isinstance(kind, GraphQLObjectType))
    return {kind: dict(_plain_of(kind)) for kind in kinds}


def _plain_of(kind: GraphQLObjectType) -> list[tuple[str, tuple[str, Complete]]]:
    found = []
    for name, field in kind.fields.items():
        definition = field.extensions.get("strawberry-definition")
        leaf = field.type.of_type if is_non_null_type(field.type) else field.type
        complete = _completion(leaf)
        if (
            isinstance(definition, StrawberryField)
            and definition.is_basic_field
            and complete
            and not definition.extensions
        ):
            found.append((name, (definition.python_name, complete)))
    return found


def _completion(leaf: Any) -> Complete | None:
    if isinstance(leaf, GraphQLEnumType):
        return _enum
    if isinstance(leaf, GraphQLScalarType):
        return _same if leaf.name in _AS_THEY_ARE else leaf.coerce_output_value
    return None


def _same(value: Any) -> Any:
    return value


def _enum(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
