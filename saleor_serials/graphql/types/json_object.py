"""A JSON object in an input: as itself, as Saleor 3's ``JSON``, or as a text, as ``JSONString``."""

import json
from typing import Any

import graphene
from graphene.types.generic import GenericScalar
from graphql import GraphQLError
from graphql.language import ast


class SerialJSON(graphene.Scalar):
    """A JSON object, or a text that holds one."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value

    @staticmethod
    def parse_value(value: Any) -> Any:
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise GraphQLError("Expected a JSON object, or a text that holds one.") from None
        return value

    @classmethod
    def parse_literal(cls, node: Any) -> Any:
        if isinstance(node, ast.StringValue):
            return cls.parse_value(node.value)
        return GenericScalar.parse_literal(node)
