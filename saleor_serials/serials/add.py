"""Add pasted serials to a pack."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from saleor_serials.errors import (
    Duplicate,
    InvalidInput,
    InvalidInputs,
    Required,
    TooMany,
    without_details,
)
from saleor_serials.models import Batch, Pack
from saleor_serials.serials import batches, limits, writing
from saleor_serials.serials.text import complaint, digest_of, normalised
from saleor_serials.serials.writing import Draft

# A GraphQL document much larger than this is refused by common web servers anyway.
MAX_SERIALS_PER_CALL = 10_000
MAX_ERRORS_PER_CALL = 100


def add_serials(
    pack: Pack, data: Sequence[str], *, actor: str, batch_name: str | None = None
) -> Batch:
    """Add serials to a pack as one batch; all of them, or none.

    The text is trimmed and normalised to Unicode's NFC; letter case counts. The number of
    statements does not depend on that of serials.

    Raises:
        Required: there is no serial in the call.
        TooMany: more than 10,000 in one call.
        LimitReached: the pack or the batch cannot take so many.
        InvalidInputs: up to 100 errors, each with the ``index`` of its serial: Required,
            InvalidInput (a NUL character), TooLong (over 64 KB) or Duplicate, within the call or
            in the pack, deleted serials included.
    """
    if not data:
        raise Required("Give at least one serial.", field="data")
    if len(data) > MAX_SERIALS_PER_CALL:
        raise TooMany(
            f"At most {MAX_SERIALS_PER_CALL:,} serials in one call; split them.", field="data"
        )
    texts = [normalised(text) for text in data]
    digests = [digest_of(text) for text in texts]
    _refuse(_complaints(texts, digests))
    limits.check_batch(pack, len(texts), field="data")
    with without_details():
        try:
            with transaction.atomic():
                writing.lock(pack)
                _refuse(_duplicates_in(pack, digests))
                limits.check_room(pack, len(texts), field="data")
                batch = batches.make_batch(pack, name=batch_name, quantity=len(texts), actor=actor)
                drafts = [Draft(data=text) for text in texts]
                writing.write(pack, batch, drafts, now=batch.created_at)
                return batch
        except IntegrityError as error:
            rivals = error
        # A generator committed the same serial for an order just before this insert.
        _refuse(_duplicates_in(pack, digests))
        raise rivals


def _complaints(texts: Sequence[str], digests: Sequence[bytes]) -> list[InvalidInput]:
    seen: dict[bytes, int] = {}
    complaints: list[InvalidInput] = []
    for index, (text, digest) in enumerate(zip(texts, digests, strict=True)):
        error = complaint(text, index=index)
        if error is None and seen.setdefault(digest, index) != index:
            error = Duplicate(
                f"This serial stands in the call twice; first at {seen[digest]}.",
                field="data",
                index=index,
            )
        if error is not None:
            complaints.append(error)
    return complaints


def _duplicates_in(pack: Pack, digests: Sequence[bytes]) -> list[InvalidInput]:
    known = writing.known(pack, digests)
    return [
        Duplicate(field="data", index=index)
        for index, digest in enumerate(digests)
        if digest in known
    ]


def _refuse(complaints: Sequence[InvalidInput]) -> None:
    if complaints:
        raise InvalidInputs(complaints[:MAX_ERRORS_PER_CALL])
