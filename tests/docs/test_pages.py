"""The pages themselves: whom they are for, how long they are, and where they lead."""

import re
from importlib import metadata

import pytest

from tests.docs import pages

READERS = ("merchants", "integrators", "operators", "authors of an extension", "developers")


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(pages.text(pages.README).splitlines()) <= 200


def test_contributing_has_at_most_100_lines() -> None:
    assert len(pages.text(pages.CONTRIBUTING).splitlines()) <= 100


@pytest.mark.parametrize("page", pages.PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    for link in pages.links(page):
        path, _, anchor = link.partition("#")
        target = (pages.ROOT / page).parent / path if path else pages.ROOT / page
        assert target.exists(), link
        if anchor:
            found = pages.anchors(target.resolve().relative_to(pages.ROOT).as_posix())
            assert anchor in found, link


def test_the_readme_leads_to_every_page() -> None:
    linked = {link.partition("#")[0] for link in pages.links(pages.README)}

    assert set(pages.DOCS) <= linked


@pytest.mark.parametrize("page", [page for page in pages.DOCS if "/decisions/" not in page])
def test_every_page_is_for_one_reader(page: str) -> None:
    [reader] = re.findall(r"^\*For (.*?)\.\*", pages.text(page), re.MULTILINE)

    assert reader in READERS


def test_the_readme_sorts_pages_by_their_reader() -> None:
    for cell, reader in pages.rows(pages.README, "page"):
        for page in re.findall(r"\((docs/[^)]+)\)", cell):
            assert f"*For {reader}.*" in pages.text(page), page


@pytest.mark.parametrize("page", [page for page in pages.DOCS if "/decisions/" in page])
def test_every_decision_has_its_four_parts(page: str) -> None:
    parts = re.findall(r"^\*\*(.*?)\.\*\*", pages.text(page), re.MULTILINE)

    assert parts == ["Context", "Decision", "Consequences", "In the code"]


def test_the_changelog_knows_the_version() -> None:
    newest, *_ = re.findall(r"^## \[?([^\s\]]+)", pages.text(pages.CHANGELOG), re.MULTILINE)

    assert newest in {"Unreleased", metadata.version("saleor-serials")}
