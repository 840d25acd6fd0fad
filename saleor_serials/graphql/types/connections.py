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
        description = "A list of packs, by ID unless it is sorted."


class SerialBatchCountableConnection(Connection):
    class Meta:
        node = types.SerialBatch
        description = "A list of batches, by ID unless it is sorted."


class SerialAssignmentCountableConnection(Connection):
    class Meta:
        node = types.SerialAssignment
        description = "A list of assignments: of those that are short the oldest first, else by ID."


class SerialEventCountableConnection(Connection):
    class Meta:
        node = types.SerialEvent
        description = "A list of events, oldest first."


class SerialJobCountableConnection(Connection):
    class Meta:
        node = jobs.SerialJob
        description = "A list of jobs, newest first unless it is sorted."
