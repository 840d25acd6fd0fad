"""What kinds of file can be read."""

from dataclasses import dataclass
from enum import StrEnum

from saleor_serials.errors import InvalidInput


class Format(StrEnum):
    """What kind of file it is; ``TEXT``: each line is a serial, and there is no header."""

    CSV = "csv"
    XLSX = "xlsx"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFormat:
    """How a file is to be read. ``separator`` and ``encoding`` are empty where there is none."""

    format: Format
    encoding: str = ""
    separator: str = ""


class UnreadableFile(Exception):
    """Nothing can be read from this row on; ``refusal`` says why."""

    def __init__(self, row: int, refusal: InvalidInput) -> None:
        super().__init__()
        self.row = row
        self.refusal = refusal
