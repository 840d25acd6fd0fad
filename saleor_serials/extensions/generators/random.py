"""Serials drawn at random, of a pattern."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.generators.patterns import SETTINGS, Pattern
from saleor_serials.extensions.settings import Setting


class Random(Generator):
    """Draws serials from the operating system's random numbers."""

    label = "Random characters"
    settings: ClassVar[Sequence[Setting]] = SETTINGS

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.pattern = Pattern(settings)

    def capacity(self) -> int | None:
        return self.pattern.capacity()

    def accepts(self, text: str) -> bool:
        return self.pattern.accepts(text)

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        return [GeneratedSerial(data=text) for text in self.pattern.draw(count)]
