"""What a log may say of an error: its kind and its place, and nothing that it quotes."""

from pathlib import Path
from traceback import extract_tb

_PACKAGE = Path(__file__).parent


def described(error: BaseException) -> str:
    """Name an error's kind, and the innermost line of ours that it came through.

    Its text may quote a serial, and so may the frames of its traceback.
    """
    kind = type(error).__name__
    for frame in reversed(extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        # What takes the database's details away raises in the place of others.
        if path.is_relative_to(_PACKAGE) and path != _PACKAGE / "errors.py":
            return f"{kind} at {path.relative_to(_PACKAGE).as_posix()}:{frame.lineno}"
    return kind
