"""The keys with which packs sign: one each, kept encrypted, readable while the secret is known."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.test.utils import CaptureQueriesContext

from saleor_serials import crypto
from saleor_serials.errors import SigningKeyUnreadable
from saleor_serials.models import SigningKey
from tests import making


def test_what_is_signed_for_a_pack_is_verified_with_its_public_key_and_no_other() -> None:
    first, second = making.make_pack(), making.make_pack()

    signature = crypto.signer(first)(b"message")

    keys = crypto.public_keys([first.pk, second.pk], make_for=[second.pk])
    verify = {pk: Ed25519PublicKey.from_public_bytes(key).verify for pk, key in keys.items()}
    verify[first.pk](signature, b"message")
    for pk, message in ((first.pk, b"massage"), (second.pk, b"message")):
        with pytest.raises(Exception, match="") as refused:
            verify[pk](signature, message)
        assert type(refused.value).__name__ == "InvalidSignature"


def test_a_pack_has_one_key_from_its_first_use_on() -> None:
    pack = making.make_pack()
    assert crypto.public_keys([pack.pk], make_for=[]) == {}
    assert not SigningKey.objects.exists()

    made = crypto.public_keys([pack.pk], make_for=[pack.pk])
    crypto.signer(pack)

    assert crypto.public_keys([pack.pk], make_for=[pack.pk]) == made
    assert SigningKey.objects.count() == 1
    assert len(made[pack.pk]) == 32


def test_the_secret_half_is_not_stored_as_it_is() -> None:
    pack = making.make_pack()
    sign = crypto.signer(pack)
    key = SigningKey.objects.get()

    secret = sign.__self__.private_bytes_raw()  # type: ignore[attr-defined]

    assert secret not in bytes(key.secret)
    assert bytes(key.secret).startswith(b"gAAAA"), "Fernet"


def test_a_changed_secret_is_named_until_the_former_one_is_given_as_well(settings: Any) -> None:
    pack = making.make_pack()
    before = crypto.signer(pack)(b"message")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another"

    with pytest.raises(SigningKeyUnreadable, match="SECRET_KEY_FALLBACKS"):
        crypto.signer(pack)

    settings.SECRET_KEY_FALLBACKS = [former]
    assert crypto.signer(pack)(b"message") == before


def test_the_keys_of_many_packs_take_as_many_statements_as_one() -> None:
    pack_ids = [making.make_pack().pk for _ in range(5)]

    with CaptureQueriesContext(connection) as making_them:
        made = crypto.public_keys(pack_ids, make_for=pack_ids)
    with CaptureQueriesContext(connection) as reading_them:
        crypto.public_keys(pack_ids, make_for=pack_ids)

    assert len(set(made.values())) == 5
    assert (making.statements(making_them), making.statements(reading_them)) == (3, 1)
