"""Why an input was refused."""

import graphene

from saleor_serials.graphql.types.enums import SerialErrorCode


class SerialError(graphene.ObjectType):
    field = graphene.String(description="Name of the argument or input field that is wrong.")
    message = graphene.String(required=True, description="What is wrong, in a sentence.")
    code = SerialErrorCode(required=True, description="What is wrong, for programs.")
    index = graphene.Int(description="Position in a list argument, from 0.")

    class Meta:
        description = "A reason why an input was refused."
