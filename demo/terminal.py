"""The story on a terminal: chapters, letters, tables, and progress where it takes long.

Without a terminal it is plain text and nothing is overwritten; NO_COLOR switches colours off.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from rich import box
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_WIDTH = 88
_INDENT = 4
_BAR = 24


class Terminal:
    """Writes to a stream, as wide as it is, up to 88 columns."""

    def __init__(self, stream: TextIO) -> None:
        has_colours = stream.isatty() and not os.environ.get("NO_COLOR")
        self._console = Console(
            file=stream,
            width=min(shutil.get_terminal_size((_WIDTH, 24)).columns - 1, _WIDTH),
            force_terminal=stream.isatty(),
            color_system="standard" if has_colours else None,
            markup=False,
            emoji=False,
            highlight=False,
        )
        self._chapters = 0

    def title(self, title: str, text: str) -> None:
        """Open the story."""
        self.gap()
        self._wrapped(title, style="bold cyan")
        self.gap()
        self._wrapped(" ".join(text.split()))
        self.gap()

    def chapter(self, title: str) -> None:
        """Open the next chapter, with its number."""
        self._chapters += 1
        self.section(f"{self._chapters}  {title}")

    def section(self, title: str) -> None:
        """Open a part of its own."""
        self.gap()
        self._wrapped(title, style="bold cyan")
        self._console.rule(style="dim")

    def say(self, text: str) -> None:
        """Tell, as a paragraph."""
        self.gap()
        self._wrapped(" ".join(text.split()), indent=_INDENT)
        self.gap()

    def done(self, text: str) -> None:
        """Report a step that went well, or a number that was checked."""
        self._marked(Text("✓", "green"), text)

    def failed(self, text: str) -> None:
        """Report what went wrong."""
        self._marked(Text("✗", "bold red"), text)

    def plain(self, text: str) -> None:
        """Show text as it is: a log, a command to copy."""
        for line in text.splitlines():
            self._console.print(f"{'':{_INDENT}}{line}", soft_wrap=True)

    def gap(self) -> None:
        """Leave a line empty."""
        self._console.print()

    def columns(self, words: Sequence[str]) -> None:
        """Show short words beside each other, as many as fit."""
        self._indented(Columns(words, equal=True, padding=(0, 4)), by=_INDENT + 2)

    def letter(self, heads: Sequence[tuple[str, str]], text: str) -> None:
        """Show an e-mail in a frame."""
        wide = max(len(name) for name, _ in heads)
        frame = Table(box=box.SQUARE, header_style="bold")
        frame.add_column("\n".join(f"{name:{wide}}  {value}" for name, value in heads))
        frame.add_row(text.strip())
        self.gap()
        self._indented(frame, by=_INDENT)
        self.gap()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows in columns as wide as they need."""
        table = Table(*heads, box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*row)
        self._indented(table, by=_INDENT + 2)

    def heading(self, text: str) -> None:
        """Head what follows inside a chapter."""
        self._wrapped(text, indent=_INDENT, style="bold")

    @contextmanager
    def step(self, text: str) -> Iterator["Step"]:
        """Show that something takes a while; report how long it took."""
        elapsed = TimeElapsedColumn()
        columns = TextColumn("  … {task.description}"), BarColumn(bar_width=_BAR), elapsed
        with Progress(
            *columns,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            step = Step(self, progress, text)
            yield step
        seconds = f"{step.seconds:5.1f} s"
        space = self._console.width - _INDENT - len(text) - len(seconds)
        self.done(f"{text}{'':{space}}{seconds}" if space > 0 else f"{text} {seconds}")

    def _wrapped(
        self, text: str, *, indent: int = 0, style: str = "", head: Text | None = None
    ) -> None:
        """Write a text in lines; ``head`` stands in the indentation of the first."""
        for line in Text(text, style).wrap(self._console, self._console.width - indent):
            line.rstrip()
            self._console.print((head or Text(" " * indent)) + line)
            head = None

    def _marked(self, mark: Text, text: str) -> None:
        for paragraph in text.splitlines():
            head = Text("  ") + mark + " " if mark else None
            self._wrapped(paragraph, indent=_INDENT, head=head)
            mark = Text()

    def _indented(self, renderable: RenderableType, *, by: int) -> None:
        self._console.print(Padding(renderable, (0, 0, 0, by), expand=False))


class Step:
    """Something that takes a while: with a bar where its length is known."""

    def __init__(self, terminal: Terminal, progress: Progress, text: str) -> None:
        self._terminal = terminal
        self._progress = progress
        self._text = text
        self._task = progress.add_task(text, total=None)
        self._quarters = 0

    @property
    def seconds(self) -> float:
        return self._progress.tasks[0].elapsed or 0.0

    def show(self, done: int = 0, total: int = 0) -> None:
        """Show how far it is: parts of a total, or only that time passes.

        Without a terminal, a line for each quarter.
        """
        if not total:
            return
        self._progress.update(
            self._task,
            completed=done,
            total=total,
            description=f"{self._text}  {done}/{total}",
        )
        quarters = 4 * done // total
        if self._progress.disable and self._quarters < quarters < 4:
            self._terminal.plain(f"… {self._text}  {done}/{total}  {self.seconds:.0f} s")
        self._quarters = quarters
