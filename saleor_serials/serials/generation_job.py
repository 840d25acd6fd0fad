"""Fill a pack with serials from its generator, as a job."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from saleor_serials.errors import InvalidInput, NotFound, OutOfRange
from saleor_serials.jobs import typed_json, work
from saleor_serials.models import Job, JobKind, Pack, PackType
from saleor_serials.serials import batches, generation, limits, writing

# Up to this many are generated inside the request.
AT_ONCE = 1_000
MAX_QUANTITY = 10_000_000
_CHUNK = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class GenerationInput:
    """What a generation is told; the quantity is the job's total."""

    batch_name: str | None


def start(pack: Pack, quantity: int, *, actor: str, batch_name: str | None = None) -> Job:
    """Make a job that generates so many serials, as one batch.

    Raises:
        OutOfRange: not 1 to 10,000,000.
        InvalidInput: the pack has no generator, or one whose settings do not serve.
        NotEnough: the generator cannot make so many that the pack never had.
        LimitReached: the pack or the batch cannot take so many.
        InvalidInput, TooLong: the batch cannot have this name.
    """
    if not 1 <= quantity <= MAX_QUANTITY:
        raise OutOfRange(
            f"Generate 1 to {MAX_QUANTITY:,} serials at once; {quantity} is outside.",
            field="quantity",
        )
    generation.check_fits(pack, quantity)
    batches.batch_name(batch_name, now=timezone.now())
    limits.check_batch(pack, quantity, field="quantity")
    limits.check_room(pack, quantity, field="quantity")
    return work.create(
        JobKind.GENERATE,
        pack=pack,
        actor=actor,
        total=quantity,
        input=GenerationInput(batch_name=batch_name),
    )


def start_batch(pack: Pack, quantity: int, *, actor: str, name: str | None = None) -> Job:
    """Make a job that generates a named batch, for a pack of the type ``batch``.

    Raises:
        InvalidInput: the pack is of another type; else as ``start``.
    """
    if pack.type != PackType.BATCH:
        raise InvalidInput(
            "This pack is not made in batches; change its type, or use serialsGenerate.",
            field="pack",
        )
    return start(pack, quantity, actor=actor, batch_name=name)


def generate(job: Job) -> Iterator[work.Step]:
    """Generate what is left of a job's serials, a chunk at a time."""
    input = typed_json.load(GenerationInput, job.input)
    while job.done < job.total:
        quantity = min(_CHUNK, job.total - job.done)
        with work.chunk(job):
            # Staff may have changed the pack's rules since the last chunk.
            pack = Pack.objects.filter(pk=job.pack_id).first()
            if pack is None:
                raise NotFound("The pack is gone.", field="pack")
            writing.lock(pack)
            limits.check_room(pack, quantity, field="quantity")
            if job.batch is None:
                job.batch = batches.begin_batch(
                    pack, name=input.batch_name, quantity=job.total, actor=job.actor
                )
            now = timezone.now()
            writing.write(pack, job.batch, generation.draw(pack, quantity, now=now), now=now)
            batches.grow_batch(job.batch.pk, quantity)
            job.done += quantity
        yield work.Step(job=job, filled=frozenset({pack.pk}))
