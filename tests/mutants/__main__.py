"""Break each load-bearing line in turn, and demand that a test near it fails: ``make mutants``.

It happens in a copy of the working tree, on one server for all. Arguments choose mutations by parts
of their names. Ends with 1 where a mutant survives, or where what killed it fails without it, too.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from demo.services import postgres
from tests.mutants.table import MUTATIONS, Mutation

ROOT = Path(__file__).parents[2]
# A mutant that makes its tests wait for ever is as good as dead.
_MOST_SECONDS = 900
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::\S.*?)(?: - .*)?$", re.MULTILINE)


def main(names: Sequence[str]) -> int:
    """Run the mutations with one of these in their name, all if there is none; return 0 or 1."""
    chosen = [each for each in MUTATIONS if not names or any(name in each.name for name in names)]
    width = max((len(each.name) for each in chosen), default=0)
    killers: dict[str, None] = {}
    survivors = 0
    with TemporaryDirectory() as folder, postgres.database_url(durable=False) as url:
        # With the folder's own name, the kept database of its tests serves here, too.
        copy = Path(folder) / ROOT.name
        _copy_working_tree(copy)
        for number, mutation in enumerate(chosen, 1):
            with _applied(mutation, copy):
                killer = _first_failure(shlex.split(mutation.near), copy, url)
            if killer.startswith("tests/"):
                killers[killer] = None
            survivors += not killer
            said = killer or "SURVIVES"
            print(f"{number:2}/{len(chosen)} {mutation.name:{width}} → {said}", flush=True)
        # What fails without a mutant has killed none.
        false_alarm = _first_failure([*killers], copy, url) if killers else ""
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants were killed.")
    if false_alarm:
        print(f"This fails without any mutant, too: {false_alarm}")
    return int(bool(survivors or false_alarm or not chosen))


def _copy_working_tree(folder: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@contextmanager
def _applied(mutation: Mutation, folder: Path) -> Iterator[None]:
    path = folder / "saleor_serials" / mutation.file
    source = path.read_text()
    if source.count(mutation.text) != 1:
        raise SystemExit(f"{mutation.name}: its text does not stand once in {mutation.file}.")
    try:
        _write(path, source.replace(mutation.text, mutation.mutant))
        yield
    finally:
        _write(path, source)


def _write(path: Path, source: str) -> None:
    path.write_text(source)
    # It is told from the file by its size and second of change, which may be the same.
    Path(cache_from_source(str(path))).unlink(missing_ok=True)


def _first_failure(tests: Sequence[str], folder: Path, url: str) -> str:
    """Run tests until one fails, and name it; empty where all pass.

    Raises:
        SystemExit: the tests could not be run.
    """
    command = [sys.executable, "-m", "pytest", "--exitfirst", "--quiet", "--no-header", "--tb=no"]
    command += ["-p", "no:cacheprovider", "--show-capture=no", "-rfE", *tests]
    environment = os.environ | {"DATABASE_URL": url, "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            timeout=_MOST_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"nothing: not over after {_MOST_SECONDS} seconds"
    if done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return ""
    failed = _FAILED.search(done.stdout)
    if done.returncode != pytest.ExitCode.TESTS_FAILED or failed is None:
        raise SystemExit(f"{shlex.join(command)}\n{done.stdout}{done.stderr}")
    return failed[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
