"""Serials that are numbers, one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from saleor_serials.errors import InvalidInput
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.settings import Setting


class Numbers(Generator):
    """Makes each serial the number after the last.

    A number is drawn under a lock of the pack's own, which is held until the serials are written or
    given up: others who draw from the pack wait, and what is given up is drawn again, so that no
    number is left out. Numbers that the pack has already, by an import say, are passed over.
    """

    label = "Numbers in sequence"
    settings = (
        Setting(
            name="start",
            type="number",
            default=1,
            help_text="The first number; raised later, the sequence leaps there.",
            at_most=10**15,
        ),
        Setting(
            name="step",
            type="number",
            default=1,
            help_text="The distance from one number to the next.",
            at_least=1,
            at_most=1_000_000,
        ),
        Setting(
            name="padding",
            type="number",
            default=1,
            help_text="At least so many digits: shorter numbers begin with zeros.",
            at_least=1,
            at_most=50,
        ),
        Setting(
            name="prefix", type="text", default="", help_text="What all begin with.", at_most=100
        ),
        Setting(
            name="suffix", type="text", default="", help_text="What all end with.", at_most=100
        ),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._start, self._step, self._padding = (
            settings[name] for name in ("start", "step", "padding")
        )
        self._prefix, self._suffix = settings["prefix"], settings["suffix"]
        for name, serial in (("prefix", f"{self._prefix}1"), ("suffix", f"1{self._suffix}")):
            if not serial.isprintable() or serial != normalize("NFC", serial.strip()):
                raise InvalidInput(
                    "Serials neither begin nor end with a space, and hold nothing that is not seen "
                    "as it is written.",
                    field=name,
                )

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        numbers = context.take_numbers(count, start=self._start, step=self._step)
        return [
            GeneratedSerial(data=f"{self._prefix}{number:0{self._padding}}{self._suffix}")
            for number in numbers
        ]
