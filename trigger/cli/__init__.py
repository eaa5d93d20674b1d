"""The command line: one file per command, which parses, calls one function, prints, and exits.

Exit codes: 0 fine, 2 bad input, 3 budget not met or not known to be, 4 not bit-exact,
130 interrupted or terminated.
"""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED = 130
CLOSED_PIPE = 128 + 13
"""As a shell has it of programs that write to ``| head``."""


def main() -> None:
    """Run the command line; whatever ends it, the user reads one text and no traceback."""
    try:
        # a terminated run ends as an interrupted one: temporary folders go, what is finished stays
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        code = _run()
    except BaseException as error:
        from trigger.cli.ending import explain

        if isinstance(error, OSError):
            _free_standard_output()
        code, text = explain(error)
        if text:
            print(f"trigger: {text}", file=sys.stderr)
    sys.exit(code)


def _run() -> int:
    # Ctrl-C during imports leaves them in disorder; nothing has begun yet, so it just ends all
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from trigger.cli.app import app

    signal.signal(signal.SIGINT, handler)
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # what typer makes of Ctrl-C, without a word
            raise KeyboardInterrupt from leaving
        if leaving.code == 1:  # what it makes of a closed pipe
            raise BrokenPipeError from leaving
        sys.stdout.flush()
        return int(leaving.code or 0)
    return 0


def _free_standard_output() -> None:
    """Let what is still to be written go nowhere, or the interpreter complains when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
