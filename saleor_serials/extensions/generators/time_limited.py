"""Serials that expire."""

from collections.abc import Mapping, Sequence
from typing import Any

from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext
from saleor_serials.extensions.generators.random import Random
from saleor_serials.extensions.generators.validity import UNIT, validity_of
from saleor_serials.extensions.settings import Setting


class TimeLimited(Random):
    """Draws serials that are valid for a period from the moment when they are made."""

    label = "Random characters, valid for a time"
    settings = (
        *Random.settings,
        Setting(
            name="validity",
            type="number",
            default=30,
            help_text="How long a serial is valid, from the moment when it is made.",
            at_least=1,
            at_most=100_000,
        ),
        UNIT,
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._validity = validity_of(settings)

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        until = context.now + self._validity
        return [GeneratedSerial(data=text, expires_at=until) for text in self.pattern.draw(count)]
