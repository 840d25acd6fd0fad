"""The types of lists. Types that have lists name them by their path."""

from saleor_serials.graphql import types
from saleor_serials.graphql.pagination import Connection
from saleor_serials.graphql.types import jobs


class SerialCountableConnection(Connection):
    class Meta:
        node = types.Serial
        description = "A list of serials, by ID unless it is sorted."


class SerialPackCountableConnection(Connection):
    class Meta:
        node = types.SerialPack
        description = "A list of packs, by ID."


class SerialBatchCountableConnection(Connection):
    class Meta:
        node = types.SerialBatch
        description = "A list of batches, by ID."


class SerialJobCountableConnection(Connection):
    class Meta:
        node = jobs.SerialJob
        description = "A list of jobs, by ID."
