"""The table of mutations fits the code as it stands."""

import shlex
from collections import Counter
from pathlib import Path

import pytest

import saleor_serials
from tests.mutants.table import MUTATIONS, Mutation

PACKAGE = Path(saleor_serials.__file__).parent
ROOT = PACKAGE.parent


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_has_its_place_and_its_tests(mutation: Mutation) -> None:
    source = (PACKAGE / mutation.file).read_text()

    assert source.count(mutation.text) == 1
    compile(source.replace(mutation.text, mutation.mutant), mutation.file, "exec")
    paths = [word for word in shlex.split(mutation.near) if word.startswith("tests/")]
    assert [path for path in paths if not (ROOT / path).is_file()] == []
    assert paths


def test_every_mutation_has_a_name_of_its_own() -> None:
    names = Counter(mutation.name for mutation in MUTATIONS)

    assert [name for name, times in names.items() if times > 1] == []
