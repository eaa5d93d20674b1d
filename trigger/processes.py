"""Maps over fresh processes: in order, where Ctrl-C loses nothing of what is being made, or each
row when it is done, where rows keep what they have; and the output of native code within this one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TextIO, TypeVar

from trigger.errors import ToolError

Result = TypeVar("Result")

_AHEAD = 2  # rows for each process: one at work, one that waits for it
LOSSES = 3
"""Processes that a row may lose before it is given up."""


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
        raise _lost() from error
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(eq=False)
class _Worker:
    """A process that works on one row after the other."""

    process: BaseProcess
    pipe: Connection
    row: tuple[Any, ...] = ()
    losses: int = 0
    """Processes that this row has cost before."""

    def give(self, row: tuple[Any, ...], losses: int) -> None:
        self.row, self.losses = row, losses
        self.pipe.send(row)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def map_as_done(
    function: Callable[..., Result], *columns: Iterable[Any], processes: int
) -> Iterator[Result]:
    """Yield ``function(*row)`` for each row of ``columns``, whichever is done first.

    A process that dies costs what it has done of its row, which another one begins again. An
    interruption ends rows where they are. With one process or one row, everything happens in this
    one.

    Raises:
        ToolError: a row cost several processes.
    """
    rows = deque((row, 0) for row in zip(*columns, strict=True))
    if processes <= 1 or len(rows) <= 1:
        yield from (function(*row) for row, _ in rows)
        return
    idle: list[_Worker] = []
    busy: dict[Connection, _Worker] = {}
    try:
        while rows or busy:
            while rows and len(busy) < processes:
                worker = idle.pop() if idle else _start(function)
                busy[worker.pipe] = worker
                worker.give(*rows.popleft())
            for pipe in [each for each in wait(list(busy)) if isinstance(each, Connection)]:
                worker = busy[pipe]
                try:
                    well, result = pipe.recv()
                except (EOFError, OSError) as error:
                    if worker.losses + 1 == LOSSES:
                        raise _lost() from error
                    rows.appendleft((worker.row, worker.losses + 1))
                    busy.pop(pipe).end()
                    continue
                idle.append(busy.pop(pipe))
                if not well:
                    raise result
                yield result
    finally:
        for worker in [*idle, *busy.values()]:
            worker.end()


def _start(function: Callable[..., Any]) -> _Worker:
    # fresh interpreters: a fork of one that holds TensorFlow's threads may hang
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, function), daemon=True)
    with _interrupts_held():
        process.start()
    theirs.close()  # so that its end shows as the end of what it says
    return _Worker(process, ours)


def _serve(pipe: Connection, function: Callable[..., Any]) -> None:
    """Answer rows until nobody asks any more."""
    while True:
        try:
            row = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((True, function(*row)))
        except Exception as error:
            error.add_note(traceback.format_exc())  # which does not cross by itself
            pipe.send((False, error))


def _lost() -> ToolError:
    return ToolError(
        "a worker process ended before its work was done",
        where="processes",
        remedy="see whether memory ran out; the same command goes on from what is finished",
    )


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
