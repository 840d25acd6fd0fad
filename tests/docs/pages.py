"""Read the pages: their tables, examples, links and prose."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "saleor_serials"
README, CONTRIBUTING, CHANGELOG = "README.md", "CONTRIBUTING.md", "CHANGELOG.md"
DOCS = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [README, CONTRIBUTING, *DOCS]


@cache
def text(page: str) -> str:
    return (ROOT / page).read_text()


def everything() -> str:
    return "\n".join(map(text, PAGES))


def prose(page: str) -> str:
    """The page in one line, so that a sentence is found wherever its lines end."""
    return " ".join(text(page).split())


def section(page: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return text(page).split(f"\n## {heading}\n")[1].split("\n## ")[0]


def rows(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose first column has this name, without its head."""
    [table] = re.findall(rf"^\| {re.escape(first)} \|.*\n(?:\|.*\n?)+", text(page), re.MULTILINE)
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        for line in table.splitlines()[2:]
    ]


def names(cell: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def blocks(page: str, language: str) -> list[str]:
    """The examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)


def block(page: str, language: str, word: str) -> str:
    """The one example in a language that has a word in it."""
    [found] = [each for each in blocks(page, language) if word in each]
    return found


def links(page: str) -> list[str]:
    """The links that do not leave the repository."""
    return re.findall(r"\]\((?!http)([^)]+)\)", text(page))


def anchors(page: str) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ (.*)", text(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
