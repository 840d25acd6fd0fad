"""Print what the plugin adds to the schema, in GraphQL's schema definition language.

graphql-core 2 prints neither descriptions nor a part of a schema.
"""

from collections.abc import Mapping
from typing import Any

from graphene.utils.str_converters import to_camel_case
from graphql.language.printer import print_ast
from graphql.type.definition import GraphQLEnumType, GraphQLInputObjectType, GraphQLScalarType
from graphql.utils.ast_from_value import ast_from_value

from saleor_serials.graphql.mutations import MUTATIONS
from saleor_serials.graphql.queries import QUERIES, TYPE_FIELDS

# All our types begin with it, and none of the host's does.
PREFIX = "Serial"


def print_added(schema: Any) -> str:
    """Print our own types, then what is added to the host's, each by name."""
    types = schema.get_type_map()
    added = {"Query": QUERIES, "Mutation": MUTATIONS, **TYPE_FIELDS}
    blocks = [_type(types[name]) for name in sorted(types) if name.startswith(PREFIX)]
    for name in sorted(added):
        fields = types[name].fields
        ours = {each: fields[each] for each in map(to_camel_case, added[name])}
        blocks.append(_block(f"extend type {name}", _fields(ours)))
    return "\n\n".join(blocks) + "\n"


def _type(type: Any) -> str:
    if isinstance(type, GraphQLEnumType):
        values = [_described(value.name, value.description) for value in type.values]
        return _described(_block(f"enum {type.name}", values), type.description)
    if isinstance(type, GraphQLInputObjectType):
        inputs = [_input(name, field) for name, field in type.fields.items()]
        return _described(_block(f"input {type.name}", inputs), type.description)
    if isinstance(type, GraphQLScalarType):
        return _described(f"scalar {type.name}", type.description)
    implements = "".join(f" implements {each.name}" for each in type.interfaces)
    return _described(
        _block(f"type {type.name}{implements}", _fields(type.fields)), type.description
    )


def _fields(fields: Mapping[str, Any]) -> list[str]:
    return [
        _described(f"{name}{_arguments(field.args)}: {field.type}", field.description)
        for name, field in fields.items()
    ]


def _arguments(arguments: Mapping[str, Any]) -> str:
    lines = [_input(name, argument) for name, argument in arguments.items()]
    return "(\n{}\n)".format("\n\n".join(map(_indented, lines))) if lines else ""


def _input(name: str, input: Any) -> str:
    value = ast_from_value(input.default_value, input.type)
    default = "" if value is None else f" = {print_ast(value)}"
    return _described(f"{name}: {input.type}{default}", input.description)


def _block(head: str, members: list[str]) -> str:
    return "{} {{\n{}\n}}".format(head, "\n\n".join(map(_indented, members)))


def _described(text: str, description: str | None) -> str:
    return f'"""{description}"""\n{text}' if description else text


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else line for line in text.splitlines())
