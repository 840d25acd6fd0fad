"""How fast a pack is filled, beside a bare COPY of the same rows into the same table.

Each measurement begins with an empty table, in a process of its own, so that its memory shows.
"""

import os
import resource
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import batched
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, connections, transaction
from django.utils import timezone

from demo.services import postgres
from saleor_serials.access.packs import EVERYTHING
from saleor_serials.host import host
from saleor_serials.import_export import serials_import
from saleor_serials.import_export.upload import ImportFile
from saleor_serials.maintenance import job_kinds
from saleor_serials.models import Batch, Job, JobStatus, Pack
from saleor_serials.serials import generation_job, writing
from saleor_serials.serials.writing import Draft
from tests import database, making

_GROUPS, _LENGTH = 4, 5
# What the imported file holds, so that the rows are of one kind.
_PATTERN = "*{5}-*{5}-*{5}-*{5}"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class NotMade(AssertionError):
    """What was to be measured did not take place."""


def _code() -> str:
    # 32 letters: each byte gives one, all as likely.
    letters = [_ALPHABET[byte & 31] for byte in secrets.token_bytes(_GROUPS * _LENGTH)]
    return "-".join("".join(group) for group in batched(letters, _LENGTH))


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How many serials are made, and how often each way."""

    serials: int
    rounds: int


FULL = Scale(serials=1_000_000, rounds=2)
QUICK = Scale(serials=10_000, rounds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lap:
    """Seconds of one filling, and the megabytes by which the process grew."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """All laps of each way; those of one round stand at the same place."""

    scale: Scale
    copy: list[Lap]
    imports: list[Lap]
    generations: list[Lap]


def run(scale: Scale) -> Results:
    """Make a database, fill packs in it, and drop it."""
    with ExitStack() as stack:
        stack.enter_context(
            database.cloned(stack.enter_context(postgres.database_url(durable=False)))
        )
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sheet, rows = folder / "serials.csv", folder / "rows"
        pack = making.make_pack(generator="random", generator_settings={"pattern": _PATTERN})
        _write(sheet, rows, pack, scale.serials)
        ways: dict[str, Callable[[], None]] = {
            "copy": lambda: _copy(rows),
            "imports": lambda: _import(sheet, pack),
            "generations": lambda: _generate(pack, scale.serials),
        }
        laps: dict[str, list[Lap]] = {way: [] for way in ways}
        for number in range(scale.rounds):
            for way, act in ways.items():
                _say(f"round {number + 1} of {scale.rounds}: {way}")
                _empty()
                laps[way].append(_measured(act))
                if pack.serials.count() != scale.serials:
                    raise NotMade(f"{way} made {pack.serials.count():,} serials")
        return Results(scale=scale, **laps)


def _say(doing: str) -> None:
    print(doing, file=sys.stderr, flush=True)


def _write(sheet: Path, rows: Path, pack: Pack, serials: int) -> None:
    """Write the file to import, and the same serials as COPY takes them, of a batch as well."""
    _say(f"writing {serials:,} serials into files")
    batch = Batch.objects.create(pack=pack, name="All", quantity=serials)
    with sheet.open("w") as text, rows.open("wb") as copy:
        text.write("data\n")
        for numbers in batched(range(serials), 10_000):
            codes = [_code() for _ in numbers]
            text.writelines(f"{code}\n" for code in codes)
            drafts = [Draft(data=code) for code in codes]
            for block in writing._lines(pack, batch, drafts, now=timezone.now()):
                copy.write(block)


def _copy(rows: Path) -> None:
    with rows.open("rb") as file, transaction.atomic():
        host.copy_rows(writing._COPY, iter(lambda: file.read(1_000_000), b""))


def _import(sheet: Path, pack: Pack) -> None:
    with sheet.open("rb") as file:
        job = serials_import.start(
            ImportFile(file=file, name=sheet.name),
            pack=pack,
            actor="system",
            access=EVERYTHING,
            sees_holders=True,
        )
    _run(job)


def _generate(pack: Pack, serials: int) -> None:
    _run(generation_job.start(pack, serials, actor="system"))


def _run(job: Job) -> None:
    for _ in job_kinds.run_job(job.pk):
        pass
    job.refresh_from_db()
    if job.status != JobStatus.DONE:
        raise NotMade(f"{job.kind}: {job.status}, {job.problems}")


def _empty() -> None:
    with connection.cursor() as cursor:
        # Nothing refers to serials but their history.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE saleor_serials_serial, saleor_serials_countchange")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("CHECKPOINT")


def _measured(act: Callable[[], None]) -> Lap:
    """Do it in a forked process, which has imported what it needs."""
    connections.close_all()
    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_timed, args=(act, theirs))
    process.start()
    theirs.close()
    try:
        lap: Lap = ours.recv()
    except EOFError:
        raise NotMade("The process died") from None
    finally:
        process.join()
    return lap


def _timed(act: Callable[[], None], pipe: Any) -> None:
    connection.ensure_connection()
    before = _peak()
    start = time.perf_counter()
    act()
    pipe.send(Lap(seconds=time.perf_counter() - start, megabytes=_peak() - before))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def render(results: Results) -> str:
    """The figures as plain text, the floor before what stands on it."""
    rows = [
        f"{results.scale.serials:,} serials into an empty table, "
        f"{results.scale.rounds} rounds, {os.cpu_count()} cores",
        "{:<22}{:>10}{:>12}{:>10}{:>10}".format("", "s", "serials/s", "of COPY", "MB more"),
    ]
    for title, laps in (
        ("bare COPY (the floor)", results.copy),
        ("import of a CSV", results.imports),
        ("generation", results.generations),
    ):
        seconds = median(lap.seconds for lap in laps)
        ratio = median(
            floor.seconds / lap.seconds for floor, lap in zip(results.copy, laps, strict=True)
        )
        memory = max(lap.megabytes for lap in laps)
        rows.append(
            f"{title:<22}{seconds:>10.1f}{results.scale.serials / seconds:>12,.0f}"
            f"{ratio:>10.2f}{memory:>10.0f}"
        )
    return "\n".join(rows)
