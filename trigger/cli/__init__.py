"""The command line: one file per command, which parses, calls one function, prints, and exits.

Exit codes: 0 fine, 2 bad input, 3 budget not met or not known to be, 4 not bit-exact,
130 interrupted or terminated.
"""

from __future__ import annotations

import sys

import typer

from trigger.cli import (
    adopt,
    check,
    compile_,
    csim,
    data,
    doctor,
    emulate,
    estimate,
    golden,
    ranges,
    report,
    run,
    train,
)
from trigger.errors import TriggerError

INTERRUPTED = 130

app = typer.Typer(
    name="trigger",
    help="From event images to Level-1 trigger firmware, with a bit-exact emulator and a verdict.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    run.run,
    adopt.adopt,
    compile_.compile,
    train.train,
    emulate.emulate,
    csim.csim,
    ranges.ranges,
    estimate.estimate,
    check.check,
    report.report,
    doctor.doctor,
):
    app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(golden.app, name="golden")


def main() -> None:
    """Run the command line; a library error becomes one text on stderr and an exit code."""
    try:
        app()
    except TriggerError as error:
        print(f"trigger: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # what typer makes of Ctrl-C, without a word
            print(
                "trigger: interrupted; what was finished is kept, the same command goes on",
                file=sys.stderr,
            )
        raise
