"""Serials that are UUIDs."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.settings import Setting

# RFC 9562: four bits of a UUID say that it is of version 4, two that it is of this variant.
_VERSION = bytes(0x40 | byte & 0x0F for byte in range(256))
_VARIANT = bytes(0x80 | byte & 0x3F for byte in range(256))


class Uuids(Generator):
    """Makes random UUIDs, of version 4."""

    label = "UUID"
    settings = (
        Setting(
            name="case",
            type="text",
            default="lower",
            help_text="The case of its letters.",
            choices=("lower", "upper"),
        ),
        Setting(
            name="hyphens",
            type="boolean",
            default=True,
            help_text="Write 8-4-4-4-12 characters, and not 32 in one piece.",
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._is_upper = settings["case"] == "upper"
        self._hyphens = settings["hyphens"]

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        block = bytearray(os.urandom(16 * count))
        block[6::16] = block[6::16].translate(_VERSION)
        block[8::16] = block[8::16].translate(_VARIANT)
        text = block.hex().upper() if self._is_upper else block.hex()
        uuids = (text[start : start + 32] for start in range(0, len(text), 32))
        if not self._hyphens:
            return [GeneratedSerial(data=uuid) for uuid in uuids]
        return [
            GeneratedSerial(data=f"{uuid[:8]}-{uuid[8:12]}-{uuid[12:16]}-{uuid[16:20]}-{uuid[20:]}")
            for uuid in uuids
        ]
