"""Signed serials: the pack's public key verifies them, without a network.

They are JSON Web Tokens signed with EdDSA (RFC 7519, RFC 8037), which every JWT library reads.
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from saleor_serials.errors import InvalidInput, TooLong
from saleor_serials.extensions.generators.base import GeneratedSerial, GenerationContext, Generator
from saleor_serials.extensions.generators.validity import UNIT, validity_of
from saleor_serials.extensions.settings import Setting

_MAX_CLAIMS = 2_000
# Names of the claims in every serial, and names that verifiers of tokens reserve.
_RESERVED = ("pack", "jti", "exp", "nbf", "iat")


class Signed(Generator):
    """Signs a pack's slug, a random id, when it ends, and further claims."""

    label = "Signed, verifiable offline"
    signs = True
    settings = (
        Setting(
            name="claims",
            type="object",
            default={},
            help_text=f"What every serial says beside {', '.join(_RESERVED[:3])}.",
        ),
        Setting(
            name="validity",
            type="number",
            default=0,
            help_text="How long a serial is valid, from the moment when it is made; 0: for ever.",
            at_most=100_000,
        ),
        UNIT,
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._claims = settings["claims"]
        self._validity = validity_of(settings)
        for name in _RESERVED:
            if name in self._claims:
                raise InvalidInput(f"The claim '{name}' is not yours to make.", field="claims")
        if len(_json(self._claims)) > _MAX_CLAIMS:
            raise TooLong(f"At most {_MAX_CLAIMS:,} characters of JSON.", field="claims")

    def make(self, count: int, context: GenerationContext) -> Sequence[GeneratedSerial]:
        common: dict[str, Any] = {"pack": context.pack_slug, **self._claims}
        until = context.now + self._validity if self._validity else None
        if until is not None:
            common["exp"] = int(until.timestamp())
        header = _encoded(_json({"alg": "EdDSA", "typ": "JWT"}))
        made = []
        for _ in range(count):
            claims = {"jti": _encoded(os.urandom(16)), **common}
            message = f"{header}.{_encoded(_json(claims))}"
            signature = _encoded(context.sign(message.encode()))
            made.append(GeneratedSerial(data=f"{message}.{signature}", expires_at=until))
        return made


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
