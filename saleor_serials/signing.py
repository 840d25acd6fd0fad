"""The keys with which packs sign their serials: Ed25519, made at first use, one for each pack.

The secret half is kept encrypted with a key that follows from Saleor's ``SECRET_KEY``; whoever has
the public half can tell, offline, that a serial was made by this shop.
"""

import base64
import hashlib

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from saleor_serials.models import Pack, SigningKey


def sign(pack: Pack, message: bytes) -> bytes:
    """Sign for a pack (64 bytes); makes its key if it has none."""
    return _secret(key_of(pack)).sign(message)


def public_key(pack: Pack) -> bytes:
    """The 32 bytes with which a pack's serials are verified; makes its key if it has none."""
    return bytes(key_of(pack).public)


def key_of(pack: Pack) -> SigningKey:
    """Find the key of a pack, or make it."""
    key = SigningKey.objects.filter(pack=pack).first()
    if key is not None:
        return key
    secret = Ed25519PrivateKey.generate()
    made, _ = SigningKey.objects.get_or_create(
        pack=pack,
        defaults={
            "secret": _box().encrypt(secret.private_bytes_raw()),
            "public": secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
        },
    )
    return made


def _secret(key: SigningKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_box().decrypt(bytes(key.secret)))


def _box() -> Fernet:
    digest = hashlib.sha256(b"saleor_serials.signing:" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
