"""`make demo` tells the story of an order; `make serve` then keeps the shop open.

Ends with status 0 if everything was as it should be and with 1 if not; with 2 if there is nowhere
to tell it, and with 130 if it is interrupted.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import traceback
from io import TextIOWrapper
from pathlib import Path

from demo import scenario
from demo.api import RefusedError
from demo.assertions import WrongNumberError
from demo.serve import keep_open
from demo.services import stage
from demo.services.postgres import ServerError
from demo.services.processes import ProcessError, free_port, tail
from demo.terminal import Terminal
from saleor_serials.host import installed_version

_EXPECTED = (WrongNumberError, RefusedError, ProcessError, ServerError)
_WENT_WRONG, _UNFIT, _INTERRUPTED = 1, 2, 130
_KEPT_IN = Path(__file__).resolve().parents[1] / ".demo"  # a folder for each Saleor
_PORT = 8000


def main() -> int:
    arguments = _arguments()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # where it cannot write a ✓
    terminal = Terminal(sys.stdout)
    terminal.title(
        "saleor-serials: the story of an order",
        "A shop opens on this machine and sells activation codes: a real Saleor with PostgreSQL, "
        "a Celery worker and a mail server, used over HTTP as storefronts use it. Each ✓ is a "
        "step that was checked; the first one that goes wrong ends the story.",
    )
    if arguments.serve:
        kept = _KEPT_IN / ".".join(installed_version().split(".")[:2])
        kept.mkdir(parents=True, exist_ok=True)
        return _run(terminal, kept, port=free_port(preferred=arguments.port), serve=True)
    folder = Path(tempfile.mkdtemp(prefix="saleor-serials-"))
    folder.chmod(0o755)  # PostgreSQL may run as somebody else
    status = _run(terminal, folder, port=free_port(), serve=False)
    if status != _WENT_WRONG:
        shutil.rmtree(folder)
    return status


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="keep the shop open, in .demo/")
    parser.add_argument(
        "--port", type=int, default=_PORT, help="where it answers, or the next free port"
    )
    return parser.parse_args()


def _run(terminal: Terminal, folder: Path, *, port: int, serve: bool) -> int:
    log = stage.log_of(folder)
    was_there = (folder / "postgres").exists()
    is_told = False
    try:
        with stage.set_up(terminal, folder=folder, port=port) as running:
            if running.is_new:
                scenario.tell(terminal, running)
                stage.remember_told(running)
            elif not serve:
                raise stage.UnfitDatabaseError(
                    "The story was told in this database already: `make serve` opens its shop."
                )
            is_told = True
            if serve:
                keep_open(terminal, running)
    except KeyboardInterrupt:
        terminal.gap()
        terminal.done("Everything is stopped")
        return 0 if is_told and serve else _INTERRUPTED
    except stage.UnfitDatabaseError as error:
        terminal.gap()
        terminal.failed(str(error))
        return _UNFIT
    except Exception as error:
        terminal.gap()
        if lines := tail(log):
            terminal.heading(f"The end of {log}")
            terminal.plain(lines)
            terminal.gap()
        if not isinstance(error, _EXPECTED):
            traceback.print_exc()
        terminal.failed(str(error))
        return _WENT_WRONG
    finally:
        if not (is_told or was_there):
            shutil.rmtree(folder / "postgres", ignore_errors=True)
    terminal.say("`make serve` keeps such a shop open, to try it by hand.")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops everything, as Ctrl-C does
    sys.exit(main())
