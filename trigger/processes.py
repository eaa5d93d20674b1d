"""A map over fresh processes, in order, that Ctrl-C ends without losing what is being made."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from trigger.errors import ToolError

Result = TypeVar("Result")


def map_in_order(
    function: Callable[..., Result], *columns: Iterable[Any], processes: int
) -> Iterator[Result]:
    """Yield ``function(*row)`` for each row of ``columns``, in order, so many at a time.

    An interruption lets rows that were begun finish, drops the others, and is raised then. With
    one process or one row, everything happens in this one.

    Raises:
        ToolError: a process died.
    """
    rows = list(zip(*columns, strict=True))
    processes = min(processes, len(rows))
    if processes <= 1:
        yield from (function(*row) for row in rows)
        return
    # fresh interpreters: a fork of one that holds TensorFlow's threads may hang
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    try:
        with _interrupts_held():
            waiting = [pool.submit(function, *row) for row in rows][::-1]
        while waiting:
            yield waiting.pop().result()  # popped: a result lives no longer than its reader needs
    except BrokenProcessPool as error:
        raise ToolError(
            "a worker process ended before its work was done",
            where="processes",
            remedy="see whether memory ran out; the same command goes on from what is finished",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold back Ctrl-C; processes started within never get it, for they inherit the mask."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
