"""A map over fresh processes, in order, that Ctrl-C ends without losing what is being made; and the
output of native code within this one."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, TextIO, TypeVar

from trigger.errors import ToolError

Result = TypeVar("Result")

_AHEAD = 2  # rows for each process: one at work, one that waits for it


def map_in_order(
    function: Callable[..., Result], *columns: Iterable[Any], processes: int
) -> Iterator[Result]:
    """Yield ``function(*row)`` for each row of ``columns``, in order, so many at a time.

    Rows are drawn as they are needed, two for each process at most. An interruption lets rows that
    were begun finish, drops the others, and is raised then. With one process or one row, everything
    happens in this one.

    Raises:
        ToolError: a process died.
    """
    drawn = zip(*columns, strict=True)
    first = list(islice(drawn, 2))
    rows = chain(first, drawn)
    if processes <= 1 or len(first) <= 1:
        yield from (function(*row) for row in rows)
        return
    # fresh interpreters: a fork of one that holds TensorFlow's threads may hang
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    waiting: deque[Future[Result]] = deque()
    try:
        while True:
            with _interrupts_held():
                fresh = list(islice(rows, _AHEAD * processes - len(waiting)))
                waiting += [pool.submit(function, *row) for row in fresh]
            if not waiting:
                return
            yield waiting.popleft().result()
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


@contextmanager
def silent(stream: TextIO, descriptor: int) -> Iterator[None]:
    """Drop what native code writes to a descriptor: 1 and sys.stdout, or 2 and sys.stderr.

    C and C++ write to the file descriptor itself, so that is what is turned away; exceptions still
    come through.
    """
    stream.flush()
    kept = os.dup(descriptor)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(nowhere)
        os.close(kept)
