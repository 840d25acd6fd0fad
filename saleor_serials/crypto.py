"""The keys with which packs sign their serials: Ed25519, made at first use, one for each pack.

The secret half is kept encrypted with a key that follows from Saleor's ``SECRET_KEY``; whoever has
the public half can tell, offline, that a serial was made by this shop.
"""

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from saleor_serials.errors import SigningKeyUnreadable
from saleor_serials.host import host
from saleor_serials.models import Pack, SigningKey


def signer(pack: Pack) -> Callable[[bytes], bytes]:
    """Return what signs for a pack (64 bytes); makes its key if it has none.

    Raises:
        SigningKeyUnreadable: the shop's secret has changed since the key was made.
    """
    public_keys([pack.pk], make_for=[pack.pk])
    key = SigningKey.objects.get(pack=pack)
    try:
        secret = _box().decrypt(bytes(key.secret))
    except InvalidToken:
        raise SigningKeyUnreadable from None
    return Ed25519PrivateKey.from_private_bytes(secret).sign


def public_keys(pack_ids: Collection[int], *, make_for: Collection[int]) -> Mapping[int, bytes]:
    """The 32 bytes with which a pack's serials are verified, for those packs that have a key.

    ``make_for``: packs that get one if they have none. One statement, two more if one is made.
    """
    found = _public_keys(pack_ids)
    if missing := set(make_for) - found.keys():
        # Whoever makes one at the same time keeps theirs.
        SigningKey.objects.bulk_create(map(_new, sorted(missing)), ignore_conflicts=True)
        found |= _public_keys(missing)
    return found


def _public_keys(pack_ids: Collection[int]) -> dict[int, bytes]:
    keys = SigningKey.objects.filter(pack__in=pack_ids).values_list("pack", "public")
    return {pack_id: bytes(public) for pack_id, public in keys}


def _new(pack_id: int) -> SigningKey:
    secret = Ed25519PrivateKey.generate()
    return SigningKey(
        pack_id=pack_id,
        secret=_box().encrypt(secret.private_bytes_raw()),
        public=secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    )


def _box() -> MultiFernet:
    return MultiFernet([_fernet(secret) for secret in host.secret_keys()])


def _fernet(secret: str) -> Fernet:
    digest = hashlib.sha256(b"saleor_serials.signing:" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
