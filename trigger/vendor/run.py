"""Run a vendor tool: its log is kept, its progress told, and it never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trigger.errors import ToolError
from trigger.files import cannot_write
from trigger.vendor.logs import explain, phase_of
from trigger.vendor.tools import STEP_WORDS, Command, Step

GRACE_S = 10.0
"""Time for a tool to end by itself after it was asked to."""


def run_step(
    step: Step, command: Command, project: Path, log: Path, progress: Callable[[str], None]
) -> float:
    """Run one step in a project's folder and return the seconds that it took.

    Everything that the tool writes goes to ``log``. When we are interrupted, the tool and all that
    it started are ended too.

    Args:
        progress: hears of each phase, as `phase_of` words it.

    Raises:
        ToolError: it failed, with the reason as far as the log tells it.
        OutputError: the log cannot be written.
    """
    begun = time.monotonic()
    lines: list[str] = []
    try:
        stream = log.open("w", encoding="utf-8")
    except OSError as error:
        raise cannot_write(log, error) from error
    with stream:
        stream.write(" ".join(command.words) + "\n")
        try:
            process = subprocess.Popen(
                command.words,
                cwd=project,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # one group, so that all of it can be ended
            )
        except OSError as error:
            raise ToolError(
                f"{command.program} cannot be started: {error}", where=STEP_WORDS[step]
            ) from error
        try:
            assert process.stdout is not None
            for line in process.stdout:
                stream.write(line)
                stream.flush()
                lines.append(line.rstrip("\n"))
                phase = phase_of(line)
                if phase is not None:
                    progress(phase)
            code = process.wait()
        finally:
            _end(process)
    if code:
        failure = explain(lines, code)
        # the first line of the log is the command
        where = f"{log}, line {failure.line + 1}" if failure.line else str(log)
        raise ToolError(
            f"{STEP_WORDS[step]} with {command.program} failed: {failure.problem}",
            where=where,
            remedy=failure.remedy,
        )
    return time.monotonic() - begun


def _end(process: subprocess.Popen[str]) -> None:
    """End the process group: politely, and after a while for certain."""
    for number, patience in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            if not _lives(process.pid):
                break
    if process.stdout is not None:
        process.stdout.close()


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
