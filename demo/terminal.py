"""The story on a terminal: chapters, letters, tables, and progress where it takes long.

Without a terminal, or with NO_COLOR set, it is plain text and nothing is overwritten.
"""

import os
import shutil
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

_WIDTH = 88
_INDENT = 4
_BAR = 24
_BOLD, _DIM, _RED, _GREEN, _CYAN = "1", "2", "31", "32", "36"


class Terminal:
    """Writes to a stream, as wide as it is, up to 88 columns."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_tty = stream.isatty()
        self._has_colours = self._is_tty and not os.environ.get("NO_COLOR")
        self._width = min(shutil.get_terminal_size((_WIDTH, 24)).columns - 1, _WIDTH)
        self._chapters = 0

    def title(self, title: str, text: str) -> None:
        """Open the story."""
        self._write()
        self._write(self._style(title, _BOLD, _CYAN))
        self._write()
        self._paragraphs(text, indent=0)
        self._write()

    def chapter(self, title: str) -> None:
        """Open the next chapter, with its number."""
        self._chapters += 1
        self.section(f"{self._chapters}  {title}")

    def section(self, title: str) -> None:
        """Open a part of its own."""
        self._write()
        self._write(self._style(title, _BOLD, _CYAN))
        self._write(self._style("─" * self._width, _DIM))

    def say(self, text: str) -> None:
        """Tell, as a paragraph."""
        self._write()
        self._paragraphs(text, indent=_INDENT)
        self._write()

    def done(self, text: str) -> None:
        """Report a step that went well, or a number that was checked."""
        self._marked("✓", text, _GREEN)

    def failed(self, text: str) -> None:
        """Report what went wrong."""
        self._marked("✗", text, _RED, _BOLD)

    def plain(self, text: str) -> None:
        """Show text as it is: a log, a command to copy."""
        for line in text.splitlines():
            self._write(f"{'':{_INDENT}}{line}")

    def gap(self) -> None:
        """Leave a line empty."""
        self._write()

    def columns(self, words: Sequence[str]) -> None:
        """Show short words beside each other, as many as fit."""
        width = max(map(len, words)) + 4
        number = max(1, (self._width - _INDENT) // width)
        for start in range(0, len(words), number):
            row = "".join(f"{word:{width}}" for word in words[start : start + number])
            self._write(f"{'':{_INDENT + 2}}{row.rstrip()}")

    def letter(self, heads: Sequence[tuple[str, str]], text: str) -> None:
        """Show an e-mail in a frame."""
        wide = max(len(name) for name, _ in heads)
        head = [f"{name:{wide}}  {value}" for name, value in heads]
        body = text.strip().splitlines()
        inner = min(max(map(len, [*head, *body])), self._width - _INDENT - 4)
        self._write()
        self._write(f"{'':{_INDENT}}┌{'─' * (inner + 2)}┐")
        self._framed(head, inner, _BOLD)
        self._write(f"{'':{_INDENT}}├{'─' * (inner + 2)}┤")
        self._framed(body, inner)
        self._write(f"{'':{_INDENT}}└{'─' * (inner + 2)}┘")
        self._write()

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show rows in columns as wide as they need."""
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]

        def line(cells: Sequence[str]) -> str:
            aligned = (f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
            return f"{'':{_INDENT + 2}}{'  '.join(aligned).rstrip()}"

        self._write(self._style(line(heads), _DIM))
        for row in rows:
            self._write(line(row))

    def heading(self, text: str) -> None:
        """Head what follows inside a chapter."""
        for line in textwrap.wrap(text, self._width - _INDENT):
            self._write(f"{'':{_INDENT}}{self._style(line, _BOLD)}")

    @contextmanager
    def step(self, text: str) -> Iterator["Step"]:
        """Show that something takes a while; report how long it took."""
        step = Step(self, text)
        step.show()
        yield step
        seconds = f"{time.monotonic() - step.started:5.1f} s"
        space = self._width - _INDENT - len(text) - len(seconds)
        self._overwrite("")
        self.done(f"{text}{'':{space}}{seconds}" if space > 0 else f"{text} {seconds}")

    def progress(self, line: str, *, is_milestone: bool = False) -> None:
        """Show a line that the next one takes the place of; without a terminal, milestones only."""
        if self._is_tty:
            self._overwrite(self._style(line[: self._width], _DIM))
        elif is_milestone:
            self._write(line)

    def _paragraphs(self, text: str, *, indent: int) -> None:
        for line in textwrap.wrap(" ".join(text.split()), self._width - indent):
            self._write(f"{'':{indent}}{line}")

    def _framed(self, lines: Sequence[str], inner: int, *styles: str) -> None:
        for line in lines:
            for part in textwrap.wrap(line, inner, subsequent_indent="  ") or [""]:
                self._write(f"{'':{_INDENT}}│ {self._style(f'{part:{inner}}', *styles)} │")

    def _marked(self, mark: str, text: str, *styles: str) -> None:
        head = f"  {self._style(mark, *styles)} "
        for paragraph in text.splitlines():
            for line in textwrap.wrap(paragraph, self._width - _INDENT, drop_whitespace=False):
                self._write(f"{head}{line.strip()}")
                head = f"{'':{_INDENT}}"

    def _style(self, text: str, *styles: str) -> str:
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m" if self._has_colours and styles else text

    def _overwrite(self, line: str) -> None:
        if self._is_tty:
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()

    def _write(self, line: str = "") -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


class Step:
    """Something that takes a while: with a bar where its length is known."""

    def __init__(self, terminal: Terminal, text: str) -> None:
        self.started = time.monotonic()
        self._terminal = terminal
        self._text = text
        self._quarters = 0

    def show(self, done: int = 0, total: int = 0) -> None:
        """Show how far it is: parts of a total, or only that time passes."""
        seconds = f"{time.monotonic() - self.started:.0f} s"
        if not total:
            self._terminal.progress(f"  … {self._text}  {seconds}")
            return
        filled = _BAR * done // total
        bar = f"{'━' * filled}{'╌' * (_BAR - filled)}"
        quarters = 4 * done // total
        self._terminal.progress(
            f"  … {self._text}  {bar} {done}/{total}  {seconds}",
            is_milestone=self._quarters < quarters < 4,
        )
        self._quarters = quarters
